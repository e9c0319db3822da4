"""What one sequence has become in another: the fewest pieces of it that were replaced."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

MAX_PAIRS = 4_000_000
"""Items of the base times those of a side, between two that tell the place."""


@dataclass(frozen=True, slots=True)
class Hunk(Generic[T]):
    """The items of the base from `start` to `end` became `new`."""

    start: int
    end: int
    new: tuple[T, ...]


def hunks(base: Sequence[T], side: Sequence[T]) -> list[Hunk[T]] | None:
    """What a side changed; None if it is too much to compare."""
    found: list[Hunk[T]] = []
    done, side_done = 0, 0
    for start, side_start in [*_anchors(base, side), (len(base), len(side))]:
        old, new = base[done:start], side[side_done:side_start]
        if len(old) * len(new) > MAX_PAIRS:
            return None
        codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        for kind, first, last, new_first, new_last in codes:
            if kind != "equal":
                found.append(Hunk(done + first, done + last, tuple(new[new_first:new_last])))
        done, side_done = start + 1, side_start + 1
    return found


def _anchors(base: Sequence[T], side: Sequence[T]) -> list[tuple[int, int]]:
    """Places of items that both have once, as many as are in the same order in both.

    They cut a long comparison into short ones, and keep it from pairing blank lines at random.
    """
    counts, side_counts = Counter(base), Counter(side)
    where = {item: row for row, item in enumerate(side) if side_counts[item] == 1}
    pairs = [
        (row, where[item]) for row, item in enumerate(base) if counts[item] == 1 and item in where
    ]
    # The longest run of pairs that rise on both sides, by its ends (patience sorting).
    tops: list[int] = []
    before: list[int | None] = []
    piles: list[int] = []
    for number, (_, side_row) in enumerate(pairs):
        pile = bisect_left(tops, side_row)
        before.append(piles[pile - 1] if pile else None)
        tops[pile : pile + 1] = [side_row]
        piles[pile : pile + 1] = [number]
    run: list[tuple[int, int]] = []
    last = piles[-1] if piles else None
    while last is not None:
        run.append(pairs[last])
        last = before[last]
    return run[::-1]
