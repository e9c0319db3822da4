"""The chat half of the engine protocol: messages there, text and calls of tools back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from lsp_server.engines.base import Delta, Engine, Finished, Priority
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
    identity: str = field(default="", compare=False)
    """Of the model's file or endpoint, fit for a file's name: what was learned of it is kept under
    this. Empty: nothing is."""
    parameters: int = 0
    """Weights of the model; 0 where the engine can't tell."""
    is_remote: bool = field(default=False, compare=False)
    """What it is shown leaves the process and its children, maybe the machine."""

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


class ChatEngine(Protocol):
    """What the agent asks of a model. All methods raise `lsp_server.errors.FimbleError` only."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the assistant's next message; a `Finished` comes last.

        Closing the stream cancels the request, as with `Engine.infill`. Raises ContextExceeded if
        the messages don't fit: nothing is ever cut off them.
        """
        ...

    async def chat_info(self) -> ChatInfo:
        """Wait until the engine can chat and say how. Raises FimbleError if it can't.

        It needs no fill-in-the-middle, which many endpoints don't have.
        """
        ...

    async def count_chat(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt that these messages make: exact of a local model, else an estimate.

        A prompt may be as long as `ChatInfo.context_tokens`, less what is left for the answer.
        """
        ...


class FullEngine(Engine, ChatEngine, Protocol):
    """An engine for both; the model's weights are loaded once."""
