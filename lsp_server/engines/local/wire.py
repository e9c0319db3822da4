"""Messages between the server and its worker: one JSON object a line, over the worker's pipes.

To the worker, `load` first and once:

    {"op": "load", "path", "context_tokens", "chat_tokens", "threads", "gpu_layers", "keep_state",
     "conservative"}
    {"op": "infill", "id", "request": {...}}    the fields of InfillRequest
    {"op": "chat", "id", "request": {...}}      the fields of ChatRequest
    {"op": "chat_info", "id"}                   told: model and context_tokens of ChatInfo
    {"op": "count", "id", "messages": [...]}    told: tokens of the prompt of these messages
    {"op": "cancel", "id"}
    {"op": "end"}                               keep what was evaluated, if told so, and end

From the worker:

    {"event": "loading", "fraction"}
    {"event": "ready", "info": {...}}           the fields of EngineInfo
    {"event": "failed", "error", "message"}     the model can't be loaded; the worker ends
    {"event": "working"}                        before each step: it does not hang
    {"event": "delta", "id", "text", "logprobs", "evaluated_tokens"}
    {"event": "finished", "id", "reason", "usage": {...}, "speed": [tokens/s, s/token]}
    {"event": "dropped", "id", "usage": {...}, "speed": [...]}  cancelled, or refused by llama.cpp
    {"event": "told", "id", "value"}
    {"event": "refused", "id", "error", "message"}  it can't be done as asked

`context_tokens` is the size of one sequence, of which the worker has several, `chat_tokens` that of
the one for chats; `threads` is 0 where the worker shall find out. What has been sent to a worker is
finished, dropped, told or refused once, unless the worker itself ends.
"""

from __future__ import annotations

import json
from typing import Any

from lsp_server.core.fim import Snippet
from lsp_server.engines.base import InfillRequest, Priority
from lsp_server.engines.chat import ChatRequest
from lsp_server.engines.chat import Message as ChatMessage

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """One line of the stream. Escapes all but ASCII, so that lone surrogates pass."""
    return json.dumps(message).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Inverse of `encode`. Raises ValueError on anything else."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not a message")
    return message


def infill_request(fields: Message) -> InfillRequest:
    """The request of an `infill` message."""
    context = tuple(Snippet(**snippet) for snippet in fields.get("context", ()))
    names = tuple(fields.get("names", ()))
    return InfillRequest(**(fields | {"context": context, "names": names}))


def chat_request(fields: Message) -> ChatRequest:
    """The request of a `chat` message, which has no native tools."""
    return ChatRequest(
        **fields
        | {
            "messages": chat_messages(fields["messages"]),
            "stop": tuple(fields["stop"]),
            "tools": (),
            "priority": Priority(fields["priority"]),
        }
    )


def chat_messages(messages: list[Message]) -> tuple[ChatMessage, ...]:
    """Messages of a chat without native calls."""
    return tuple(ChatMessage(message["role"], message["content"]) for message in messages)
