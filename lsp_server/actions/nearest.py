"""The one name that another was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

MIN_LENGTH = 3
"""Shorter names are all near each other."""
LONG = 8
"""From so many characters on two slips are forgiven, else one."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz_0123456789"


def nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates that are fewest slips away, sorted; empty if none is near.

    A slip is a character too many, too few, or another, or two that changed places. Differences
    in case and underscores together are one.
    """
    if len(name) < MIN_LENGTH:
        return []
    most = 2 if len(name) >= LONG else 1
    best: tuple[int, bool, bool] = (most + 1, False, False)
    found = set[str]()
    bare = _bare(name)
    for candidate in candidates:
        if candidate == name or len(candidate) < MIN_LENGTH - 1:
            continue
        if candidate.startswith("__") > name.startswith("_"):
            continue
        is_same, is_large = _bare(candidate) == bare, name[0].isupper()
        if is_same and is_large and candidate[0].islower():
            continue  # a type, not a variable of that type
        slips = 1 if is_same else _slips(name, candidate, most)
        # A class is seldom meant by a small letter, nor a variable by a large one; the first letter
        # is seldom wrong.
        is_other = not is_same and candidate[0].isupper() != is_large
        is_late = candidate[0] == name[0] or candidate.endswith(name)
        hides = candidate[0] == "_" != name[0]
        rank = slips, is_other, hides or not is_late
        if slips > most or rank > best:
            continue
        if rank < best:
            best, found = rank, {candidate}
        else:
            found.add(candidate)
    return sorted(found)


def neighbours(name: str) -> Iterator[str]:
    """All texts that are one slip away from a name, in lower-case letters and as they are."""
    for place in range(len(name) + 1):
        head, rest = name[:place], name[place:]
        for letter in _LETTERS:
            yield head + letter + rest
            if rest:
                yield head + letter + rest[1:]
        if rest:
            yield head + rest[1:]
        if len(rest) > 1:
            yield head + rest[1] + rest[0] + rest[2:]


def _bare(name: str) -> str:
    return name.replace("_", "").casefold()


def _slips(one: str, other: str, most: int) -> int:
    """How many slips are between two names; more than `most` if they are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    if max(len(one), len(other)) > 2 * most + 1:
        return most + 1
    above, row = list[int](), list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, above, row = above, row, [i]
        for j, right in enumerate(other, 1):
            steps = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                steps = min(steps, before[j - 2] + 1)
            row.append(steps)
    return row[-1]
