"""The number of threads on simulated machines that get busy and quiet again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from lsp_server.engines.local.pace import Pace

Load = Callable[[int, int, random.Random], float]
"""Seconds of a step, from its tokens and threads."""


def quiet(tokens: int, threads: int, chance: random.Random) -> float:
    """Two cores to itself, with a hiccup now and then."""
    hiccup = 4.0 if chance.random() < 0.02 else 1.0
    token = {2: 0.017, 1: 0.022}[threads]
    work = token if tokens == 1 else tokens * {2: 1 / 290, 1: 1 / 154}[threads]
    return work * hiccup * chance.uniform(0.93, 1.07)


def busy(tokens: int, threads: int, chance: random.Random) -> float:
    """Beside two busy processes: two threads wait for each other, and for their turns."""
    slower = chance.uniform(2.7, 9.9) if threads == 2 else chance.uniform(1.2, 1.45)
    return quiet(tokens, threads, chance) * slower


def mildly_busy(tokens: int, threads: int, chance: random.Random) -> float:
    """Slower, but two threads are still the better choice."""
    return quiet(tokens, threads, chance) * 1.7


@dataclass
class Run:
    """A server that works without a break, and what its steps took."""

    pace: Pace = field(default_factory=lambda: Pace(2, {1: 0.017, 64: 0.22}))
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    threads: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def work(self, load: Load, steps: int, sizes: Sequence[int] = (1,)) -> float:
        """Do so many steps; their seconds relative to the best number of threads, known before."""
        spent = best = 0.0
        self.threads = []
        for number in range(steps):
            tokens, threads = sizes[number % len(sizes)], self.pace.threads
            state = self.chance.getstate()
            choices = []
            for other in (1, 2):
                self.chance.setstate(state)
                choices.append(load(tokens, other, self.chance))
            seconds = choices[threads - 1]
            self.pace.observe(tokens, seconds)
            self.threads.append(threads)
            spent += seconds
            best += min(choices)
        self.seconds = spent
        return spent / best


TYPING = (1, 2, 1, 1, 1, 3, 1, 1, 64, 37)


@pytest.mark.parametrize("sizes", [(1,), (64,), TYPING], ids=["generate", "prompt", "typing"])
@pytest.mark.parametrize("seed", range(5))
def test_quiet_stays_at_the_most_threads(sizes: tuple[int, ...], seed: int) -> None:
    run = Run(chance=random.Random(seed))
    assert run.work(quiet, 3000, sizes) < 1.02
    assert run.threads.count(2) > 0.97 * 3000


@pytest.mark.parametrize("seed", range(5))
def test_a_machine_that_gets_busy_is_noticed_within_ten_steps(seed: int) -> None:
    run = Run(chance=random.Random(seed))
    run.work(quiet, 100)
    run.work(busy, 10)
    assert run.threads[-1] == 1
    assert run.work(busy, 2000) < 1.08
    assert run.threads.count(1) > 0.95 * 2000


@pytest.mark.parametrize("seed", range(5))
def test_typing_beside_busy_processes(seed: int) -> None:
    run = Run(chance=random.Random(seed))
    run.work(quiet, 200, TYPING)
    run.work(busy, 40, TYPING)
    assert run.work(busy, 1000, TYPING) < 1.1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [(1,), (64,)], ids=["generate", "prompt"])
def test_all_threads_are_back_three_seconds_after_the_load_has_gone(
    seed: int, sizes: tuple[int, ...]
) -> None:
    run = Run(chance=random.Random(seed))
    run.work(quiet, 100, sizes)
    run.work(busy, 500, sizes)
    waited = 0.0
    while run.pace.threads == 1 or waited == 0:
        run.work(quiet, 4, sizes)
        waited += run.seconds
        assert waited < 3.0
    assert run.work(quiet, 1000, sizes) < 1.04  # three hiccups in a row mislead it for a moment


def test_fewer_threads_that_are_no_better_are_given_up() -> None:
    run = Run()
    run.work(quiet, 50)
    assert run.work(mildly_busy, 2000) < 1.02
    assert run.threads.count(2) > 0.95 * 2000


def test_a_server_started_on_a_busy_machine_knows_it_by_what_was_measured_before() -> None:
    run = Run()
    run.work(busy, 10)
    assert run.threads[-1] == 1


def test_speeds_that_are_not_known_are_learned() -> None:
    run = Run(pace=Pace(2, {}))
    run.work(quiet, 50)
    run.work(busy, 10)
    assert run.threads[-1] == 1


def test_growing_contexts_are_no_load() -> None:
    pace = Pace(2, {1: 0.017})
    for step in range(4000):
        pace.observe(1, 0.017 * (1 + step / 2000))
        assert pace.threads == 2


def test_of_many_cores_as_many_are_used_as_help() -> None:
    pace = Pace(8, {1: 0.010})
    waits = {8: 0.100, 4: 0.060, 2: 0.025, 1: 0.045}
    for _ in range(60):
        pace.observe(1, waits[pace.threads])
    assert pace.threads == 2
    freed = {8: 0.010, 4: 0.014, 2: 0.020, 1: 0.040}
    for _ in range(250):
        pace.observe(1, freed[pace.threads])
    assert pace.threads == 8


def test_one_core_is_one_thread() -> None:
    pace = Pace(1, {1: 0.02})
    for _ in range(100):
        pace.observe(1, 0.2)
        assert pace.threads == 1


def test_trials_that_cost_much_are_rare() -> None:
    def compiling(tokens: int, threads: int, chance: random.Random) -> float:
        return quiet(tokens, threads, chance) * (60 if threads == 2 else 1.3)

    run = Run()
    run.work(quiet, 100)
    run.work(compiling, 100)
    assert run.work(compiling, 2000) < 1.1
