"""Faults that the benchmark of fixes makes, and what it takes for the same program."""

from __future__ import annotations

import random

import pytest

from benchmarks.mutations import KINDS, equivalent

SOURCE = '''"""Says what."""

import collections
from pathlib import Path, PurePath


class Reader:
    def __init__(self, folder, limit):
        self.folder = Path(folder)
        self.limit = limit
        self.counts = collections.Counter()

    def read(self, name):
        return self.open(name, limit=self.limit, folder=self.folder)

    def open(self, name, *, limit, folder):
        return (PurePath(folder) / name).parts[:limit]
'''
LINES = {"import": (0, -1), "unused": (0, 1)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_a_fault_is_one_change_at_its_place(kind: str, seed: int) -> None:
    fault = KINDS[kind]("shop/reader.py", SOURCE, random.Random(seed))
    assert fault is not None
    assert (fault.kind, fault.original) == (kind, SOURCE)
    assert fault.text != SOURCE
    more = fault.text.count("\n") - SOURCE.count("\n")
    assert more in LINES.get(kind, (0,))
    assert 0 <= fault.at <= len(fault.text)
    assert not equivalent(fault.text, SOURCE, fault.path)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("import a\nimport b\nx = 1\n", "import b\nimport a\nx = 1\n", True),
        ("from .c import d\n", "from shop.c import d\n", True),
        ("from ..c import d\n", "from shop.c import d\n", False),
        ("f(a=1, b=2)\n", "f(b=2,\n  a=1)\n", True),
        ("f(1, 2)\n", "f(2, 1)\n", False),
        ("x = (1\n", "x = (1\n", True),
        ("x = (1\n", "x = (1)\n", False),
    ],
)
def test_the_same_program(one: str, other: str, same: bool) -> None:
    assert equivalent(one, other, "shop/reader.py") is same
