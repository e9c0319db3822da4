"""Three-way merge of sequences: what two sides made of a common base.

    merge(base, ours, theirs) -> both changes, or None where they contradict each other

Changes that only touch are no conflict, so nothing that one side wrote is ever left out of a
result.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

from lsp_server.core.hunks import Hunk, hunks

T = TypeVar("T", bound=Hashable)


def merge(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> list[T] | None:
    """The base with the changes of both sides; None if they overlap, or differ in too much."""
    mine, others = hunks(base, ours), hunks(base, theirs)
    if mine is None or others is None:
        return None
    merged: list[T] = []
    done = 0
    for hunk in _in_order(mine, others):
        if hunk.start < done:
            return None
        merged += base[done : hunk.start]
        merged += hunk.new
        done = hunk.end
    merged += base[done:]
    return merged if not _clash(mine, others) else None


def _in_order(mine: list[Hunk[T]], others: list[Hunk[T]]) -> list[Hunk[T]]:
    """All hunks by their place, insertions before a change at the same; what both did, once."""
    once = dict.fromkeys(mine + others)
    return sorted(once, key=lambda hunk: (hunk.start, hunk.end))


def _clash(mine: list[Hunk[T]], others: list[Hunk[T]]) -> bool:
    """Whether both put something different into the same gap: nobody knows in which order."""
    gaps = {hunk.start: hunk for hunk in mine if hunk.start == hunk.end}
    return any(
        hunk.start == hunk.end and hunk.start in gaps and gaps[hunk.start] != hunk
        for hunk in others
    )
