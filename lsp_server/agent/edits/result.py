"""What comes of an edit: a new text, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_PLACES = 5
MAX_PLACE_LINES = 6


@dataclass(frozen=True, slots=True)
class Applied:
    """The text with the edit in it."""

    text: str = field(repr=False)
    confidence: float
    """1.0 where the passage stood there letter by letter; below 0.8 it was only similar."""
    how: str
    """What found the place: a name of `ladder.apply`'s, or `symbol`, `import`, `rename`."""
    first_row: int
    last_row: int
    """Rows of the new text, from 0, that the edit wrote; where it only deleted, both are the row
    that follows."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a text, to be shown to the model."""

    first_row: int
    last_row: int
    lines: tuple[str, ...] = field(repr=False)
    """Without line ends, a few of them at most."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the text stays as it is."""

    reason: str
    """One sentence that says what to do instead; it holds nothing of the file."""
    places: tuple[Place, ...] = ()
    """Where it could have been, or the closest there is."""
    names: tuple[str, ...] = ()
    """The nearest names, where one is not known."""


def place(lines: Sequence[str], first_row: int, last_row: int) -> Place:
    """Show some rows of a text."""
    shown = lines[first_row : min(last_row + 1, first_row + MAX_PLACE_LINES)]
    return Place(first_row, last_row, tuple(line.rstrip("\r\n") for line in shown))
