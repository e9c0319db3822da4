"""Chats over OpenAI's `/chat/completions`: nearly every endpoint has it, llama-server's with more.

Messages travel as text, and the server makes the prompt. What looks like a control token in them is
therefore broken up by a space, or a file could speak with another role's voice.

Source of the format: OpenAI API reference, "Chat completions"; llama.cpp, tools/server/README.md.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import (
    ChatEvent,
    ChatInfo,
    ChatRequest,
    Message,
    NativeCall,
    Thought,
)
from lsp_server.engines.remote import dialects, listing, llama_server, usage
from lsp_server.engines.remote.answer import Answer
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.control_text import broken_up
from lsp_server.engines.remote.dialects.ways import Ways
from lsp_server.engines.remote.http import Http, Unreachable
from lsp_server.engines.remote.streams import Streams
from lsp_server.engines.stops import Stops
from lsp_server.errors import RemoteError
from lsp_server.settings import ChatSettings, RemoteSettings

TOP_P = 0.95
"""As for a local model, where tokens are sampled."""
MAX_STOPS = 4
"""More are refused by OpenAI's own service and some others; `Stops` watches for all."""

Spent = Callable[[Usage], None]


class Interrupted(RemoteError):
    """The endpoint ended an answer to begin another one."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} broke off its answer for another request; start it with "
            "--interrupt_requests false."
        )


class ChatDialect(Protocol):
    """An endpoint whose way to chat is known."""

    @property
    def info(self) -> ChatInfo:
        """How it chats."""
        ...

    @property
    def ways(self) -> Ways:
        """What is peculiar to its kind."""
        ...

    def chat(
        self, request: ChatRequest, spent: Spent, thoughts: int | None
    ) -> AsyncGenerator[ChatEvent, None]:
        """See `ChatEngine.chat`; `spent` hears what has been spent, whenever that is told.

        `thoughts` is how many tokens of thought may come before the answer; None: nothing is said
        to the endpoint of thoughts. Thoughts within the text are not told apart. Raises
        RemoteError; Refused says whether the prompt was too long.
        """
        ...


async def connect(
    http: Http, settings: RemoteSettings, chat: ChatSettings, ways: Ways
) -> OpenAiChat:
    """Chat with any endpoint. Raises RemoteError."""
    models = await listing.read_models(http, ways)
    model = settings.model or listing.only_model(models, http.address)
    told = await listing.told_context_tokens(http, ways, models, model)
    info = ChatInfo(
        model or http.host,
        told or chat.context_tokens,
        takes_grammar=ways.takes_grammar,
        native_tools=ways.calls_tools,
    )
    return OpenAiChat(http, info, chat.timeout_seconds, model, ways)


def of_llama_server(
    http: Http, settings: RemoteSettings, chat: ChatSettings, props: Answer
) -> OpenAiChat:
    """Chat with a llama-server, which goes on from an assistant's message that stands last."""
    info = ChatInfo(
        llama_server.read_name(settings, props),
        llama_server.read_context_tokens(props),
        takes_grammar=True,
        takes_begun=True,
        native_tools=True,
    )
    ways = dialects.ALL["llama-server"]
    return OpenAiChat(http, info, chat.timeout_seconds, settings.model, ways)


class OpenAiChat:
    """Dialect of one endpoint. Make it with `connect` or `of_llama_server`."""

    def __init__(
        self, http: Http, info: ChatInfo, timeout_seconds: float, model: str, ways: Ways
    ) -> None:
        """`model` is the name to send, if any."""
        self._http = http
        self.info = info
        self.ways = ways
        self._timeout = timeout_seconds
        self._named = {"model": model} if model else {}
        self._streams = Streams(http, ways, asks_usage=ways.asks_usage)

    async def chat(
        self, request: ChatRequest, spent: Spent, thoughts: int | None
    ) -> AsyncGenerator[ChatEvent, None]:
        """Stream the answer."""
        if not request.max_tokens:  # no way to ask for that
            yield Finished("length")
            return
        stops, calls = Stops(request.stop), Calls(request.max_tokens)
        cost, reason = Usage(), ""
        asked = Asked(
            self.ways.url(self._http.address, self.ways.chats),
            self._body(request, thoughts),
            max_tokens=request.max_tokens + (thoughts or 0),
            priority=request.priority,
            timeout_seconds=self._timeout,
        )
        async with aclosing(self._streams.events(asked)) as chunks:
            try:
                async for chunk in chunks:
                    if chunk is None:
                        if not reason and self.ways.interrupts:
                            raise Interrupted(self._http.host)
                        reason = reason or "stop"
                        break
                    told = usage.told(chunk)
                    if told is not None:
                        cost = told
                        spent(cost)
                    for choice in chunk.sections("choices")[:1]:
                        delta = choice.section("delta")
                        thought, content = _said(delta)
                        if thought:
                            yield Thought(thought)
                        if text := stops.feed(content):
                            yield Delta(text)
                        calls.feed(delta.sections("tool_calls"))
                        reason = choice.text("finish_reason") or reason
                    if stops.reached or calls.too_many:
                        reason = "stop" if stops.reached else "length"
                        break
            except Unreachable:
                if not reason:  # else the answer was whole, just without `[DONE]`
                    raise
        self._http.check_reason(reason)
        if text := stops.rest():
            yield Delta(text)
        for call in calls.whole():
            yield call
        yield Finished("length" if reason == "length" else "end", cost)

    def _body(self, request: ChatRequest, thoughts: int | None) -> dict[str, object]:
        messages = [_message(message) for message in request.messages]
        if request.begun:
            messages.append({"role": "assistant", "content": broken_up(request.begun)})
        body: dict[str, object] = {
            **self._named,
            "messages": messages,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stream": True,
        }
        if thoughts and self.ways.counts_thoughts:
            body["max_tokens"] = request.max_tokens + thoughts
        if thoughts is not None and self.ways.thinking is not None:
            body |= self.ways.thinking(thoughts)
        if request.temperature:
            body["top_p"] = TOP_P
        if request.temperature and request.seed and self.ways.seed:
            body[self.ways.seed] = request.seed
        if request.stop:
            body["stop"] = list(request.stop[:MAX_STOPS])
        if request.tools:
            body["tools"] = list(request.tools)
        if request.grammar:
            body["grammar"] = request.grammar
        return body


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


class Calls:
    """Calls of tools put together from their pieces."""

    def __init__(self, max_pieces: int) -> None:
        """A piece is a token at least, so there are no more in an answer of so many tokens."""
        self._left = max_pieces
        self._calls: list[tuple[int, _Call]] = []

    @property
    def too_many(self) -> bool:
        """Whether the endpoint does not heed the limit."""
        return self._left < 0

    def feed(self, pieces: list[Answer]) -> None:
        """Add the pieces of one event."""
        for piece in pieces:
            self._left -= 1
            function = piece.section("function")
            call = self._find(piece)
            call.name += function.text("name")
            call.arguments += function.text("arguments")

    def _find(self, piece: Answer) -> _Call:
        """The call that a piece belongs to; some endpoints give whole calls without an index."""
        index, call_id = piece.count("index"), piece.text("id")
        for known_index, call in reversed(self._calls):
            if "index" in piece and known_index == index and call_id in ("", call.id):
                return call
        call = _Call(call_id)
        self._calls.append((index, call))
        return call

    def whole(self) -> Iterator[NativeCall]:
        """The calls, when the answer has ended."""
        for _, call in self._calls:
            yield NativeCall(call.name, call.arguments, call.id)


def _message(message: Message) -> dict[str, object]:
    fields: dict[str, object] = {"role": message.role, "content": broken_up(message.content)}
    if message.calls:
        fields["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": broken_up(call.arguments)},
            }
            for call in message.calls
        ]
    if message.call is not None:
        fields["tool_call_id"] = message.call.id
    return fields


def _said(delta: Answer) -> tuple[str, str]:
    """A piece of reasoning, under any of the names in use, and one of the answer."""
    thought = delta.text("reasoning_content") or delta.text("reasoning")
    if not delta.is_list("content"):
        return thought, delta.text("content")
    text = ""
    for part in delta.sections("content"):  # Mistral, of models that think
        text += part.text("text")
        thought += "".join(each.text("text") for each in part.sections("thinking"))
    return thought, text
