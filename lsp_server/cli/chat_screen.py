"""A chat in a terminal: what happens is printed, and the user is asked.

Everything that comes from a model, a file or a command is shown by `visible`: no control character
of theirs reaches the terminal.
"""

from __future__ import annotations

import difflib
import json
import sys

from lsp_server.agent.display import visible
from lsp_server.agent.events import (
    Choice,
    Diff,
    Event,
    MessageChunk,
    PlanChanged,
    Question,
    ThoughtChunk,
    ToolStarted,
    ToolUpdated,
    TurnEnded,
    payload,
)
from lsp_server.cli.chat_lines import Lines

MAX_OUTPUT_LINES = 12
"""Of a tool's output; a model sees more of it than whoever watches wants to."""
MAX_DIFF_LINES = 80
HEAD_LINES = 3
"""Of those, from its beginning; the end of a command's output says how it went."""
_ANSWERS: dict[str, Choice] = {
    **dict.fromkeys(("y", "yes"), "allow_once"),
    **dict.fromkeys(("a", "always"), "allow_always"),
    **dict.fromkeys(("n", "no"), "reject_once"),
    **dict.fromkeys(("d", "never"), "reject_always"),
}
"""Whole words: "you must not" is no yes."""
_WORDS: dict[Choice, str] = {
    "allow_once": "[y]es",
    "allow_always": "[a]lways",
    "reject_once": "[n]o",
    "reject_always": "n[d]ever",
}


def as_json(event: Event) -> None:
    """Print an event as one line."""
    print(json.dumps(payload(event), ensure_ascii=True), flush=True)


class Screen:
    """Prints the events of one chat."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._in_text = False

    def show(self, event: Event) -> None:
        """Print what is worth seeing of it."""
        match event:
            case MessageChunk(text):
                self._in_text = True
                sys.stdout.write(visible(text))
            case ThoughtChunk() | PlanChanged():
                return
            case ToolStarted(_, title):
                self._line(f"● {visible(title, keep='')}")
            case ToolUpdated(status="failed", text=text):
                self._line(f"  failed: {_short(text)}")
            case ToolUpdated(
                diff=Diff() as diff
            ):  # of several, all but the last come before the end
                self._line(_indented(shown_diff(diff)))
            case ToolUpdated(status="completed", text=text) if text:
                self._line(_indented(_short(text)))
            case TurnEnded(reason, _, changed, problem):
                if reason != "end_turn":
                    self._line(f"[{reason}] {visible(problem)}".rstrip())
                if changed:
                    self._line(f"Changed: {visible(', '.join(changed), keep='')}")
                self._line("")
        sys.stdout.flush()

    def _line(self, text: str) -> None:
        if self._in_text:
            sys.stdout.write("\n")
            self._in_text = False
        sys.stdout.write(f"{text}\n")

    async def ask(self, question: Question) -> Choice:
        """Have the user decide; the end of input is a no."""
        self._line(f"? {visible(question.title, keep='')}")
        for text in (question.reason, question.detail):
            if text:
                self._line(f"  {visible(text, keep='')}")
        if question.diff:
            self._line(_indented(shown_diff(question.diff)))
        offered = ", ".join(_WORDS[choice] for choice in question.choices)
        while True:
            try:
                key = await self._lines.ask(f"  {offered}? ")
            except EOFError:
                return "reject_once"
            choice = _ANSWERS.get(key.strip().lower())
            if choice in question.choices:
                assert choice is not None
                return choice


def shown_diff(diff: Diff) -> str:
    """A change in unified form, cut where it is long."""
    old, new = (diff.old or "").splitlines(), (diff.new or "").splitlines()
    lines = list(difflib.unified_diff(old, new, diff.path, diff.path, lineterm=""))
    more = len(lines) - MAX_DIFF_LINES
    cut = [*lines[:MAX_DIFF_LINES], *([f"[{more} more lines]"] if more > 0 else [])]
    return visible("\n".join(cut))


def _short(text: str) -> str:
    lines = visible(text).split("\n")
    more = len(lines) - MAX_OUTPUT_LINES
    if more <= 0:
        return "\n".join(lines)
    tail = MAX_OUTPUT_LINES - HEAD_LINES
    return "\n".join([*lines[:HEAD_LINES], f"[{more} more lines]", *lines[-tail:]])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
