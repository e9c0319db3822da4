"""What of a suggestion is shown unasked."""

from __future__ import annotations

import math

import pytest

from lsp_server.completion.outcomes import Outcome, Verdict
from lsp_server.completion.price import (
    MAX_SHIFT,
    Evidence,
    Priced,
    confidence,
    priced,
    shift,
)

TEXT = "first = 1\nsecond = 2"


def judged(text: str, logprobs: dict[str, float], minimum: float = 0.5) -> Priced:
    return priced(text, logprobs.get, at_line_start=False, minimum=minimum)


def test_what_is_likely_is_shown_whole() -> None:
    found = judged(TEXT, {TEXT: -0.01})
    assert found.worth == TEXT
    assert found.confidence is not None
    assert found.confidence > 0.5


def test_of_what_is_not_the_first_line_may_be() -> None:
    found = judged(TEXT, {TEXT: -9.0, "first = 1": -0.01})
    assert found.worth == "first = 1"
    assert found.confidence is not None
    assert found.confidence > 0.5


@pytest.mark.parametrize("text", ["call(\n    1,\n)", "if (x) {\n}", "\nx = 1"])
def test_a_line_that_opens_something_does_not_stand_alone(text: str) -> None:
    first = text.partition("\n")[0]
    assert judged(text, {text: -9.0, first: -0.01}).worth == ""


def test_nothing_unlikely_is_shown_but_its_confidence_is_told() -> None:
    found = judged(TEXT, {TEXT: -9.0, "first = 1": -8.0})
    assert found.worth == ""
    assert found.confidence is not None
    assert found.confidence < 0.01


def test_without_probabilities_all_is_shown() -> None:
    assert judged(TEXT, {}) == Priced(TEXT, None)


def test_confidence_rises_with_probability_and_stays_a_probability() -> None:
    values = [confidence(Evidence(-x, at_line_start=True, lines=1)) for x in (0, 0.1, 1, 10, 1e9)]
    assert values == sorted(values, reverse=True)
    assert all(0 <= value <= 1 for value in values)


def outcomes(verdict: Verdict, count: int, score: float = 0.5) -> list[Outcome]:
    return [Outcome(0.0, "python", score, 1, verdict)] * count


def test_history_moves_confidence_towards_what_was_kept() -> None:
    assert shift([]) == 0
    assert shift(outcomes("ignored", 100)) == 0
    assert shift(outcomes("kept", 10) + outcomes("rejected", 10)) == pytest.approx(0)
    assert 0 < shift(outcomes("kept", 10)) < shift(outcomes("kept", 100)) <= MAX_SHIFT
    assert -MAX_SHIFT <= shift(outcomes("rejected", 100)) < shift(outcomes("rejected", 10)) < 0
    assert math.isfinite(shift(outcomes("rejected", 10_000, 1.0)))
