"""Pieces of code that was changed lately, as it is now.

Who changes a call in one file often makes the same change in the next. Only places that have words
in common with what is around the cursor are shown: work on something else would be in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsp_server.completion.pieces import Piece
from lsp_server.completion.uses import NEARBY
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point, Text
from lsp_server.workspace.words import words

ABOVE, BELOW = 8, 3
"""Rows that are shown around the row of the edit."""
AROUND = 10
"""Rows around the cursor whose words count."""
COMMON_WORDS = 3
LATEST = NEARBY / 2
"""What the latest place counts; each one before it counts less by `FADING`."""
FADING = 0.8


@dataclass(frozen=True, slots=True)
class Place:
    """A row that was changed, of a file's newest text."""

    path: str
    text: Text
    row: int


def changed(
    places: Iterable[Place], snapshot: Snapshot, cursor: Point, visible: range
) -> Iterator[Piece]:
    """The places that have to do with the cursor's, of `places` from the latest on.

    `visible` are the rows of the document that are shown anyway.
    """
    wanted = _words(snapshot.text, cursor.row - AROUND, cursor.row + AROUND)
    weight = LATEST
    for place in places:
        first, last = place.row - ABOVE, place.row + BELOW
        if place.text is snapshot.text and _meet(range(first, last + 1), visible, cursor):
            continue
        if len(_words(place.text, first, last) & wanted) >= COMMON_WORDS:
            shown = _rows(place.text, first, last)
            yield Piece(place.path, "", shown, weight, code=True)
            weight *= FADING


def _meet(rows: range, visible: range, cursor: Point) -> bool:
    """Whether some of the rows are shown anyway."""
    return any(row in visible or row == cursor.row for row in rows)


def _words(text: Text, first: int, last: int) -> set[str]:
    return set(words(_rows(text, first, last)).split())


def _rows(text: Text, first: int, last: int) -> str:
    lines = text.lines[max(0, first) : last + 1]
    return "\n".join(line.rstrip("\r\n") for line in lines).strip("\n")
