"""Figures that the benchmarks print, and sources of chance that they share."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence

from lsp_server.evaluation.scoring import percentile

Summary = dict[str, float | int | None]


def summary(values: Sequence[float], digits: int = 1) -> Summary:
    """Count, mean, median, p95 and p99; None for all but the count where there are no values."""
    if not values:
        return {"count": 0, "mean": None, "p50": None, "p95": None, "p99": None}
    figures = {
        "mean": statistics.fmean(values),
        "p50": statistics.median(values),
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
    }
    return {"count": len(values)} | {
        name: round(figure, digits) for name, figure in figures.items()
    }


def ratio(one: float | None, other: float | None, digits: int = 3) -> float | None:
    """One divided by the other; None where one is not known or the other is 0."""
    return round(one / other, digits) if one is not None and other else None


def growth_percent(before: int, after: int) -> float:
    """By how much something has grown."""
    return round(100 * (after - before) / before, 2)


class Rhythm:
    """Pauses between keys: log-normal around a median, one in forty a pause of 1 to 2 s.

    The same for the same seed.
    """

    SPREAD = 0.4
    """Standard deviation of the logarithm."""

    def __init__(self, median_seconds: float, seed: int) -> None:
        self._median = median_seconds
        self._chance = random.Random(seed)

    def pause(self) -> float:
        """Seconds until the next key; 0 where the median is 0."""
        thinks = self._chance.random() < 1 / 40
        short, long = self._chance.lognormvariate(0, self.SPREAD), self._chance.uniform(1, 2)
        if not self._median:
            return 0.0
        return long if thinks else self._median * short
