"""The chat half of the engine protocol: messages there, text and calls of tools back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lsp_server.engines.base import Delta, Finished, Priority
from lsp_server.errors import UsageError


@dataclass(frozen=True, slots=True)
class NativeCall:
    """A call of a tool that the endpoint itself has told apart from the text, whole."""

    name: str
    arguments: str
    """JSON as the model wrote it: it may be malformed."""
    id: str = ""
    """How the tool's answer refers to it; empty where endpoints go by the order."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat. Its content never becomes a control token."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[NativeCall, ...] = ()
    """Of an assistant with native tools: what it called."""
    call: NativeCall | None = None
    """Of a tool with native calls: which of them this answers."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """The messages so far; the engine writes the assistant's next one.

    What changes should stand last: an engine evaluates anew only what follows the first change.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    """Fewer are written where the context is full: the stream then ends with `length`."""
    temperature: float = 0.0
    """0 always takes the likeliest token; above, tokens are sampled (top-p 0.95)."""
    seed: int = 0
    """Another one samples another answer."""
    stop: tuple[str, ...] = ()
    """Texts of which the first one written ends the answer; it is not part of it."""
    grammar: str = ""
    """GBNF with the rule `root`, which the answer keeps to; see `ChatInfo.takes_grammar`."""
    begun: str = ""
    """What the answer begins with, not told again; see `ChatInfo.takes_begun`. Ends best where a
    word does: the model goes on as if it had written these tokens itself."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """As OpenAI describes tools; see `ChatInfo.native_tools`."""
    priority: Priority = Priority.CHAT


@dataclass(frozen=True, slots=True)
class Thought:
    """The next piece of a model's reasoning, from an endpoint that tells it apart."""

    text: str


ChatEvent: TypeAlias = Delta | Thought | NativeCall | Finished


@dataclass(frozen=True, slots=True)
class ChatInfo:
    """How an engine chats. A request that asks for more than this raises UsageError."""

    model: str
    context_tokens: int
    """Room for prompt and answer together."""
    takes_grammar: bool = False
    takes_begun: bool = False
    native_tools: bool = False

    def check(self, request: ChatRequest) -> None:
        """Raise UsageError if the request asks for what this engine can't do."""
        native = request.tools or any(m.calls or m.call for m in request.messages)
        for name, asked, able in (
            ("a grammar", request.grammar, self.takes_grammar),
            ("a beginning of its answer", request.begun, self.takes_begun),
            ("native tools", native, self.native_tools),
        ):
            if asked and not able:
                raise UsageError(
                    f"{self.model} can't be given {name}; use another engine for that."
                )
