"""The engine protocol: what completion asks of a model, wherever the model runs.

`chat` has its other half, what the agent asks.

An engine turns a prefix and a suffix into a stream of text. It knows markers, tokens and sampling;
it knows nothing of files, syntax or where a suggestion should end.

    async with aclosing(engine.infill(request)) as events:
        async for event in events: ...

Closing the iterator early cancels the request: a local engine is free again after the slice or
token it is working on, a remote one has its connection closed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal, Protocol

from lsp_server.core.fim import Snippet
from lsp_server.core.tokens import Counter
from lsp_server.errors import FimbleError

MAX_NAMES = 500
"""How many of a request's names are taken, the first ones; those beyond it are never written."""


class Priority(IntEnum):
    """Who goes first when several requests wait. A lower one yields between slices and tokens."""

    TYPING = 0
    SPECULATION = 1
    CHAT = 2
    IDLE = 3


@dataclass(frozen=True, slots=True)
class InfillRequest:
    """Text around a gap; the engine writes what belongs there. Decoding is greedy.

    `middle` is what stands in the gap already: it goes where the model's own words go, behind the
    markers, so that prefix and suffix can stay as they are while the user types. The answer goes on
    from its last character, which may be in the middle of a word.
    """

    prefix: str
    suffix: str
    max_tokens: int = 128
    """0: only get ready for this prompt; the stream is then a `Finished` alone."""
    priority: Priority = Priority.TYPING
    middle: str = ""
    context: tuple[Snippet, ...] = ()
    """Pieces of other files; left out by engines whose model knows no separators of files."""
    path: str = ""
    """Of the file with the gap, as those of `context`."""
    names: tuple[str, ...] = ()
    """If there are any, the answer begins with one of them, whole: no word character follows it
    (these are ASCII letters, digits, `_`, and all beyond ASCII). What comes then is free again.
    Behind half a name these are the rests of names, one of which may be empty. Only `max_tokens`
    can end an answer within a name. Log-probabilities within it are those among the tokens that
    were allowed. For engines that choose names; see `EngineInfo`."""
    choice: int = 0
    """0 asks for the greedy answer; n for one that begins with the n-th next likely token, among
    those that are allowed and end nothing, and is greedy from there. It is empty if there are not
    so many. Remote engines, which can't do that, sample with n as the seed."""


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of text: whole code points, from one or more tokens."""

    text: str
    logprobs: tuple[float, ...] = ()
    """Natural-log probability of each token in it; empty where the engine does not tell."""
    evaluated_tokens: int = 0
    """In a stream's first: prompt tokens evaluated before it, where the engine tells so early."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a request cost. Counts are tokens, times are seconds."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    """Part of the prompt that was already evaluated."""
    generated_tokens: int = 0
    prompt_seconds: float = 0.0
    generate_seconds: float = 0.0
    evaluated_tokens: int = 0
    """Prompt tokens evaluated while it ran. Unlike `prompt_tokens` less `reused_tokens`, it counts
    none that a cancelled request did not come to, and one evaluated again counts again."""


@dataclass(frozen=True, slots=True)
class Finished:
    """Last event of a stream that was not closed early."""

    reason: Literal["end", "length"]
    usage: Usage = field(default_factory=Usage)


Event = Delta | Finished


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What is known of a ready engine."""

    model: str
    kind: Literal["local", "remote", "fake"]
    template: str
    """Id of the fill-in-the-middle template, or how the endpoint does it (`suffix`)."""
    fim_ok: bool
    """The self-test at load filled a small gap correctly."""
    context_tokens: int
    prompt_tokens_per_second: float | None = None
    """Measured; None where the engine can't tell."""
    seconds_per_token: float | None = None
    gpu_layers: int = 0
    shows_files: bool = False
    """Whether its prompts can hold pieces of other files."""
    chooses_names: bool = False
    """Whether requests may have `names`; others raise UsageError for those."""

    note: str = ""
    """A sentence for the user: what was not as it was first thought; empty if all was."""

    def announcement(self) -> str:
        """What the user is told when the engine has become ready."""
        ready = f"{self.model} is ready."
        if not self.fim_ok:
            ready = (
                f"{self.model} is ready, but failed a simple fill-in-the-middle test; suggestions "
                "may be poor."
            )
        return f"{ready} {self.note}".strip()


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """A change of state that is worth showing."""

    state: Literal["stopped", "loading", "ready", "failed"]
    message: str
    fraction: float | None = None
    """How much of the model is loaded, 0 to 1."""
    error: str = ""
    """Of a failure: the name of its class in `errors`."""

    @classmethod
    def failed(cls, error: FimbleError) -> EngineStatus:
        """The engine can't answer, and this is why."""
        return cls("failed", str(error), error=type(error).__name__)


StatusListener = Callable[[EngineStatus], None]
UsageListener = Callable[[Priority, Usage], None]
"""Hears once of each request that an engine took up, finished or cancelled, what it has cost."""


class Engine(Protocol):
    """See the module's docstring. All methods raise `lsp_server.errors.FimbleError` only."""

    def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix; a `Finished` comes last."""
        ...

    async def info(self) -> EngineInfo:
        """Wait until the engine is ready (starting it if need be) and describe it."""
        ...

    def counter(self) -> Counter:
        """A function that counts tokens: exact once a local model is loaded, else an estimate."""
        ...

    async def close(self) -> None:
        """End the engine and what it started. Requests still running fail; safe to call twice."""
        ...
