"""What happens in a turn, as its transports tell it.

    Event
    ├── MessageChunk     the next words of the answer
    ├── ThoughtChunk     of what the model thinks aloud
    ├── PlanChanged      the steps it means to take
    ├── ToolStarted      a tool is called
    ├── ToolUpdated      output, a diff, the end of a call
    ├── UsageNoted       how full the model's window is
    └── TurnEnded        always the last: why, what was answered, which files changed

`payload` gives an event the shape of the Agent Client Protocol's `session/update`, so that every
transport tells the same; `TurnEnded` has that of the answer to `session/prompt`. What the user is
asked (`Question`) is no event: whoever runs the turn answers it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

ToolKind = Literal["read", "edit", "search", "execute", "think", "other"]
ToolStatus = Literal["pending", "in_progress", "completed", "failed"]
StopReason = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled", "error"]
Choice = Literal["allow_once", "allow_always", "reject_once", "reject_always"]


@dataclass(frozen=True, slots=True)
class MessageChunk:
    """Text for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtChunk:
    """Text that leads to an answer and is no part of it."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan."""

    content: str
    status: Literal["pending", "in_progress", "completed"] = "pending"
    priority: Literal["high", "medium", "low"] = "medium"


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """The whole plan, as it is now."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A file that a call is about, and the line, from 1."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """A change of a file; `old` is None for a new one, `new` for one that is deleted."""

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool is called. `id` is unique in its session."""

    id: str
    title: str
    kind: ToolKind
    locations: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolUpdated:
    """More of a call: its text so far, what it changed, how it ended."""

    id: str
    status: ToolStatus
    text: str = ""
    diff: Diff | None = None
    locations: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageNoted:
    """Tokens of the model's window that are used, and how many it has."""

    used: int
    size: int


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over."""

    reason: StopReason
    answer: str = ""
    changed: tuple[str, ...] = ()
    """Files, relative to the workspace, that differ from before the turn."""
    problem: str = ""
    """One sentence, if it did not end by itself."""


Event = (
    MessageChunk | ThoughtChunk | PlanChanged | ToolStarted | ToolUpdated | UsageNoted | TurnEnded
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the user is asked before a call goes on."""

    id: str
    """Of the call."""
    title: str
    reason: str
    """One sentence: why it is not done unasked."""
    detail: str = ""
    """The command with its parts, or the paths."""
    diff: Diff | None = None
    choices: tuple[Choice, ...] = ("allow_once", "reject_once")


def payload(event: Event) -> dict[str, Any]:
    """An event as JSON, in the shape that the Agent Client Protocol gives it."""
    match event:
        case MessageChunk(text):
            return {"sessionUpdate": "agent_message_chunk", "content": _text(text)}
        case ThoughtChunk(text):
            return {"sessionUpdate": "agent_thought_chunk", "content": _text(text)}
        case PlanChanged(steps):
            return {"sessionUpdate": "plan", "entries": [asdict(step) for step in steps]}
        case ToolStarted(identity, title, kind, locations):
            return {
                "sessionUpdate": "tool_call",
                "toolCallId": identity,
                "title": title,
                "kind": kind,
                "status": "pending",
                "locations": [_location(each) for each in locations],
            }
        case ToolUpdated(identity, status, text, diff, locations):
            content: list[dict[str, Any]] = []
            if text:
                content.append({"type": "content", "content": _text(text)})
            if diff:
                content.append(difference(diff))
            update: dict[str, Any] = {
                "sessionUpdate": "tool_call_update",
                "toolCallId": identity,
                "status": status,
            }
            if locations:
                update["locations"] = [_location(each) for each in locations]
            return update | ({"content": content} if content else {})
        case UsageNoted(used, size):
            return {"sessionUpdate": "usage_update", "used": used, "size": size}
        case TurnEnded(reason, answer, changed, problem):
            ended: dict[str, Any] = {"stopReason": reason, "answer": answer, "files": list(changed)}
            return ended | ({"problem": problem} if problem else {})


def difference(diff: Diff) -> dict[str, Any]:
    """A change as the protocol shows it; it has no shape for a deletion but an empty text."""
    return {"type": "diff", "path": diff.path, "oldText": diff.old, "newText": diff.new or ""}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _location(location: Location) -> dict[str, Any]:
    found: dict[str, Any] = {"path": location.path}
    return found if location.line is None else found | {"line": location.line}
