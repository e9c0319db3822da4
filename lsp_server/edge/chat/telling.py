"""Events as a client is shown them: the payloads of `agent.events`, made fit for a screen.

- Clients replace what they show of a call by what an update holds. So each update of a call has
  all of it: the end of its output so far, and all of its diffs.
- Paths are absolute, as the Agent Client Protocol wants them.
- What can't be seen, or moves what can be seen, is shown as an escape (`agent.display`).
- Output that comes quickly is told ten times a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lsp_server.agent.display import visible
from lsp_server.agent.events import (
    Diff,
    Event,
    Location,
    MessageChunk,
    PlanChanged,
    Question,
    ThoughtChunk,
    ToolStarted,
    ToolUpdated,
    TurnEnded,
    difference,
    payload,
)

OUTPUT_CHARACTERS = 8_000
"""Of a call's output so much of its end is shown while it runs."""
PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class _Call:
    title: str
    output: str = ""
    diffs: list[Diff] = field(default_factory=list)
    told: float = float("-inf")


class Teller:
    """Of one session, for one turn after the other."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._calls: dict[str, _Call] = {}

    def payload(self, event: Event) -> dict[str, Any] | None:
        """An event as JSON; None for output that the next update will hold."""
        match event:
            case MessageChunk(text) | ThoughtChunk(text):
                return payload(replace(event, text=visible(text)))
            case PlanChanged(steps):
                shown = [replace(step, content=visible(step.content)) for step in steps]
                return payload(PlanChanged(tuple(shown)))
            case ToolStarted():
                title = visible(event.title, keep="")
                self._calls[event.id] = _Call(title)
                return payload(replace(event, title=title, locations=self._there(event.locations)))
            case ToolUpdated():
                return self._updated(event)
            case TurnEnded():
                self._calls.clear()
                return ended(event)
        return payload(event)

    def question(self, question: Question) -> dict[str, Any]:
        """What the user is asked, as the call that it is about: `toolCall` of a permission."""
        about = visible("\n".join(filter(None, (question.reason, question.detail))))
        content: list[dict[str, Any]] = [
            {"type": "content", "content": {"type": "text", "text": about}}
        ]
        if question.diff:
            content.append(difference(self._shown(question.diff)))
        asked = {"toolCallId": question.id, "title": visible(question.title), "status": "pending"}
        return asked | {"content": content}

    def _updated(self, event: ToolUpdated) -> dict[str, Any] | None:
        call = self._calls.setdefault(event.id, _Call(""))
        if event.diff:
            call.diffs.append(self._shown(event.diff))
        if event.status == "in_progress":
            call.output = (call.output + visible(event.text))[-OUTPUT_CHARACTERS:]
            now = self._clock()
            if event.text and now - call.told < PAUSE_SECONDS:
                return None
            call.told = now
            text = call.output
        else:
            text = visible(event.text)
        places = event.locations or tuple(Location(diff.path) for diff in call.diffs)
        told = payload(ToolUpdated(event.id, event.status, text, locations=self._there(places)))
        if call.diffs:
            told["content"] = [*told.get("content", ()), *map(difference, call.diffs)]
        return told

    def _there(self, locations: tuple[Location, ...]) -> tuple[Location, ...]:
        return tuple(replace(each, path=str(self._root / each.path)) for each in locations)

    def _shown(self, diff: Diff) -> Diff:
        return Diff(str(self._root / diff.path), _lines(diff.old), _lines(diff.new))


def ended(event: TurnEnded) -> dict[str, Any]:
    """The end of a turn as JSON."""
    return payload(replace(event, answer=visible(event.answer), problem=visible(event.problem)))


def _lines(text: str | None) -> str | None:
    """Line ends are not what a diff is looked at for; each `\\r` would be an escape."""
    return None if text is None else visible(text.replace("\r\n", "\n"))
