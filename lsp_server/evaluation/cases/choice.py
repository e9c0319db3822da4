"""Choosing among cases: by a digest of their text, far apart, and not too many of one sort.

A digest has no preferences, and a change to one file leaves the choice in the others nearly as it
was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from lsp_server.evaluation.cases.case import Case

APART = 15
"""Lines between two cases of a kind in a file."""
MOST_OF_FILE = 4
MOST_OF_GOLD = 2
"""Cases that use the same definition."""


def choose(
    cases: Iterable[Case],
    most: int,
    most_of_file: int = MOST_OF_FILE,
    chosen: Sequence[Case] = (),
) -> list[Case]:
    """The chosen ones, and so many of those that come, in their order, that they are `most`.

    No more are asked for than are needed; with a larger `most` the first are the same.
    """
    taken = list(chosen)
    of_file = Counter(case.path for case in taken)
    of_gold: Counter[object] = Counter(case.gold for case in taken)
    if len(taken) >= most:
        return taken
    for case in cases:
        near = any(is_near(case, other) for other in taken)
        golden = case.gold is not None and of_gold[case.gold] >= MOST_OF_GOLD
        if near or golden or of_file[case.path] >= most_of_file:
            continue
        taken.append(case)
        of_file[case.path] += 1
        of_gold[case.gold] += 1
        if len(taken) >= most:
            break
    return taken


def digest(case: Case, *more: str) -> str:
    """Of the line and what is expected, whatever the row; `more` gives others."""
    line = case.prefix.rpartition("\n")[2]
    key = "\0".join((case.package, case.path, case.kind, line, case.expected, *more))
    return hashlib.sha256(key.encode()).hexdigest()


def is_near(one: Case, other: Case) -> bool:
    """Whether less than `APART` lines are between two cases of one file."""
    first, second = sorted((one, other), key=lambda case: case.row)
    between = second.row - (first.row + first.expected.count("\n"))
    return one.path == other.path and between < APART
