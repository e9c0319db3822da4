"""Ollama's own `/api`: what it tells of its models, and chats.

A prompt that does not fit is refused, not cut (`truncate`), by servers that know how to; older ones
leave out the first messages, which is why the size is asked for with each request. It is the same
for chats and completions: Ollama loads a model anew for another one.

Source of the format: Ollama, docs/api.md.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import (
    ChatEvent,
    ChatInfo,
    ChatRequest,
    Message,
    NativeCall,
    Thought,
)
from lsp_server.engines.remote import completions, dialects, listing, sse, usage
from lsp_server.engines.remote.answer import Unexpected
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.chat import TOP_P, Spent
from lsp_server.engines.remote.completions import Completions
from lsp_server.engines.remote.control_text import broken_up
from lsp_server.engines.remote.http import Http
from lsp_server.engines.stops import Stops
from lsp_server.errors import RemoteError
from lsp_server.settings import ChatSettings, RemoteSettings

WAYS = dialects.ALL["ollama"]


async def read_version(http: Http) -> str:
    """Raises Unexpected if it is no Ollama."""
    told = await http.get(f"{http.address.root}/api/version")
    version = told.text("version")
    if not version or "commit" in told:  # llama-swap tells its version there, too
        raise Unexpected(http.address)
    return version


async def connect(
    http: Http, settings: RemoteSettings, chat: ChatSettings, folder: Path | None
) -> Completions:
    """Fill gaps with a model. Raises RemoteError."""
    info = await _read_info(http, settings, chat)
    return await completions.at(http, settings, WAYS, folder, info.model, info.context_tokens)


async def connect_chat(http: Http, settings: RemoteSettings, chat: ChatSettings) -> OllamaChat:
    """Chat with a model. Raises RemoteError."""
    return OllamaChat(http, await _read_info(http, settings, chat), chat.timeout_seconds)


async def _read_info(http: Http, settings: RemoteSettings, chat: ChatSettings) -> ChatInfo:
    """What the server knows of the model."""
    models = await listing.read_models(http, WAYS)
    model = settings.model or listing.only_model(models, http.address)
    if not model:
        raise RemoteError(f"{http.host} has no model; fetch one with `ollama pull`.")
    shown = await http.post(WAYS.url(http.address, WAYS.facts), {"model": model})
    facts = shown.section("model_info")
    trained = facts.count(f"{facts.text('general.architecture')}.context_length")
    context_tokens = min(chat.context_tokens, trained or chat.context_tokens)
    tools = "tools" in shown.texts("capabilities")
    return ChatInfo(model, context_tokens, native_tools=tools)


class OllamaChat:
    """Dialect of one server with one model. Make it with `connect_chat`."""

    ways = WAYS

    def __init__(self, http: Http, info: ChatInfo, timeout_seconds: float) -> None:
        self._http = http
        self.info = info
        self._timeout = timeout_seconds

    async def chat(
        self, request: ChatRequest, spent: Spent, thoughts: int | None
    ) -> AsyncGenerator[ChatEvent, None]:
        """Stream the answer."""
        if not request.max_tokens:  # no way to ask for that
            yield Finished("length")
            return
        stops = Stops(request.stop)
        asked = Asked(
            WAYS.url(self._http.address, WAYS.chats),
            self._body(request, thoughts),
            max_tokens=request.max_tokens + (thoughts or 0),
            priority=request.priority,
            framing=sse.lines,
            timeout_seconds=self._timeout,
        )
        async with aclosing(self._http.stream(asked)) as chunks:
            async for chunk in chunks:
                if chunk is None:
                    continue
                message = chunk.section("message")
                if thought := message.text("thinking"):
                    yield Thought(thought)
                if text := stops.feed(message.text("content")):
                    yield Delta(text)
                for call in message.sections("tool_calls"):
                    function = call.section("function")
                    yield NativeCall(function.text("name"), function.json("arguments"))
                if stops.reached:
                    yield Finished("end")
                    return
                if chunk.flag("done"):
                    if text := stops.rest():
                        yield Delta(text)
                    cost = usage.of_ollama(chunk)
                    spent(cost)
                    limited = chunk.text("done_reason") == "length"
                    yield Finished("length" if limited else "end", cost)
                    return

    def _body(self, request: ChatRequest, thoughts: int | None) -> dict[str, object]:
        options: dict[str, object] = {
            "num_ctx": self.info.context_tokens,
            "num_predict": request.max_tokens + (thoughts or 0),
            "temperature": request.temperature,
            "top_p": TOP_P,
            "seed": request.seed,
            "stop": list(request.stop),
        }
        body: dict[str, object] = {
            "model": self.info.model,
            "messages": [_message(message) for message in request.messages],
            "options": options,
            "truncate": False,
            "shift": False,
            "stream": True,
        }
        if thoughts == 0 and WAYS.thinking is not None:
            body |= WAYS.thinking(thoughts)
        return body | {"tools": list(request.tools)} if request.tools else body


def _message(message: Message) -> dict[str, object]:
    fields: dict[str, object] = {"role": message.role, "content": broken_up(message.content)}
    if message.calls:
        fields["tool_calls"] = [
            {"function": {"name": call.name, "arguments": _arguments(call)}}
            for call in message.calls
        ]
    if message.call is not None:
        fields["tool_name"] = message.call.name
    return fields


def _arguments(call: NativeCall) -> dict[str, Any]:
    """As an object, which Ollama wants; what a model wrote may be none."""
    try:
        arguments = json.loads(broken_up(call.arguments))
    except (ValueError, RecursionError):
        arguments = None
    return arguments if isinstance(arguments, dict) else {"malformed": broken_up(call.arguments)}
