"""A file in passages of about a screen half: what a search for similar code finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lsp_server.core.symbols import Symbol
from lsp_server.core.text import Text

MIN_ROWS = 8
"""A definition begins a new passage behind so many rows."""
MAX_ROWS = 30
MAX_CHARACTERS = 4_000
"""Of a passage; the rest of a longer one is left out."""

_CUTTING = frozenset(("class", "enum", "function", "interface", "method", "struct", "trait"))


@dataclass(frozen=True, slots=True)
class Passage:
    """Some rows of a file."""

    first_row: int
    last_row: int
    text: str


def passages(text: Text, symbols: Iterable[Symbol]) -> list[Passage]:
    """The file's passages, in their order; where there is no word, there is none."""
    starts = {symbol.first_row for symbol in symbols if symbol.kind in _CUTTING}
    found: list[Passage] = []
    first = 0
    for row in range(1, len(text.lines) + 1):
        length = row - first
        ends = row == len(text.lines) or length == MAX_ROWS
        if ends or (length >= MIN_ROWS and row in starts):
            body = "".join(text.lines[first:row])[:MAX_CHARACTERS]
            if body.strip():
                found.append(Passage(first, row - 1, body))
            first = row
    return found
