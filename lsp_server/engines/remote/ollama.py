"""Chats over Ollama's own `/api/chat`: its `/v1` has no way to say how large the context must be.

A prompt that does not fit is refused, not cut (`truncate`), by servers that know how to; older ones
leave out the first messages, which is why the size is asked for with each request.

Source of the format: Ollama, docs/api.md.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import (
    ChatEvent,
    ChatInfo,
    ChatRequest,
    Message,
    NativeCall,
    Thought,
)
from lsp_server.engines.remote import openai, sse
from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.chat import TOP_P, Spent
from lsp_server.engines.remote.control_text import broken_up
from lsp_server.engines.remote.http import Http
from lsp_server.engines.stops import Stops
from lsp_server.errors import RemoteError
from lsp_server.settings import ChatSettings, RemoteSettings


async def read_version(http: Http) -> str:
    """Raises Unexpected if it is no Ollama."""
    version = (await http.get(f"{http.address.root}/api/version")).text("version")
    if not version:
        raise Unexpected(http.host)
    return version


async def connect(http: Http, settings: RemoteSettings, chat: ChatSettings) -> OllamaChat:
    """Read what the server knows of the model. Raises RemoteError."""
    model = settings.model or openai.only_model(await openai.read_models(http), http.host)
    if not model:
        raise RemoteError(f"{http.host} has no model; fetch one with `ollama pull`.")
    shown = await http.post(f"{http.address.root}/api/show", {"model": model})
    facts = shown.section("model_info")
    trained = facts.count(f"{facts.text('general.architecture')}.context_length")
    context_tokens = min(chat.context_tokens, trained or chat.context_tokens)
    tools = "tools" in shown.texts("capabilities")
    info = ChatInfo(model, context_tokens, native_tools=tools)
    return OllamaChat(http, info, chat.timeout_seconds)


class OllamaChat:
    """Dialect of one server with one model. Make it with `connect`."""

    def __init__(self, http: Http, info: ChatInfo, timeout_seconds: float) -> None:
        self._http = http
        self.info = info
        self._timeout = timeout_seconds

    async def chat(self, request: ChatRequest, spent: Spent) -> AsyncGenerator[ChatEvent, None]:
        """Stream the answer."""
        if not request.max_tokens:  # no way to ask for that
            yield Finished("length")
            return
        stops = Stops(request.stop)
        stream = self._http.stream(
            f"{self._http.address.root}/api/chat",
            self._body(request),
            framing=sse.lines,
            timeout_seconds=self._timeout,
        )
        async with aclosing(stream) as chunks:
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
                    usage = _usage(chunk)
                    spent(usage)
                    limited = chunk.text("done_reason") == "length"
                    yield Finished("length" if limited else "end", usage)
                    return

    def _body(self, request: ChatRequest) -> dict[str, object]:
        options: dict[str, object] = {
            "num_ctx": self.info.context_tokens,
            "num_predict": request.max_tokens,
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


def _usage(chunk: Answer) -> Usage:
    prompt = chunk.count("prompt_eval_count")
    return Usage(
        prompt_tokens=prompt,
        generated_tokens=chunk.count("eval_count"),
        prompt_seconds=chunk.number("prompt_eval_duration") / 1e9,
        generate_seconds=chunk.number("eval_duration") / 1e9,
        evaluated_tokens=prompt,
    )
