"""Immutable text, cut into lines the way the Language Server Protocol cuts them.

Line ends are `\\n`, `\\r\\n` and a lone `\\r`, nothing else: a form feed, U+0085 or U+2028 is an
ordinary character, although `str.splitlines` breaks there.

Invariants of `Text.lines`: every line but the last has its ending, the last has none (it is empty
after a final line end), so there is at least one line; no `\\r\\n` is split over two lines.

Lone surrogates are ordinary code points here, also two halves that stand side by side. Nothing in
this module raises because of them.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum


class Encoding(Enum):
    """What a client counts columns in; the values are those of the protocol."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place between two characters; both fields count from 0, `column` in code points."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """A document's text. An edit copies the list of lines, not the characters of other lines."""

    lines: tuple[str, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Text:
        """Cut a string into lines."""
        return cls(_split(text))

    def __str__(self) -> str:
        return "".join(self.lines)

    @property
    def end(self) -> Point:
        """The place after the last character."""
        return Point(len(self.lines) - 1, len(self.lines[-1]))

    def slice(self, start: Point, end: Point) -> str:
        """The text from `start` to `end`, where `start <= end`."""
        if start.row == end.row:
            return self.lines[start.row][start.column : end.column]
        between = "".join(self.lines[start.row + 1 : end.row])
        return self.lines[start.row][start.column :] + between + self.lines[end.row][: end.column]

    def replace(self, start: Point, end: Point, new: str) -> Text:
        """Put `new` in the place of what stands from `start` to `end`.

        Both must be places as `point` returns them, before a line's ending, and `start <= end`.
        """
        first, after = start.row, end.row + 1
        joined = self.lines[start.row][: start.column] + new + self.lines[end.row][end.column :]
        if first and joined.startswith("\n") and self.lines[first - 1].endswith("\r"):
            first -= 1
            joined = self.lines[first] + joined
        middle = _split(joined)
        if after < len(self.lines):
            middle = middle[:-1]  # `joined` ends with a line end; what follows it is a line already
        return Text(self.lines[:first] + middle + self.lines[after:])

    def point(self, line: int, character: int, encoding: Encoding) -> Point:
        """The place that a client's position means; always one in the text.

        A character beyond the line is the line's end before its ending, a line beyond the text is
        the text's end, a negative number is 0, and a position inside a code point is its start.
        """
        row = max(line, 0)
        if row >= len(self.lines):
            return self.end
        content = body(self.lines[row])
        units = max(character, 0)
        if encoding is Encoding.UTF32 or content.isascii():
            return Point(row, min(units, len(content)))
        count = _utf8_column if encoding is Encoding.UTF8 else utf16_index
        return Point(row, count(content, units))

    def character(self, point: Point, encoding: Encoding) -> int:
        """The column of `point` in the units of `encoding`."""
        before = self.lines[point.row][: point.column]
        if encoding is Encoding.UTF32 or before.isascii():
            return len(before)
        if encoding is Encoding.UTF8:
            return len(encode(before))
        return len(before.encode("utf-16-le", "surrogatepass")) // 2

    def at_byte(self, offset: int) -> Point:
        """The place at an offset of the text's UTF-8 form, which must not split a code point."""
        for row, line in enumerate(self.lines):
            size = len(line) if line.isascii() else len(encode(line))
            if offset < size:
                return Point(row, len(decode(encode(line)[:offset])))
            offset -= size
        return self.end

    def byte_offset(self, point: Point) -> int:
        """Where `point` is in the text's UTF-8 form (`encode`)."""
        before = "".join(self.lines[: point.row]) + self.lines[point.row][: point.column]
        return len(before) if before.isascii() else len(encode(before))


def body(line: str) -> str:
    """A line without its ending."""
    return line.rstrip("\r\n")


def ending(lines: Iterable[str]) -> str:
    """The line end that is used most; `\\n` where there is none."""
    counts = Counter(line[len(body(line)) :] for line in lines)
    del counts[""]
    return counts.most_common(1)[0][0] if counts else "\n"


def encode(text: str) -> bytes:
    """UTF-8 that keeps lone surrogates, three bytes each."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """What `encode` made of a text, back."""
    return data.decode("utf-8", "surrogatepass")


def utf16_index(text: str, units: int) -> int:
    """How many code points so many UTF-16 units of a text are, at most all of them.

    In the middle of a code point is its start.
    """
    wide = 0  # code points of two units that start before the position
    for match in _TWO_UNITS.finditer(text):
        if units <= match.start() + wide:
            break
        wide += 1
    return min(units - wide, len(text))


def _split(text: str) -> tuple[str, ...]:
    lines = tuple(io.StringIO(text, newline=""))  # universal line ends, kept as they are
    return lines if lines and not lines[-1].endswith(("\n", "\r")) else (*lines, "")


def _utf8_column(line: str, units: int) -> int:
    data = encode(line[:units])  # a code point has at least one unit
    if units >= len(data):
        return len(line[:units])
    while data[units] & 0xC0 == 0x80:
        units -= 1
    return len(data[:units].decode("utf-8", "surrogatepass"))


_TWO_UNITS = re.compile("[\U00010000-\U0010ffff]")
