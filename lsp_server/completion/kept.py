"""How much of an accepted text still stands, some time later.

The place is found again by the lines around it, not by following edits: that also survives a
formatter that replaces the whole document. What stands between them now is compared with what was
accepted, token by token, so that indentation and line breaks don't count. Zed calls this the kept
rate. All of it is pure and bounded, but may take some milliseconds: for a thread.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import commonprefix

from lsp_server.core.text import Point, Text

KEPT_SHARE = 0.8
"""An accepted text of whose tokens so many still stand was kept: a name may be changed, or an
argument, but not the whole of it."""
CONTEXT_LINES = 8
"""Lines on each side by which a place is found again."""
MAX_TOKENS = 400
"""An accepted text is compared up to here."""
MAX_LINE = 1000
"""Characters of a line that are looked at."""
ROOM = 50
"""What stands at the place may have twice the accepted tokens, and so many more. The rest is left
out: among enough other text, the tokens of any short one can be found."""

_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a place into which something is put. Lines are stripped, none is empty."""

    above: tuple[str, ...]
    """The nearest first."""
    head: str
    """Left of it in its line."""
    tail: str
    """Right of it."""
    below: tuple[str, ...]


def surroundings(text: Text, start: Point, end: Point) -> Surroundings | None:
    """Of a place from `start` to `end`, on one line, whose text is replaced.

    None in a line that is too long for code.
    """
    line = text.lines[start.row]
    if len(line) > MAX_LINE:
        return None
    return Surroundings(
        _nearest(text.lines, start.row, -1),
        line[: start.column].strip(),
        line[end.column :].strip(),
        _nearest(text.lines, start.row, 1),
    )


def kept_share(around: Surroundings, accepted: str, text: Text) -> float | None:
    """Part of the accepted tokens, 0 to 1, that stand in the document, in their order.

    None if the place is not to be found, or nothing was accepted but white space.
    """
    tokens = _TOKEN.findall(accepted)[:MAX_TOKENS]
    standing = _standing(around, text)
    if not tokens or standing is None:
        return None
    now = _TOKEN.findall(standing)
    room = 2 * len(tokens) + ROOM
    now = now[:room] if around.above or not around.below else now[-room:]
    return longest_common_subsequence(tokens, now) / len(tokens)


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of it, by Hyyrö's bit-parallel method: a step for each item of `second`."""
    places: dict[str, int] = {}
    for number, item in enumerate(first):
        places[item] = places.get(item, 0) | 1 << number
    every = (1 << len(first)) - 1
    missing = every
    for item in second:
        matches = missing & places.get(item, 0)
        missing = ((missing + matches) | (missing - matches)) & every
    return len(first) - missing.bit_count()


def _nearest(lines: Sequence[str], row: int, step: int) -> tuple[str, ...]:
    found: list[str] = []
    row += step
    while 0 <= row < len(lines) and len(found) < CONTEXT_LINES:
        if line := lines[row][:MAX_LINE].strip():
            found.append(line)
        row += step
    return tuple(found)


def _standing(around: Surroundings, text: Text) -> str | None:
    """What stands at the place now; None if it can't be found."""
    lines = [stripped for line in text.lines if (stripped := line[:MAX_LINE].strip())]
    top = _find(lines, around.above, -1) if around.above else -1
    bottom = _find(lines, around.below, 1) if around.below else len(lines)
    if top is None or bottom is None or bottom <= top:
        return None
    standing = "\n".join(lines[top + 1 : bottom])
    standing = standing[len(commonprefix([standing, around.head])) :]
    backwards = commonprefix([standing[::-1], around.tail[::-1]])
    return standing[: len(standing) - len(backwards)]


def _find(lines: Sequence[str], context: Sequence[str], step: int) -> int | None:
    """Where the nearest line of the context that is still there stands; None if that is unclear.

    `step` is the direction in which the context leads away from the place.
    """
    for nearest, line in enumerate(context):
        rest = context[nearest:]
        # A lone `}` or `else:` says nothing without its neighbour.
        enough = 1 if len(rest) == 1 or len(_WORD.findall(line)) > 1 else 2
        best, where = enough - 1, None
        for number, candidate in enumerate(lines):
            if candidate == line:
                agreeing = _agreeing(lines, number, rest, step)
                if agreeing > best:
                    best, where = agreeing, number
                elif agreeing == best:
                    where = None  # it may be the one or the other
        if where is not None:
            return where
    return None


def _agreeing(lines: Sequence[str], number: int, context: Sequence[str], step: int) -> int:
    count = 0
    for line in context:
        if not 0 <= number < len(lines) or lines[number] != line:
            break
        count += 1
        number += step
    return count
