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
