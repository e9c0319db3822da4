"""What was said in a stored session, in the shape of events, for a client that begins to show it.

Diffs are not told again: the files may have changed since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lsp_server.agent.display import visible
from lsp_server.agent.store import Entry


@dataclass(frozen=True, slots=True)
class History:
    """What was said."""

    updates: list[tuple[int, dict[str, Any]]]
    """Turn and payload of `session/update` of each event, in their order."""
    usage: dict[str, int] | None
    """Tokens `used` of the model's window and its `size`, as last told; None if they never were."""


def replayed(entries: Iterable[Entry]) -> History:
    """Tell it again."""
    updates: list[tuple[int, dict[str, Any]]] = []
    usage: dict[str, int] | None = None
    ended = ""
    """The call whose result comes next."""
    for entry in entries:
        body = entry.body
        match entry.kind:
            case "user":
                updates.append((entry.turn, _chunk("user_message_chunk", body["text"])))
            case "assistant" if body.get("prose"):
                updates.append((entry.turn, _chunk("agent_message_chunk", body["prose"])))
            case "call":
                call = {
                    "sessionUpdate": "tool_call",
                    "toolCallId": body["id"],
                    "title": visible(body["title"], keep=""),
                    "kind": body["kind"],
                    "status": "pending",
                }
                updates.append((entry.turn, call))
            case "called":
                ended = body["id"]
                status = "failed" if body["failed"] else "completed"
                update = {
                    "sessionUpdate": "tool_call_update",
                    "toolCallId": ended,
                    "status": status,
                }
                updates.append((entry.turn, update))
            case "tool" if ended:
                content = {"type": "content", "content": _text(body["text"])}
                updates[-1][1]["content"] = [content]
                ended = ""
            case "ended":
                usage = body.get("usage") or usage
    return History(updates, usage)


def _chunk(kind: str, text: str) -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": _text(text)}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": visible(text)}
