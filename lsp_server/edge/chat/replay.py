"""What was said in a stored session, in the shape of events, for a client that begins to show it.

Diffs are not told again: the files may have changed since.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lsp_server.agent.display import visible
from lsp_server.agent.store import Entry


def replayed(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """The payloads of `session/update`, in their order."""
    updates: list[dict[str, Any]] = []
    ended = ""
    """The call whose result comes next."""
    for entry in entries:
        body = entry.body
        match entry.kind:
            case "user":
                updates.append(_chunk("user_message_chunk", body["text"]))
            case "assistant" if body.get("prose"):
                updates.append(_chunk("agent_message_chunk", body["prose"]))
            case "call":
                updates.append(
                    {
                        "sessionUpdate": "tool_call",
                        "toolCallId": body["id"],
                        "title": visible(body["title"], keep=""),
                        "kind": body["kind"],
                        "status": "pending",
                    }
                )
            case "called":
                ended = body["id"]
                status = "failed" if body["failed"] else "completed"
                updates.append(
                    {
                        "sessionUpdate": "tool_call_update",
                        "toolCallId": ended,
                        "status": status,
                    }
                )
            case "tool" if ended:
                content = {"type": "content", "content": _text(body["text"])}
                updates[-1]["content"] = [content]
                ended = ""
    return updates


def _chunk(kind: str, text: str) -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": _text(text)}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": visible(text)}
