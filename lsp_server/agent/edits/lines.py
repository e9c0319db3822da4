"""Lines of a passage: their endings, their indentation, and how they compare."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lsp_server.core.text import Text, body

TAB = 4
"""Columns of a tab where one side has tabs and the other spaces."""


def split(text: str) -> list[str]:
    """The lines of a text with their endings; no empty one behind the last ending."""
    lines = list(Text.of(text).lines)
    return lines if lines[-1] else lines[:-1]


def squeezed(line: str) -> str:
    """A line without any white space."""
    return "".join(line.split())


def indent(line: str) -> str:
    """The white space that a line starts with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def width(space: str) -> int:
    """Columns of an indentation."""
    return len(space.expandtabs(TAB))


def without_blank_edges(lines: Sequence[str]) -> tuple[int, int]:
    """First and last plus one of the lines between blank ones; the same twice if all are blank."""
    filled = [row for row, line in enumerate(lines) if line.strip()]
    return (filled[0], filled[-1] + 1) if filled else (0, 0)


def unit(lines: Iterable[str]) -> str | None:
    """What a text indents one level with: a tab, or so many spaces; None if nothing tells."""
    spaces = [indent(line) for line in lines if line.strip()]
    tabs = sum(space.startswith("\t") for space in spaces)
    if tabs > sum(space.startswith(" ") for space in spaces):
        return "\t"
    steps = Counter(len(b) - len(a) for a, b in pairwise(spaces) if len(b) - len(a) > 1)
    return " " * steps.most_common(1)[0][0] if steps else None


@dataclass(frozen=True, slots=True)
class Shift:
    """How indentations of a quoted passage become those of the file."""

    known: tuple[tuple[str, str], ...]
    """Quoted and real, the narrowest first."""
    quoted_unit: int
    """Columns of one level in the passage."""
    real_unit: str

    @classmethod
    def of(cls, pairs: Mapping[str, str], passage: Iterable[str], file: Iterable[str]) -> Shift:
        """From what is known of some indentations, and the habits of both texts."""
        real_unit = unit(file) or " " * TAB
        known = sorted(pairs.items(), key=lambda pair: width(pair[0]))
        return cls(tuple(known), width(unit(passage) or real_unit), real_unit)

    def __call__(self, line: str) -> str:
        """A line of the passage as the file would have it."""
        line = body(line)
        if not line.strip():
            return line
        space = indent(line)
        of_a_kind = space[:1] == self.real_unit[0] or any(real for _, real in self.known)
        if of_a_kind and all(quoted == real for quoted, real in self.known):
            return line  # quoted in the file's own style
        real = dict(self.known).get(space)
        return (self._between(space) if real is None else real) + line[len(space) :]

    def _between(self, space: str) -> str:
        columns = width(space)
        below = [pair for pair in self.known if width(pair[0]) <= columns]
        quoted, real = below[-1] if below else self.known[0]
        levels, odd = divmod(abs(columns - width(quoted)), self.quoted_unit)
        if below:
            return real + self.real_unit * levels + " " * odd
        return real[: max(0, len(real) - len(self.real_unit) * levels - odd)]


def shift(quoted: Sequence[str], real: Sequence[str]) -> dict[str, str] | None:
    """How lines that stand side by side are indented; None if it is not the same for all.

    Wider must stay wider: else the passage doesn't have the structure of what it is laid upon.
    """
    pairs: dict[str, str] = {}
    for mine, theirs in zip(quoted, real, strict=True):
        if mine.strip() and pairs.setdefault(indent(mine), indent(theirs)) != indent(theirs):
            return None
    widths = [width(pairs[space]) for space in sorted(pairs, key=width)]
    return None if any(b <= a for a, b in pairwise(widths)) else pairs


def shift_roughly(quoted: Sequence[str], real: Sequence[str]) -> dict[str, str]:
    """The same where lines disagree: each indentation as most of its lines have it.

    Of as many the later ones count: it is the first line that models leave the indentation out of.
    """
    votes: dict[str, Counter[str]] = {}
    for mine, theirs in zip(reversed(quoted), reversed(real), strict=True):
        if mine.strip():
            votes.setdefault(indent(mine), Counter())[indent(theirs)] += 1
    return {space: real_spaces.most_common(1)[0][0] for space, real_spaces in votes.items()}


def words(line: str) -> list[str]:
    """Words, numbers and signs of a line, without the white space between."""
    return _WORD.findall(line)


def tokens(line: str) -> list[str]:
    """The same with the white space; joined, they are the line."""
    return _TOKEN.findall(line)


_WORD = re.compile(r"\w+|[^\w\s]")
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
