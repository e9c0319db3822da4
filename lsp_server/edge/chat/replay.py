"""What was said in a stored session, in the shape of events, for a client that begins to show it.

Diffs are not told again: the files may have changed since. Of the ends of turns those are told that
did not come by themselves: what was said until then would pass for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lsp_server.agent.display import visible
from lsp_server.agent.history import LEFT
from lsp_server.agent.store import Entry
from lsp_server.edge.chat.words import INTERRUPTED, RUNS

Runs = Literal["", "here", "elsewhere"]
"""Whether the last turn is under way: in this process, which tells more of it, or in another."""


@dataclass(frozen=True, slots=True)
class History:
    """What was said."""

    updates: list[tuple[int, dict[str, Any]]]
    """Turn and payload of each event, in their order: of `session/update`, or an end."""
    usage: dict[str, int] | None
    """Tokens `used` of the model's window and its `size`, as last told; None if they never were."""


def replayed(entries: Iterable[Entry], *, runs: Runs = "") -> History:
    """Tell it again."""
    updates: list[tuple[int, dict[str, Any]]] = []
    usage: dict[str, int] | None = None
    ended = ""
    """The call whose result comes next."""
    open_turn = 0
    """One that has begun, and not ended so far."""
    for entry in entries:
        body = entry.body
        match entry.kind:
            case "user":
                if open_turn:
                    updates.append((open_turn, _end(LEFT)))
                open_turn = entry.turn
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
                content = {"type": "content", "content": _text(_result(body))}
                updates[-1][1]["content"] = [content]
                ended = ""
            case "ended":
                usage = body.get("usage") or usage
                open_turn = 0
                if body["reason"] != "end_turn":
                    updates.append((entry.turn, _end(body["reason"], body["files"])))
    if open_turn and runs != "here":
        updates.append((open_turn, _end("running" if runs else LEFT)))
    return History(updates, usage)


def _chunk(kind: str, text: str) -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": _text(text)}


def _result(body: Mapping[str, Any]) -> str:
    """What a call gave, without the heading that results have where the user seems to say them."""
    text: str = body["text"]
    return text.partition("\n")[2] if body.get("role") == "user" else text


_PROBLEMS = {LEFT: INTERRUPTED, "running": RUNS}


def _end(reason: str, files: Sequence[str] = ()) -> dict[str, Any]:
    told = {"stopReason": reason, "answer": "", "files": list(files)}
    return told | ({"problem": _PROBLEMS[reason]} if reason in _PROBLEMS else {})


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": visible(text)}
