"""Which code is around a place."""

from __future__ import annotations

import pytest

from lsp_server.actions.pieces import piece_at
from tests.unit.actions.cases import request

CODE = '''\
import re

@cached
def first(items):
    def inner(n):
        return n
    return items[0]  # zero

class A:
    x = 1

    def second(self):
        """Do."""
'''


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [
        (0, 3, ""),
        (2, 2, "first"),
        (3, 0, "first"),
        (4, 4, "inner"),
        (5, 0, "inner"),
        (5, 16, "inner"),
        (6, 26, "first"),
        (6, 19, "first"),
        (9, 4, ""),
        (12, 17, "second"),
    ],
)
def test_the_innermost_function(row: int, column: int, name: str) -> None:
    lines = CODE.splitlines(keepends=True)
    at = sum(map(len, lines[:row])) + column
    piece = piece_at(request(CODE, "a.py").syntax, at, at)
    assert (piece.name if piece is not None and piece.body is not None else "") == name


def test_blank_lines_are_in_nothing() -> None:
    asked = request("\n\n", "a.py")
    assert piece_at(asked.syntax, 1, 1) is None
    assert piece_at(asked.syntax, 2, 2) is None


@pytest.mark.parametrize(
    ("text", "is_function"),
    [
        ("export fun«ction f(a: number) {\n  return a;\n}\n", True),
        ("exp«ort async function f(a: number) {\n  return a;\n}\n", True),
        ("exp«ort const f = (a: number) => {\n  return a;\n};\n", True),
        ("co«nst f = function (a) {\n  return a;\n};\n", True),
        ("co«nst f = g((a) => {\n  return a;\n});\n", False),
        ("co«nst f = (a) => {\n  return a;\n}, b = 1;\n", False),
        ("exp«ort const a = 1;\n", False),
        ("exp«ort { a };\n", False),
    ],
)
def test_in_front_of_a_function_is_in_it(text: str, is_function: bool) -> None:
    asked = request(text, "a.ts")
    piece = piece_at(asked.syntax, asked.start, asked.end)
    assert (piece is not None and piece.body is not None) is is_function
    whole = piece_at(asked.syntax, 0, len(asked.syntax.data) - 1)
    assert whole is None or whole.body is None  # all of a statement is no function
