"""Texts that end an answer, found however it is cut into pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable


class Stops:
    """Cuts a text that comes in pieces before the first stop in it."""

    def __init__(self, stops: Iterable[str]) -> None:
        stops = list(filter(None, stops))
        self._pattern = re.compile("|".join(map(re.escape, stops)) or r"(?!)")
        self._beginnings = {stop[:end] for stop in stops for end in range(1, len(stop))}
        self._longest = max(map(len, self._beginnings), default=0)
        self._held = ""
        self.reached = False

    def feed(self, piece: str) -> str:
        """Add a piece; return what is certainly no part of a stop."""
        text = self._held + piece
        if match := self._pattern.search(text):
            self.reached, self._held = True, ""
            return text[: match.start()]
        lengths = range(min(self._longest, len(text)), 0, -1)
        held = next((n for n in lengths if text[-n:] in self._beginnings), 0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def rest(self) -> str:
        """What was held back when the text ended."""
        return self._held
