"""Fit the new lines of an edit to the place where the old ones were found."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from lsp_server.agent.edits.find import Found
from lsp_server.agent.edits.lines import Shift, shift, shift_roughly, squeezed, tokens
from lsp_server.agent.edits.merge import merge
from lsp_server.core.hunks import Hunk, hunks
from lsp_server.core.text import body, ending


def fitted(
    whole: Sequence[str], found: Found, quoted: Sequence[str], wanted: Sequence[str]
) -> list[str] | None:
    """The lines that come in the place of those found, with their endings.

    None where the file differs from the quoted lines in just what they are to become, or right
    beside it.
    """
    there = [body(line) for line in whole[found.first : found.last]]
    old, new = [body(line) for line in quoted], [body(line) for line in wanted]
    if old != there:  # space at the end is then more likely a slip than meant
        old, new = [line.rstrip() for line in old], [line.rstrip() for line in new]
    partner = _partners(old, there)
    mine, real = [old[number] for number in partner], [there[row] for row in partner.values()]
    known = shift(mine, real)
    taken = frozenset(partner.values())
    shifted = Shift.of(shift_roughly(mine, real) if known is None else known, old + new, whole)
    base = [
        _with_blanks(there, partner[number], taken) if number in partner else [shifted(line)]
        for number, line in enumerate(old)
    ]
    changes = hunks(old, new)
    if changes is None:
        return None
    target = _target(changes, base, shifted)
    merged = _merged([line for lines in base for line in lines], there, target)
    return None if merged is None else _ended(whole, found, merged)


def _merged(base: list[str], there: list[str], target: list[str]) -> list[str] | None:
    differing, changes = hunks(base, there), hunks(base, target)
    if differing is None or changes is None:
        return None
    # Lines that the file has instead of as many quoted ones leave no doubt where the others stand.
    # A line that moved is gone at one place and new at another, which may be one line off.
    present = {squeezed(line) for line in there if line.strip()}
    doubtful = [
        hunk
        for hunk in differing
        if hunk.end - hunk.start != len(hunk.new)
        or any(squeezed(line) in present for line in base[hunk.start : hunk.end])
    ]
    for change in changes:
        if any(hunk.start <= change.end + 1 and change.start <= hunk.end + 1 for hunk in doubtful):
            return None
    merged = merge(base, there, target)
    return _by_words(base, there, target) if merged is None else merged


def _partners(old: Sequence[str], there: Sequence[str]) -> dict[int, int]:
    """Quoted lines, by number, and the rows of the place that they are, white space apart."""
    matcher = SequenceMatcher(
        None, [squeezed(line) for line in old], [squeezed(line) for line in there], autojunk=False
    )
    return {
        block.a + step: block.b + step
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }


def _with_blanks(there: Sequence[str], row: int, taken: frozenset[int]) -> list[str]:
    """A row and the blank ones below it: models leave them out, and they are no difference."""
    end = row + 1
    while end < len(there) and end not in taken and not there[end].strip():
        end += 1
    return list(there[row:end])


def _target(changes: Sequence[Hunk[str]], base: Sequence[list[str]], shifted: Shift) -> list[str]:
    """The new lines: those that the edit leaves alone as the file has them, others shifted."""
    target: list[str] = []
    done = 0
    for change in changes:
        target += [line for lines in base[done : change.start] for line in lines]
        target += [shifted(line) for line in change.new]
        target += base[change.end - 1][1:] if change.start < change.end else []
        done = change.end
    return target + [line for lines in base[done:] for line in lines]


def _by_words(base: list[str], there: list[str], target: list[str]) -> list[str] | None:
    """Merge within lines, where all three have the same number of them."""
    if not len(base) == len(there) == len(target):
        return None
    merged: list[str] = []
    for triple in zip(base, there, target, strict=True):
        line = merge(*map(tokens, triple))
        if line is None:
            return None
        merged.append("".join(line))
    return merged


def _ended(whole: Sequence[str], found: Found, lines: list[str]) -> list[str]:
    """With line ends: the file's own, and none behind its last line if there was none."""
    end = ending(whole[found.first : found.last]) if found.last < len(whole) else ending(whole)
    ended = [line + end for line in lines]
    if ended and found.last == len(whole) and whole[-1] == body(whole[-1]):
        ended[-1] = body(ended[-1])
    return ended
