"""Where the user was last in the open documents: where they were changed, or his cursor was seen.

What is kept is places and not texts: a row of the newest version, moved by each later edit. So a
key costs next to nothing, and whoever asks is told the code as it is now, not how it came about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST = 8
"""Places that are remembered."""
APART_ROWS = 8
"""Of edits that are nearer to each other, the last one counts."""
LARGEST_ROWS = 40
"""What replaces or inserts more at once was formatted, loaded or pasted: it is no place."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A row of a document's newest version."""

    uri: str
    row: int


class Edits:
    """The places, the latest last."""

    def __init__(self) -> None:
        self.places: tuple[Edited, ...] = ()

    def note(self, uri: str, first: int, last: int, rows: int) -> None:
        """In a document, the rows `first` to `last` have been replaced by so many."""
        grown = rows - (last - first + 1)
        places: list[Edited] = []
        for place in self.places:
            if place.uri != uri:
                places.append(place)
            elif not first - APART_ROWS <= place.row <= last + APART_ROWS:
                moved = grown if place.row > last else 0
                places.append(replace(place, row=place.row + moved))
        if max(rows, last - first + 1) <= LARGEST_ROWS:
            places.append(Edited(uri, first + rows - 1))
        self.places = tuple(places[-MOST:])

    def forget(self, uri: str) -> None:
        """The document was closed, or replaced as a whole."""
        self.places = tuple(place for place in self.places if place.uri != uri)
