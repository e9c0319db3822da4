"""How good an answer is, and how sure a difference between two ways is."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from tree_sitter import Node

from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode

RESAMPLES = 2000
CONFIDENCE = 0.95
_PAIRS = {")": "(", "]": "[", "}": "{"}


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def exact(answer: str, expected: str) -> bool:
    """Whether the texts are equal, white space at line ends and at the end apart."""
    return _trimmed(answer) == _trimmed(expected)


def prefix_match(answer: str, expected: str) -> bool:
    """Whether the answer is a beginning of what is expected, and not empty."""
    return bool(answer.strip()) and _trimmed(expected).startswith(_trimmed(answer))


def similarity(one: str, other: str) -> float:
    """1 less the Levenshtein distance as a part of the longer text: 1 for equal texts."""
    if one == other:
        return 1.0
    distances = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        left_above, distances[0] = distances[0], row
        for column, against in enumerate(other, 1):
            best = min(
                distances[column] + 1, distances[column - 1] + 1, left_above + (letter != against)
            )
            left_above, distances[column] = distances[column], best
    return 1 - distances[-1] / max(len(one), len(other))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: a grammar of `lsp_server.core.syntax` and the texts around it."""

    grammar: str
    before: str
    after: str

    def errors(self, answer: str) -> int:
        """Errors and missing tokens of the whole text with the answer in its place.

        Raises ValueError if the text is too large to be parsed.
        """
        return sum(node.is_error or node.is_missing for node in _damaged(self._root(answer)))

    def parses(self, answer: str, expected: str) -> bool:
        """Whether the text has no more errors than with what really stood there."""
        return self.errors(answer) <= self.errors(expected)

    def repeats(self, answer: str) -> bool:
        """Whether the answer says again what stands behind it.

        That is what stands right of the cursor, the next line that is not blank, or a bracket that
        closes what the text behind closes already. What is expected may do so too, if the code is
        like that; such cases count for nobody.
        """
        return self._repeats_text(answer) or self._closes_again(answer)

    def _repeats_text(self, answer: str) -> bool:
        rest, _, below = self.after.partition("\n")
        if _is_telling(rest) and answer.rstrip().endswith(rest.strip()):
            return True
        following = next((line.rstrip() for line in below.split("\n") if line.strip()), "")
        lines = (self.before.rpartition("\n")[2] + answer).split("\n")
        if len(lines) == 1 and rest.strip():
            return False  # its line goes on behind it
        return _is_telling(following) and following in map(str.rstrip, lines)

    def _closes_again(self, answer: str) -> bool:
        """Whether a closing bracket too many is in the answer, and the text is better without."""
        start = len(encode(self.before))
        data = encode(answer)
        waiting: list[str] = []
        extra: list[int] = []
        for leaf in _leaves(self._root(answer), start, start + len(data)):
            if leaf.type in _PAIRS.values():
                waiting.append(leaf.type)
            elif leaf.type in _PAIRS and waiting and waiting[-1] == _PAIRS[leaf.type]:
                waiting.pop()
            elif leaf.type in _PAIRS:
                extra.append(leaf.start_byte - start)
        errors = self.errors(answer) if extra else 0
        without = (data[:at] + data[at + 1 :] for at in extra)
        return errors > 0 and any(
            self.errors(text.decode("utf-8", "surrogatepass")) < errors for text in without
        )

    def _root(self, answer: str) -> Node:
        syntax = Syntax.parse(self.before + answer + self.after, self.grammar)
        if syntax is None:
            raise ValueError("the text is too large to be parsed")
        return syntax.tree.root_node


def _is_telling(line: str) -> bool:
    """Whether there is more on it than brackets that close."""
    return any(map(str.isalnum, line))


def _damaged(node: Node) -> Iterator[Node]:
    """The nodes of a tree that have or are errors."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.has_error or current.is_error or current.is_missing:
            yield current
            waiting.extend(current.children)


def _leaves(node: Node, start: int, end: int) -> Iterator[Node]:
    """Tokens that begin between two bytes, in their order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.end_byte <= start or current.start_byte >= end:
            continue
        if current.child_count:
            waiting.extend(reversed(current.children))
        elif current.start_byte >= start:
            yield current


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and where it lies with a confidence of `CONFIDENCE`."""

    value: float
    low: float
    high: float


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least this part (0 to 1) of the values does not exceed."""
    return sorted(values)[max(math.ceil(part * len(values)) - 1, 0)]


def difference(ones: Sequence[float], others: Sequence[float], seed: int = 0) -> Interval:
    """Mean of the ones less mean of the others, case by case: a paired bootstrap."""
    return _bootstrap(ones, others, lambda one, other: one - other, seed)


def ratio(ones: Sequence[float], others: Sequence[float], seed: int = 0) -> Interval:
    """Mean of the ones by mean of the others; infinite where only the latter is 0, 1 if both."""

    def divide(one: float, other: float) -> float:
        if other:
            return one / other
        return math.inf if one else 1.0

    return _bootstrap(ones, others, divide, seed)


def _bootstrap(
    ones: Sequence[float],
    others: Sequence[float],
    of_means: Callable[[float, float], float],
    seed: int,
) -> Interval:
    """Draw cases again and again, both ways of a case together. Raises ValueError if unlike."""
    pairs = list(zip(ones, others, strict=True))

    def figure(drawn: Sequence[tuple[float, float]]) -> float:
        return of_means(fmean(one for one, _ in drawn), fmean(other for _, other in drawn))

    chance = random.Random(seed)
    figures = sorted(figure(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    cut = round((1 - CONFIDENCE) / 2 * RESAMPLES)
    return Interval(figure(pairs), figures[cut], figures[-1 - cut])


def paired(ones: Sequence[float], others: Sequence[float]) -> dict[str, float]:
    """How often the one is better or worse, and the sign test's two-sided p value."""
    pairs = list(zip(ones, others, strict=True))
    wins = sum(one > other for one, other in pairs)
    losses = sum(one < other for one, other in pairs)
    decided = wins + losses
    tail = sum(math.comb(decided, k) for k in range(min(wins, losses) + 1)) / 2**decided
    return {"wins": wins, "losses": losses, "p": round(min(1.0, 2 * tail), 4)}
