"""A gap in a document around which prefix and suffix are frozen while the user types into it.

In the order prefix, suffix, middle the suffix stands behind the text that grows, so whoever sends
what stands left and right of the cursor pays for the whole suffix with every key. Here the gap
begins behind the indentation of the cursor's line; what has been typed since is the middle, as if
the model had written it, and a key costs the key. (Indentation alone in the middle makes answers
worse: of 200 lines of santacoder-fim the 0.5B had 80 right with it there, 100 with it before.)

What stands to the right of the cursor and only closes something (`)`, `"`) is no part of the frozen
suffix: editors insert it while one types a bracket, and typing over it takes it away again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os.path import commonprefix

from lsp_server.completion.pieces import lines
from lsp_server.completion.window import CLOSING, Window, clean, rest_of_line, window
from lsp_server.core.fim import Snippet
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point, Text
from lsp_server.core.tokens import Counter
from lsp_server.engines.base import InfillRequest, Priority

MAX_MIDDLE_ROWS = 40
MAX_MIDDLE_CHARACTERS = 2000
"""What is typed beyond this asks for a new anchor."""
WORN_ROWS = 4
"""A middle of so many lines asks for a new anchor as soon as there is time."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """See the module's docstring. Rows and columns are those of the version it was made for."""

    prefix: str
    suffix: str
    """Begins with a line end, unless the line went on with code behind the cursor."""
    start: Point
    """Where the gap begins."""
    first_row: int
    """Where the prefix begins."""
    rows: int
    """Number of lines of the document."""
    to_end: bool
    """The suffix reaches to the end of the document."""
    context: tuple[Snippet, ...] = ()
    """Pieces of other files."""
    path: str = ""
    """Of the document, as those of `context`."""

    @property
    def files(self) -> set[str]:
        """Those of which pieces are shown."""
        return {piece.path for piece in self.context}

    def request(self, max_tokens: int, priority: Priority, middle: str) -> InfillRequest:
        """Ask for what goes on from `middle` in the gap."""
        return InfillRequest(
            self.prefix, self.suffix, max_tokens, priority, middle, self.context, self.path
        )

    def middle(self, text: Text, cursor: Point) -> str | None:
        """What stands in the gap, up to the cursor. None if something else has changed."""
        for shift in {0, len(text.lines) - self.rows}:
            start = Point(self.start.row + shift, self.start.column)
            first_row = self.first_row + shift
            if first_row < 0 or not start <= cursor or cursor.row - start.row > MAX_MIDDLE_ROWS:
                continue
            middle = clean(text.slice(start, cursor))
            if (
                len(middle) <= MAX_MIDDLE_CHARACTERS
                and clean(text.slice(Point(first_row, 0), start)).endswith(self.prefix)
                and self._is_followed(text, cursor)
            ):
                return middle
        return None

    def _is_followed(self, text: Text, cursor: Point) -> bool:
        rows = Text.of(self.suffix).end.row + (2 if self.to_end else 1)
        end = min(Point(cursor.row + rows, 0), text.end)
        after = without_closing(clean(text.slice(cursor, end)))
        return after == self.suffix if self.to_end else after.startswith(self.suffix)

    def is_as_good_as(self, other: Anchor) -> bool:
        """Whether this one, at the same cursor, shows a model no less than `other`, nor is worn."""
        if other.start.row - self.start.row >= WORN_ROWS:
            return False
        return (
            len(self.prefix) >= len(other.prefix) // 2
            and len(self.suffix) >= len(other.suffix) // 2
            and lines(other.context) <= lines(self.context)
        )

    def prefix_up_to(self, text: Text, start: Point) -> str | None:
        """The text from where this prefix begins to `start`; None if that can't be told."""
        for shift in {0, len(text.lines) - self.rows}:
            first = Point(self.first_row + shift, 0)
            if Point(0, 0) <= first <= start:
                longer = clean(text.slice(first, start))
                if longer[:80] == self.prefix[:80]:
                    return longer
        return None


def anchor_at(
    snapshot: Snapshot,
    cursor: Point,
    budget: int,
    count: Counter,
    *,
    known: Iterable[Anchor] = (),
    most: int,
) -> Anchor:
    """Freeze what can be evaluated at the price of `budget` tokens around the cursor.

    A prompt that begins as that of a `known` anchor, whose evaluation the engine may still hold,
    costs only what differs; it may then have up to `most` tokens.
    """
    text = snapshot.text
    before = text.lines[cursor.row][: cursor.column]
    start = Point(cursor.row, len(before) - len(before.lstrip(" \t")))
    if cursor.column > MAX_MIDDLE_CHARACTERS // 2:
        start = cursor  # hardly a line of code
    shown = window(snapshot, start, cursor, budget, count)
    prefix, suffix = shown.prefix, without_closing(shown.suffix)
    suffix_tokens = _tokens(suffix, count)
    reused = 0
    for other in known:
        longer = other.prefix_up_to(text, start)
        if longer is None:
            continue
        common = len(commonprefix([longer, other.prefix]))
        fresh = _tokens(longer[common:], count) + suffix_tokens
        fits = _tokens(longer, count) + suffix_tokens <= most
        if common > reused and fresh <= budget and fits:
            prefix, reused = longer, common
    first_row = start.row - Text.of(prefix).end.row
    last_row = cursor.row + Text.of(shown.suffix).end.row
    to_end = last_row == text.end.row and clean(text.slice(cursor, text.end)) == shown.suffix
    return Anchor(prefix, suffix, start, first_row, len(text.lines), to_end)


def here(anchor: Anchor, middle: str, text: Text, cursor: Point) -> Window:
    """What stands around the cursor, for judging where a suggestion ends and how it fits."""
    rest = rest_of_line(clean(text.lines[cursor.row][cursor.column :]))
    closing = rest if CLOSING.fullmatch(rest) else ""
    return Window(anchor.prefix + middle, closing + anchor.suffix)


def without_closing(suffix: str) -> str:
    """The suffix without what stands on the cursor's line, if that only closes something."""
    rest = rest_of_line(suffix)
    return suffix[len(rest) :] if CLOSING.fullmatch(rest) else suffix


def _tokens(text: str, count: Counter) -> int:
    """Counted line by line, since the counter remembers lines."""
    return sum(map(count, Text.of(text).lines))
