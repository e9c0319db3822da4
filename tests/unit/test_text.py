from __future__ import annotations

import pytest

from lsp_server.core.text import Encoding, Point, Text, encode


@pytest.mark.parametrize(
    ("plain", "lines"),
    [
        ("", ("",)),
        ("a", ("a",)),
        ("a\n", ("a\n", "")),
        ("a\r\nb\rc\n\nd", ("a\r\n", "b\r", "c\n", "\n", "d")),
        ("\r\r\n\n\r", ("\r", "\r\n", "\n", "\r", "")),
        ("\ufeffa\n", ("\ufeffa\n", "")),
    ],
)
def test_lines_end_where_the_protocol_says(plain: str, lines: tuple[str, ...]) -> None:
    text = Text.of(plain)
    assert text.lines == lines
    assert str(text) == plain
    assert text.end == Point(len(lines) - 1, len(lines[-1]))


@pytest.mark.parametrize("character", "\f\v\x1c\x1d\x1e\x85\u2028\u2029")
def test_other_separators_are_ordinary_characters(character: str) -> None:
    assert Text.of(f"a{character}b\nc").lines == (f"a{character}b\n", "c")


@pytest.mark.parametrize(
    ("before", "start", "end", "new", "after"),
    [
        ("ab\ncd", Point(0, 1), Point(1, 1), "X\nY", ("aX\n", "Yd")),
        ("ab\ncd\n", Point(0, 2), Point(1, 0), "", ("abcd\n", "")),
        ("a\rb", Point(1, 0), Point(1, 0), "\n", ("a\r\n", "b")),  # joins
        ("a\rbc\n", Point(1, 0), Point(1, 2), "", ("a\r\n", "")),
        ("a\nb", Point(0, 1), Point(0, 1), "\r", ("a\r\n", "b")),
        ("a\r\nb", Point(0, 1), Point(1, 0), "\r", ("a\r", "b")),
        ("a\r\n\rb", Point(1, 0), Point(1, 0), "\n", ("a\r\n", "\n", "\r", "b")),
        ("a", Point(0, 1), Point(0, 1), "\r", ("a\r", "")),
        ("", Point(0, 0), Point(0, 0), "x\n", ("x\n", "")),
    ],
)
def test_replace(before: str, start: Point, end: Point, new: str, after: tuple[str, ...]) -> None:
    text = Text.of(before)
    assert text.replace(start, end, new).lines == after
    assert str(text) == before


@pytest.mark.parametrize(
    ("encoding", "columns"),
    [
        (Encoding.UTF8, [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 5, 5, 5]),
        (Encoding.UTF16, [0, 1, 2, 3, 3, 4, 5, 5]),
        (Encoding.UTF32, [0, 1, 2, 3, 4, 5, 5]),
    ],
)
def test_positions_round_down_and_clamp(encoding: Encoding, columns: list[int]) -> None:
    text = Text.of("aé日😀b\r\n")
    assert [text.point(0, unit, encoding).column for unit in range(len(columns))] == columns
    for column in range(6):
        point = Point(0, column)
        assert text.point(0, text.character(point, encoding), encoding) == point


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("line", ["abc\n", "äöü\n"])
def test_positions_outside_the_text(encoding: Encoding, line: str) -> None:
    text = Text.of(line + "x")
    assert text.point(0, 2**31, encoding) == Point(0, 3)
    assert text.point(2, 0, encoding) == Point(1, 1)
    assert text.point(2**31, 2**31, encoding) == Point(1, 1)
    assert text.point(-1, -7, encoding) == Point(0, 0)
    assert text.point(1, -1, encoding) == Point(1, 0)


def test_lone_surrogates_survive() -> None:
    text = Text.of("a\ud83d\n").replace(Point(0, 2), Point(0, 2), "\ude00b")
    assert text.lines == ("a\ud83d\ude00b\n", "")  # two halves side by side stay two code points
    for encoding, units in ((Encoding.UTF8, 8), (Encoding.UTF16, 4), (Encoding.UTF32, 4)):
        assert text.character(Point(0, 4), encoding) == units
        assert text.point(0, units, encoding) == Point(0, 4)
    assert text.byte_offset(Point(0, 3)) == 7 == len(encode("a\ud83d\ude00"))


def test_slice_and_byte_offset() -> None:
    text = Text.of("aé\r\n日\rc")
    assert text.slice(Point(0, 1), Point(0, 2)) == "é"
    assert text.slice(Point(0, 1), Point(2, 1)) == "é\r\n日\rc"
    assert text.slice(Point(1, 1), Point(1, 1)) == ""
    places = [Point(0, 0), Point(0, 2), Point(1, 0), Point(1, 1), Point(2, 0), Point(2, 1)]
    assert [text.byte_offset(point) for point in places] == [0, 3, 5, 8, 9, 10]


def test_the_text_is_not_in_its_repr() -> None:
    assert "secret" not in repr(Text.of("secret"))


def test_an_offset_in_bytes_and_its_place() -> None:
    text = Text.of("a\r\né😀b\r\ud800c\n")
    places = [Point(0, 0), Point(0, 2), Point(1, 0), Point(1, 1), Point(1, 2), Point(2, 1)]
    for place in (*places, text.end):
        assert text.at_byte(text.byte_offset(place)) == place
    assert text.at_byte(1000) == text.end
