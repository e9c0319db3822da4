"""How one model is asked, and its calls read: by its endpoint's own tools, or by words.

    answered = Answered()
    async with aclosing(dialect.answer(messages, answered)) as pieces:
        async for piece in pieces: ...       # prose and thoughts, to be shown
    answered.calls                            # what it wants done

Also of an endpoint that has tools of its own the text is searched for calls: many a small model's
come through as text.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from lsp_server.agent import two_step, written_edits
from lsp_server.agent.calls.names import Toolbox
from lsp_server.agent.calls.parser import Parser
from lsp_server.agent.calls.render import Way, written
from lsp_server.agent.calls.schema import Call, Prose, Rejected, Thought, Tool
from lsp_server.agent.calls.settle import Raw, settle
from lsp_server.engines import chat
from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import ChatEngine, ChatRequest, Message, NativeCall

MAX_CALLS = 8
"""Of one answer; what a model calls beyond is not done, for it has seen none of the results."""


@dataclass(slots=True)
class Answered:
    """One answer of a model, complete when the stream has ended."""

    prose: str = ""
    """Without calls and thoughts."""
    text: str = ""
    """As the model wrote it."""
    calls: list[Call | Rejected] = field(default_factory=list)
    native: list[NativeCall] = field(default_factory=list)
    """Of an endpoint's own tools: the first of `calls`, in the same order."""
    was_cut: bool = False
    """The answer was longer than it may be."""
    usage: Usage = field(default_factory=Usage)

    def message(self) -> Message:
        """What the model is told that it said."""
        return Message("assistant", self.text, tuple(self.native))

    def result(self, number: int, text: str) -> Message:
        """What the model is told that its call of that number gave."""
        if number < len(self.native):
            return Message("tool", text, call=self.native[number])
        made = self.calls[number]
        return _result(made.name if isinstance(made, Call) else "", text)


def _result(name: str, text: str) -> Message:
    """What a call gave, in words."""
    return Message("user", f"Result of {name}:\n{text}" if name else f"Result:\n{text}")


class Dialect:
    """Of one engine and its tools."""

    def __init__(
        self,
        engine: ChatEngine,
        tools: Sequence[Tool],
        way: Way,
        *,
        max_tokens: int,
        temperature: float = 0.0,
    ) -> None:
        """With the way `native` the endpoint is told the tools; else the system's message has
        `calls.render.instructions` for the same way.
        """
        self._engine = engine
        self._tools = tuple(tools)
        self._box = Toolbox(tools)
        self._way = way
        self._native = tuple(map(_described, tools)) if way == "native" else ()
        self._max_tokens = max_tokens
        self._temperature = temperature

    def worded(self, message: Message) -> Message:
        """A message of a chat that may have been begun with another model, whose endpoint has tools
        of its own: where this one's has none, calls and results are told in words.
        """
        way = self._way
        if way == "native" or not (message.calls or message.call):
            return message
        if message.call is not None:
            return _result(message.call.name, message.content)
        made = map(self._settled, message.calls)
        calls = [written(each, way) if isinstance(each, Call) else each.text for each in made]
        return Message(message.role, "\n".join(filter(None, (message.content, *calls))))

    async def answer(
        self, messages: Sequence[Message], answered: Answered
    ) -> AsyncGenerator[Prose | Thought, None]:
        """Have the model answer; raises FimbleError."""
        request = ChatRequest(
            tuple(messages), self._max_tokens, self._temperature, tools=self._native
        )
        parser = Parser(self._tools)
        in_text: list[Call | Rejected] = []
        stream = (
            two_step.chat(self._engine, request, self._tools)
            if self._way == "two_step"
            else self._engine.chat(request)
        )
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, Delta):
                    answered.text += event.text
                    for piece in _told(parser.feed(event.text), answered, in_text):
                        yield piece
                elif isinstance(event, chat.Thought):
                    yield Thought(event.text)
                elif isinstance(event, NativeCall):
                    answered.native.append(event)
                elif isinstance(event, Finished):
                    answered.was_cut = event.reason == "length"
                    answered.usage = event.usage
        for piece in _told(parser.finish(), answered, in_text):
            yield piece
        native = [self._settled(call) for call in answered.native]
        blocks = written_edits.calls(answered.prose) if self._box.find(written_edits.TOOL) else []
        answered.calls = [*native, *in_text, *blocks][:MAX_CALLS]
        answered.native = answered.native[:MAX_CALLS]

    def _settled(self, call: NativeCall) -> Call | Rejected:
        return settle(Raw(call.name, call.arguments), self._box, call.arguments)


def _told(
    pieces: Sequence[Any], answered: Answered, calls: list[Call | Rejected]
) -> Sequence[Prose | Thought]:
    """The pieces to show; the others are noted."""
    shown: list[Prose | Thought] = []
    for piece in pieces:
        if isinstance(piece, Call | Rejected):
            calls.append(piece)
        else:
            shown.append(piece)
            if isinstance(piece, Prose):
                answered.prose += piece.text
    return shown


def _described(tool: Tool) -> dict[str, Any]:
    """A tool as OpenAI describes it."""
    properties = {
        name: {key: value for key, value in each.items() if key != "x-aliases"}
        for name, each in tool.properties.items()
    }
    parameters = {**tool.parameters, "properties": properties}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}
