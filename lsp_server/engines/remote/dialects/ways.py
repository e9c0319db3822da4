"""What is peculiar to a kind of endpoint: all that a dialect's file says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lsp_server.engines.remote.address import Address
from lsp_server.engines.remote.dialects import shapes
from lsp_server.engines.remote.dialects.shapes import Shape

Mode = Literal["native_suffix", "infill", "markers", "none"]
"""How an endpoint fills gaps: it is told what follows the gap and puts the prompt together itself,
by OpenAI's `suffix` or by llama-server's `/infill`; it goes on from a prompt that has the markers
of its model in it; or it doesn't."""

MODELS = "{v1}/models"
"""Where OpenAI lists models."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a kind of endpoint differs from OpenAI's format, which the defaults are.

    In addresses, `{root}` and `{v1}` are the bases of `Address`.
    """

    name: str
    """As in the settings' `dialect`."""
    modes: tuple[Mode, ...]
    """To be tried in this order."""
    completions: str = "{v1}/completions"
    chats: str = "{v1}/chat/completions"
    models: str = MODELS
    facts: str = ""
    """Where it tells of its one model beside that, if anywhere."""
    drops: str = ""
    """An end of the user's address that is no part of `{root}`."""
    shape: Shape = shapes.OPENAI
    """Of completions."""
    hosts: tuple[str, ...] = ()
    """Ends of the names of hosts that are certainly of this kind."""
    owner: str = ""
    """What stands under `owned_by` in its list of models."""
    seed: str = "seed"
    """Name of the field, in chats; empty: there is none."""
    asks_usage: bool = True
    """It tells what a stream has cost only if it is asked to."""
    thinks: bool = False
    """Its models think unless they are told not to."""
    thinks_with_tools: bool = True
    thinking: Callable[[int], Mapping[str, object]] | None = None
    """Fields of a chat that allow so many tokens of thought, or none; None: there is no way to."""
    counts_thoughts: bool = True
    """They count among `max_tokens`."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """What every completion and chat is sent with."""
    context_tokens: int = 0
    """What it keeps unless it is started with another size, where it doesn't tell; 0: unknown."""
    takes_grammar: bool = False
    """See `ChatInfo`."""
    calls_tools: bool = True
    """It tells calls of tools apart from the text."""
    refuses_silently: bool = False
    """A stream that it would refuse ends without a word."""
    interrupts: bool = False
    """It ends a stream, without a reason, when another request comes."""

    def url(self, address: Address, pattern: str) -> str:
        """Fill one of the patterns above."""
        return pattern.format(root=address.root.removesuffix(self.drops), v1=address.v1)

    def is_at(self, host: str) -> bool:
        """Whether a host, given with or without its port, is certainly of this kind."""
        name = host.partition(":")[0].lower()
        return any(name == known or name.endswith(f".{known}") for known in self.hosts)


def template_switch(tokens: int) -> Mapping[str, object]:
    """For servers that hand this on to the model's own template, as that of Qwen3 has it."""
    return {} if tokens else {"chat_template_kwargs": {"enable_thinking": False}}
