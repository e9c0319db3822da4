"""The scores of completion quality."""

from __future__ import annotations

import math
import random

import pytest

from lsp_server.evaluation.scoring import (
    Place,
    difference,
    exact,
    paired,
    percentile,
    prefix_match,
    ratio,
    similarity,
)


def test_a_percentile_is_a_value_that_occurred() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 0.95) == 95
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.95) == 7


def test_white_space_at_line_ends_does_not_count() -> None:
    assert exact("a = 1  \n  b = 2\n", "a = 1\n  b = 2")
    assert not exact("a = 1\nb = 2", "a = 1\n  b = 2")
    assert not exact(" a", "a")


def test_a_prefix_is_a_beginning_that_says_something() -> None:
    assert prefix_match("price * co", "price * count")
    assert prefix_match("price * count", "price * count")
    assert not prefix_match("price * count)", "price * count")
    assert not prefix_match("  \n", "price")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("", "", 1), ("abc", "abc", 1), ("", "ab", 0), ("kitten", "sitting", 1 - 3 / 7)],
)
def test_edit_similarity(one: str, other: str, expected: float) -> None:
    assert similarity(one, other) == similarity(other, one) == pytest.approx(expected)


def test_errors_that_were_there_are_not_the_answers() -> None:
    place = Place("python", "x = f(", ")\n")
    assert place.parses("a, b", "a")
    assert not place.parses("a, (b", "a")
    damaged = Place("python", "def :\n\nx = f(", ")\n")
    assert damaged.errors("a") > 0
    assert damaged.parses("b", "a")
    assert not damaged.parses("b]", "a")


def test_a_missing_token_is_an_error() -> None:
    place = Place("typescript", "const a = f(1", ";\n")
    assert place.parses(")", ")")
    assert not place.parses("", ")")


@pytest.mark.parametrize(
    ("before", "answer", "after"),
    [
        ("x = f(", "a, b)", ")\n"),  # the editor has closed it
        ("x = f(a[", "0]", "])\n"),
        ("total = ", "price * count", " * count\n"),  # what is right of the cursor
        ("a = 1\n", "b = 2\nc = 3\n", "\n\nc = 3\n"),  # the next line
        ("a = 1\n", "    return  a", "\n    return  a\n"),
        ("if x:\n    a", "(1)\n    b()", "\n    b()\n"),
    ],
)
def test_what_stands_behind_is_repeated(before: str, answer: str, after: str) -> None:
    assert Place("python", before, after).repeats(answer)


@pytest.mark.parametrize(
    ("before", "answer", "after"),
    [
        ("x = f(", "a, b)", "\n"),  # closes what was open
        ("x = f(", "g(a)", ")\n"),
        ("x = f(", "')'", ")\n"),  # a bracket in a string
        ("if x:\n    a", "(1)\n    c()", "\n    b()\n"),
        ("x = ", "b()", "\nb()\n"),  # another line: it is assigned here
        ("if x:\n    ", "if y:\n        b()", "\n    b()\n"),  # in another block
        ("x = f(", "a +", ")\n"),  # an error, but no repetition
    ],
)
def test_what_is_new_is_no_repetition(before: str, answer: str, after: str) -> None:
    assert not Place("python", before, after).repeats(answer)


def test_braces_of_a_block_are_closed_once() -> None:
    place = Place("javascript", "function f() {\n  ", "\n}\n")
    assert place.repeats("return 1;\n}")
    assert not place.repeats("if (a) {\n    return 1;\n  }")


def test_a_clear_difference_is_away_from_zero() -> None:
    better, worse = [1.0] * 60 + [0.0] * 40, [1.0] * 30 + [0.0] * 70
    found = difference(better, worse)
    assert found.value == pytest.approx(0.3)
    assert 0.15 < found.low < 0.3 < found.high < 0.45
    assert found == difference(better, worse)


def test_cases_are_drawn_in_pairs() -> None:
    chance = random.Random(5)
    base = [chance.random() for _ in range(100)]
    found = difference([value + 0.01 for value in base], base)
    assert found.low == pytest.approx(0.01)
    assert found.high == pytest.approx(0.01)
    others = [chance.random() for _ in range(100)]
    assert difference(base, others) != difference(base, others, seed=1)


def test_ratios() -> None:
    found = ratio([1, 1, 1, 0] * 25, [1, 0, 0, 0] * 25)
    assert found.value == pytest.approx(3)
    assert 2 < found.low < 3 < found.high < 5
    assert ratio([1, 0], [0, 0]).value == math.inf
    assert ratio([0, 0], [0, 0]).value == 1
    with pytest.raises(ValueError, match="zip"):
        ratio([1], [1, 0])


def test_only_decided_pairs_count() -> None:
    assert paired([1, 1, 0, 0.5], [1, 0, 0, 0.4]) == {"wins": 2, "losses": 0, "p": 0.5}
    assert paired([0] * 10, [1] * 10) == {"wins": 0, "losses": 10, "p": 0.002}
    assert paired([1], [1]) == {"wins": 0, "losses": 0, "p": 1.0}
