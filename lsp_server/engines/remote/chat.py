"""Chats over OpenAI's `/chat/completions`: nearly every endpoint has it, llama-server's with more.

Messages travel as text, and the server makes the prompt. What looks like a control token in them is
therefore broken up by a space, or a file could speak with another role's voice.

Source of the format: OpenAI API reference, "Chat completions"; llama.cpp, tools/server/README.md.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from http.client import BAD_REQUEST, UNPROCESSABLE_ENTITY
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
from lsp_server.engines.remote import llama_server, openai
from lsp_server.engines.remote.answer import Answer
from lsp_server.engines.remote.control_text import broken_up
from lsp_server.engines.remote.http import Http, Refused, Unreachable
from lsp_server.engines.stops import Stops
from lsp_server.settings import ChatSettings, RemoteSettings

TOP_P = 0.95
"""As for a local model, where tokens are sampled."""
MAX_STOPS = 4
"""More are refused by OpenAI's own service and some others; `Stops` watches for all."""

Spent = Callable[[Usage], None]


class ChatDialect(Protocol):
    """An endpoint whose way to chat is known."""

    @property
    def info(self) -> ChatInfo:
        """How it chats."""
        ...

    def chat(self, request: ChatRequest, spent: Spent) -> AsyncGenerator[ChatEvent, None]:
        """See `ChatEngine.chat`; `spent` hears what has been spent, whenever that is told.

        Raises RemoteError; Refused says whether the prompt was too long.
        """
        ...


async def connect(http: Http, settings: RemoteSettings, chat: ChatSettings) -> OpenAiChat:
    """Chat with any endpoint. Raises RemoteError."""
    models = await openai.read_models(http)
    model = settings.model or openai.only_model(models, http.host)
    context_tokens = openai.told_context_tokens(models, model) or chat.context_tokens
    info = ChatInfo(model or http.host, context_tokens, native_tools=True)
    return OpenAiChat(http, info, chat.timeout_seconds, model)


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
    return OpenAiChat(http, info, chat.timeout_seconds, settings.model)


class OpenAiChat:
    """Dialect of one endpoint. Make it with `connect` or `of_llama_server`."""

    def __init__(self, http: Http, info: ChatInfo, timeout_seconds: float, model: str) -> None:
        """`model` is the name to send, if any."""
        self._http = http
        self.info = info
        self._timeout = timeout_seconds
        self._named = {"model": model} if model else {}
        self._asks_usage = True

    async def chat(self, request: ChatRequest, spent: Spent) -> AsyncGenerator[ChatEvent, None]:
        """Stream the answer."""
        if not request.max_tokens:  # no way to ask for that
            yield Finished("length")
            return
        try:
            async with aclosing(self._answer(request, spent)) as events:
                async for event in events:
                    yield event
        except Refused as error:
            unknown = error.status in (BAD_REQUEST, UNPROCESSABLE_ENTITY) and not error.too_long
            if not (unknown and self._asks_usage):
                raise
            # It may be the one field that some endpoints don't know. Nothing was answered yet.
            self._asks_usage = False
            try:
                async with aclosing(self._answer(request, spent)) as events:
                    async for event in events:
                        yield event
            except Refused:
                self._asks_usage = True
                raise

    async def _answer(self, request: ChatRequest, spent: Spent) -> AsyncGenerator[ChatEvent, None]:
        stops, calls = Stops(request.stop), Calls(request.max_tokens)
        usage, reason = Usage(), ""
        url = f"{self._http.address.v1}/chat/completions"
        stream = self._http.stream(url, self._body(request), timeout_seconds=self._timeout)
        async with aclosing(stream) as chunks:
            try:
                async for chunk in chunks:
                    if chunk is None:
                        reason = reason or "stop"
                        break
                    told = _usage(chunk)
                    if told is not None:
                        usage = told
                        spent(usage)
                    for choice in chunk.sections("choices")[:1]:
                        delta = choice.section("delta")
                        if thought := _thought(delta):
                            yield Thought(thought)
                        if text := stops.feed(delta.text("content")):
                            yield Delta(text)
                        calls.feed(delta.sections("tool_calls"))
                        reason = choice.text("finish_reason") or reason
                    if stops.reached or calls.too_many:
                        reason = "stop" if stops.reached else "length"
                        break
            except Unreachable:
                if not reason:  # else the answer was whole, just without `[DONE]`
                    raise
        if text := stops.rest():
            yield Delta(text)
        for call in calls.whole():
            yield call
        yield Finished("length" if reason == "length" else "end", usage)

    def _body(self, request: ChatRequest) -> dict[str, object]:
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
        if self._asks_usage:
            body["stream_options"] = {"include_usage": True}
        if request.temperature:
            body["top_p"] = TOP_P
        if request.temperature and request.seed:
            body["seed"] = request.seed
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


def _thought(delta: Answer) -> str:
    """A piece of reasoning, under either of the names in use."""
    return delta.text("reasoning_content") or delta.text("reasoning")


def _usage(chunk: Answer) -> Usage | None:
    """What has been spent, if the event tells; llama-server tells more than others."""
    if "timings" in chunk:
        return llama_server.read_usage(chunk.section("timings"))
    return openai.read_usage(chunk.section("usage")) if "usage" in chunk else None
