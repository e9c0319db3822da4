"""Percentiles, ratios and the rhythm of keys."""

from __future__ import annotations

from benchmarks.figures import Rhythm, growth_percent, ratio, summary
from lsp_server.evaluation.scoring import percentile


def test_a_summary_says_what_there_is() -> None:
    expected = {"count": 4, "mean": 4.0, "p50": 2.5, "p95": 10, "p99": 10}
    assert summary([1, 2, 3, 10]) == expected
    assert summary([]) == {"count": 0, "mean": None, "p50": None, "p95": None, "p99": None}


def test_ratios_and_growth() -> None:
    assert ratio(1.0, 4.0) == 0.25
    assert ratio(None, 4.0) is ratio(1.0, None) is ratio(1.0, 0.0) is None
    assert growth_percent(200, 210) == 5.0


def test_the_rhythm_is_that_of_its_seed_and_median() -> None:
    rhythm, again = Rhythm(0.15, 1), Rhythm(0.15, 1)
    pauses = [rhythm.pause() for _ in range(2000)]
    assert pauses == [again.pause() for _ in range(2000)]
    assert 0.14 < percentile(pauses, 0.5) < 0.16
    assert 20 < sum(1 <= pause <= 2 for pause in pauses) < 90
    assert Rhythm(0.0, 1).pause() == 0
