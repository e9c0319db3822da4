"""Where in a file a quoted passage may stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lsp_server.agent.edits.lines import shift, squeezed, words
from lsp_server.core.text import body

THRESHOLD = 0.8
"""Share of the words of passage and place that agree, from which a place is similar enough."""
MARGIN = 0.1
"""By how much it must be ahead of the next best."""
MAX_SIMILAR_LINES = 400
"""Longer passages have to be quoted right."""
MAX_CANDIDATES = 24
MIN_WORDS = 5
"""Shorter passages are similar to too much."""
_LINE_SIMILAR = 0.6


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the file, from `first` up to `last`, which is not in it."""

    first: int
    last: int
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Rung:
    """A way to compare lines."""

    name: str
    confidence: float
    trims: bool = False
    """Whether blank lines at the passage's edges don't count."""

    @property
    def key(self) -> Callable[[str], str]:
        """What of a line must be the same."""
        return _KEYS[self.name]


def find(whole: Sequence[str], quoted: Sequence[str], rung: Rung) -> list[Found]:
    """All places where the lines of a passage stand, those that overlap an earlier one apart."""
    if not quoted:
        return []
    rows = [
        row for row in range(len(whole)) if rung.name != "white space" or not _blank(whole[row])
    ]
    wanted = [rung.key(line) for line in quoted if rung.name != "white space" or not _blank(line)]
    keys = [rung.key(whole[row]) for row in rows]
    found: list[Found] = []
    for start in range(len(keys) - len(wanted) + 1):
        if keys[start] != wanted[0] or keys[start : start + len(wanted)] != wanted:
            continue
        first, last = rows[start], rows[start + len(wanted) - 1] + 1
        if rung.name == "exact" and not "".join(whole[first:last]).startswith("".join(quoted)):
            continue
        if rung.name == "indentation" and shift(quoted, whole[first:last]) is None:
            continue
        if not found or first >= found[-1].last:
            found.append(Found(first, last))
    return found


def inline(text: str, old: str) -> list[int]:
    """Where a part of a line starts, letter by letter and not within a word."""
    starts: list[int] = []
    start = text.find(old)
    while start >= 0:
        end = start + len(old)
        if not (_joined(text[start - 1 : start], old[0]) or _joined(old[-1], text[end : end + 1])):
            starts.append(start)
        start = text.find(old, start + 1)
    return starts


def similar(
    whole: Sequence[str],
    quoted: Sequence[str],
    *,
    threshold: float = THRESHOLD,
    margin: float = MARGIN,
) -> list[Found]:
    """The place most like a passage, and others that are nearly as like it; the best first."""
    wanted = [words(line) for line in quoted if not _blank(line)]
    rows = [row for row, line in enumerate(whole) if not _blank(line)]
    size = sum(map(len, wanted))
    if len(wanted) > MAX_SIMILAR_LINES or size < MIN_WORDS or not rows:
        return []
    have = [words(whole[row]) for row in rows]
    places: list[Found] = []
    for start in _starts(have, wanted):
        first, last, score = _aligned(have, wanted, start)
        if score >= threshold:
            places.append(Found(rows[first], rows[last] + 1, score))
    places.sort(key=lambda each: (-each.score, each.first))
    apart: list[Found] = []
    for each in places:
        if all(each.last <= other.first or each.first >= other.last for other in apart):
            apart.append(each)
    return [each for each in apart if each.score >= apart[0].score - margin]


def _starts(have: list[list[str]], wanted: list[list[str]]) -> list[int]:
    """Where the passage may begin: rows for which most of its lines speak."""
    votes: Counter[int] = Counter()
    where: dict[tuple[str, ...], list[int]] = {}
    for row, line in enumerate(have):
        where.setdefault(tuple(line), []).append(row)
    for number, line in enumerate(wanted):
        for row in where.get(tuple(line), ())[:MAX_CANDIDATES]:
            votes[row - number] += len(line)
    for number in {0, len(wanted) // 2, len(wanted) - 1}:
        bag = Counter(wanted[number])
        total = len(wanted[number])
        for row, line in enumerate(have):
            common = sum((bag & Counter(line)).values())
            if 2 * common >= _LINE_SIMILAR * (total + len(line)):
                votes[row - number] += common
    return [max(0, start) for start, _ in votes.most_common(MAX_CANDIDATES)]


def _aligned(have: list[list[str]], wanted: list[list[str]], start: int) -> tuple[int, int, float]:
    """Lay the passage near a row: the first and last line that it covers, and how well."""
    slack = 2 + len(wanted) // 4
    low, high = max(0, start - slack), min(len(have), start + len(wanted) + slack)
    lines = have[low:high]
    # best[i][j]: words agreeing of the first i wanted and the first j lines, in order
    best = [[0.0] * (len(lines) + 1) for _ in range(len(wanted) + 1)]
    pair = [[0.0] * len(lines) for _ in wanted]
    for i, mine in enumerate(wanted):
        for j, line in enumerate(lines):
            pair[i][j] = _agreeing(mine, line)
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], best[i][j] + pair[i][j])
    matched: list[int] = []
    i, j = len(wanted), len(lines)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            matched.append(j)
    if not matched:
        return low, low, 0.0
    first, last = matched[-1], matched[0]
    covered = sum(map(len, lines[first : last + 1])) + sum(map(len, wanted))
    return low + first, low + last, 2 * best[-1][-1] / covered


def _agreeing(mine: list[str], line: list[str]) -> float:
    """Words that two lines have in common and in order, fewer for lines that differ much."""
    if mine == line:
        return float(len(mine))
    matcher = SequenceMatcher(None, mine, line, autojunk=False)
    if matcher.quick_ratio() < _LINE_SIMILAR:
        return 0.0
    common = sum(block.size for block in matcher.get_matching_blocks())
    ratio = 2 * common / (len(mine) + len(line))
    return common * ratio if ratio >= _LINE_SIMILAR else 0.0


def _blank(line: str) -> bool:
    return not line.strip()


def _joined(left: str, right: str) -> bool:
    return bool(left and right) and (left + right).replace("_", "a").isalnum()


_KEYS: dict[str, Callable[[str], str]] = {
    "exact": body,
    "line ends": body,
    "trailing space": str.rstrip,
    "indentation": str.strip,
    "white space": squeezed,
}
