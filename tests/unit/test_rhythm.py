"""The delay before a request, against simulated typists."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from lsp_server.completion.rhythm import BACKING_OFF, LONGEST_WAIT, Rhythm


def typed(*intervals: float) -> Rhythm:
    rhythm = Rhythm()
    now = 100.0
    rhythm.key(now)
    for interval in intervals:
        now += interval
        rhythm.key(now)
    return rhythm


@dataclass
class Outcome:
    computed: int = 0
    thrown_away: int = 0
    waits: float = 0.0
    """Of the keys that were answered, added up."""
    answered: int = 0


def simulate(
    *, interval: float, pause_every: int, latency: float, adaptive: bool, keys: int = 2000
) -> Outcome:
    """Type with log-normal intervals, and a pause of 2 s at random; each key is a request.

    A request is computed after its delay, unless the next key came first; the next key throws away
    what is not finished by then.
    """
    chance = random.Random(7)
    rhythm, now, outcome = Rhythm(), 0.0, Outcome()
    for _ in range(keys):
        rhythm.key(now)
        delay = rhythm.delay(latency) if adaptive else 0.0
        until_next = 2.0 if chance.random() < 1 / pause_every else chance.lognormvariate(0, 0.3)
        until_next *= 1.0 if until_next == 2.0 else interval
        now += until_next
        if delay >= until_next:
            continue
        outcome.computed += 1
        if delay + latency > until_next:
            outcome.thrown_away += 1
        else:
            outcome.answered += 1
            outcome.waits += delay
    return outcome


@pytest.mark.parametrize(("interval", "latency"), [(0.1, 0.3), (0.15, 0.5), (0.2, 1.0)])
def test_fast_typing_before_a_slow_engine_computes_little_in_vain(
    interval: float, latency: float
) -> None:
    plain, adaptive = (
        simulate(interval=interval, pause_every=10, latency=latency, adaptive=adaptive)
        for adaptive in (False, True)
    )
    assert plain.thrown_away > 1500
    assert adaptive.thrown_away < 0.2 * plain.thrown_away
    assert adaptive.answered == plain.answered
    assert adaptive.waits / adaptive.answered <= min(2 * interval, LONGEST_WAIT)


@pytest.mark.parametrize(
    ("interval", "latency"), [(0.2, 0.03), (0.1, 0.08), (0.4, 0.3), (0.6, 2.0), (0.45, 1.0)]
)
def test_an_answer_in_time_is_not_delayed_nor_one_that_no_wait_would_save(
    interval: float, latency: float
) -> None:
    outcome = simulate(interval=interval, pause_every=10, latency=latency, adaptive=True)
    assert outcome.waits / outcome.answered < 0.005


def test_the_delay_follows_the_rhythm() -> None:
    assert typed(*[0.1] * 20).delay(0.05) == 0
    assert typed(*[0.1] * 20).delay(0.5) == pytest.approx(0.12)
    assert typed(*[0.1] * 20, *[0.2] * 20).delay(0.5) == pytest.approx(0.22)
    assert typed(*[0.1] * 17, *[0.9] * 3).delay(0.5) == pytest.approx(0.12)
    assert typed(*[0.1] * 18, 0.2, 0.25).delay(0.5) == pytest.approx(0.12)  # stragglers
    assert typed(*[0.1] * 16, *[0.5] * 4).delay(2) == LONGEST_WAIT
    assert typed(*[0.1] * 4).delay(0.5) == 0  # too little is known
    assert typed(*[0.1] * 4, *[5.0] * 20).delay(0.5) == 0  # pauses are no rhythm


def test_rejections_back_off_and_fade() -> None:
    rhythm, least = typed(0.5), BACKING_OFF[0]
    assert rhythm.delay(0.1) == 0
    rhythm.rejected(100.5)
    assert rhythm.delay(0.1) == pytest.approx(least * 1.5)
    rhythm.rejected(100.5)
    assert rhythm.delay(0.1) == pytest.approx(least * 1.5**2)
    rhythm.key(100.5 + 600)  # ten minutes later
    faded = 1 + 0.5 * 0.36788
    assert rhythm.delay(0.1) == pytest.approx(least * faded**2, rel=1e-4)
    rhythm.key(100.5 + 6000)
    assert rhythm.delay(0.1) == pytest.approx(least, rel=0.01)


def test_acceptances_make_up_for_rejections() -> None:
    rhythm, least = typed(0.5), BACKING_OFF[0]
    rhythm.rejected(100.5)
    rhythm.accepted(100.5)
    assert rhythm.delay(0.1) == pytest.approx(least * 1.5 * 0.8)
    rhythm.accepted(100.5)
    assert rhythm.delay(0.1) == 0


def test_back_off_is_bounded_and_over_soon() -> None:
    rhythm = typed(*[0.1] * 20)
    for _ in range(50):
        rhythm.rejected(102.0)
    assert rhythm.delay(0.5) == BACKING_OFF[1]
    for _ in range(7):
        rhythm.accepted(102.0)
    assert rhythm.delay(0.5) == pytest.approx(0.12)
