"""Choosing among all cases: by a digest of their text, far apart, and not too many of one sort.

A digest has no preferences and needs no seed, and a change to one file leaves the choice in the
others nearly as it was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from benchmarks.cases import crossfile, infile
from benchmarks.cases.case import Case
from benchmarks.cases.package import Module, Package

APART = 15
"""Lines between two cases of a kind in a file."""
MOST: Mapping[str, int] = {"cross-file": 16, "single": 6, "multi": 6, "arguments": 6}
"""Cases of a package by kind."""
MOST_OF_FILE = 4
MOST_OF_GOLD = 2
"""Cross-file cases of a package that use the same definition."""
CUTTERS: Mapping[str, Callable[[Package, Module], Iterator[Case]]] = {
    "cross-file": crossfile.uses,
    "single": infile.singles,
    "multi": infile.multis,
    "arguments": infile.arguments,
}


def choose(package: Package, kind: str) -> list[Case]:
    """A fixed choice of a package's cases of a kind, in the order of their digests."""
    found = [case for m in package.modules.values() for case in CUTTERS[kind](package, m)]
    chosen: list[Case] = []
    of_file: Counter[str] = Counter()
    of_gold: Counter[object] = Counter()
    for case in sorted(found, key=digest):
        near = any(is_near(case, other) for other in chosen)
        golden = case.gold is not None and of_gold[case.gold] >= MOST_OF_GOLD
        if near or golden or of_file[case.path] >= MOST_OF_FILE or len(chosen) >= MOST[kind]:
            continue
        chosen.append(case)
        of_file[case.path] += 1
        of_gold[case.gold] += 1
    return chosen


def digest(case: Case) -> str:
    """Of the line and what is expected, whatever the row."""
    line = case.prefix.rpartition("\n")[2]
    key = "\0".join((case.package, case.path, case.kind, line, case.expected))
    return hashlib.sha256(key.encode()).hexdigest()


def is_near(one: Case, other: Case) -> bool:
    """Whether less than `APART` lines are between two cases of one file."""
    first, second = sorted((one, other), key=lambda case: case.row)
    between = second.row - (first.row + first.expected.count("\n"))
    return one.path == other.path and between < APART
