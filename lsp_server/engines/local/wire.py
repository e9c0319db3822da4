"""Messages between the server and its worker: one JSON object a line, over the worker's pipes.

To the worker, `load` first and once:

    {"op": "load", "path", "context_tokens", "threads", "gpu_layers", "keep_state", "conservative"}
    {"op": "infill", "id", "request": {...}}    the fields of InfillRequest
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

`context_tokens` is the size of one sequence, of which the worker has several; `threads` is 0 where
the worker shall find out. What has been sent
to a worker is finished or dropped once, unless the worker itself ends.
"""

from __future__ import annotations

import json
from typing import Any

from lsp_server.core.fim import Snippet
from lsp_server.engines.base import InfillRequest

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
