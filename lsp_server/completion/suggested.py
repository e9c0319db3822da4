"""A suggestion, over all the answers that gave it or what was left of it (`feedback`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from lsp_server.completion.kept import Surroundings
from lsp_server.completion.outcomes import Verdict
from lsp_server.completion.window import clean
from lsp_server.core.text import Point, Text

Fate = Literal["accepted", "partlyAccepted", "rejected"]

MAX_ROWS = 40
"""A suggestion goes on at most so many lines below."""


@dataclass(eq=False, slots=True)
class Suggested:
    """One suggestion, over all answers that gave it or what was left of it."""

    uri: str
    language: str
    start: Point
    text: str
    """From `start` on."""
    score: float | None
    since: float
    """When its fate was last heard of, or else when it gave way to another; monotonic clock."""
    current: bool = True
    """The last that was given for its document."""
    shown: bool = False
    fate: Fate | None = None
    told: bool = False
    """The client told of the fate; else it is a guess."""
    around: Surroundings | None = None
    """Of what was accepted, which is `text[first:last]`; None if it is not to be judged."""
    first: int = 0
    last: int = 0
    kept: bool | None = None
    """None where that is not known."""
    settled: bool = False
    counted: Counter[str] = field(default_factory=Counter)
    """What the statistics have been told."""

    def worth(self) -> Counter[str]:
        """What it adds to the statistics as things stand."""
        worth: Counter[str] = Counter()
        if self.shown:
            worth["shown"] = 1
            if self.fate is not None:
                worth[self.fate] = 1
            worth["acceptedCharacters"] = self.last - self.first
            if self.kept is not None:
                worth.update(judged=1, kept=int(self.kept))
        return worth

    def verdict(self) -> Verdict:
        """What it teaches."""
        if self.fate == "rejected":
            return "rejected"
        if self.fate is None:
            return "ignored"
        return "kept" if self.kept else "accepted"


@dataclass(frozen=True, slots=True)
class Item:
    """One answer: the suggestion's text from some character on."""

    of: Suggested
    begins: int
    text: str
    around: Surroundings | None


def continues(suggestion: Suggested, text: Text, start: Point, rest: str) -> int | None:
    """Where in a suggestion an answer begins that is what is left of it; None if it is another."""
    begin = suggestion.start
    if suggestion.settled or suggestion.fate in ("accepted", "rejected") or not begin <= start:
        return None
    if start.row - begin.row > MAX_ROWS or begin.column > len(text.lines[begin.row]):
        return None
    typed = clean(text.slice(begin, start))
    whole = typed + rest
    same = whole.startswith(suggestion.text) or suggestion.text.startswith(whole)
    return len(typed) if same and len(typed) < len(suggestion.text) else None
