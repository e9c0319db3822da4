"""Sampling: the likeliest token, chance with a seed, and rules."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lsp_server.engines.local.sampling import TOP_P, Logits, Sampler

PROBABILITIES = np.array([0.1, 0.5, 0.3, 0.06, 0.04])
LOGITS: Logits = np.log(PROBABILITIES).astype(np.float32) + 3


class Only:
    """Rules that allow some tokens."""

    def __init__(self, *allowed: int) -> None:
        self._allowed = allowed
        self.accepted: list[int] = []

    def allows(self, token: int) -> bool:
        return token in self._allowed

    def restrict(self, logits: Logits) -> Logits:
        restricted = np.full_like(logits, -np.inf)
        restricted[list(self._allowed)] = logits[list(self._allowed)]
        return restricted

    def accept(self, token: int) -> None:
        self.accepted.append(token)


def draw(sampler: Sampler, times: int = 1) -> list[int]:
    picked = [sampler.pick(LOGITS) for _ in range(times)]
    return [found[0] for found in picked if found]


@pytest.mark.parametrize("seed", [0, 1, 2**70, -1])
def test_without_temperature_it_is_the_likeliest(seed: int) -> None:
    assert draw(Sampler(0.0, seed), 3) == [1, 1, 1]


def test_tokens_come_as_often_as_they_are_likely_up_to_top_p() -> None:
    counts = Counter(draw(Sampler(1.0, 7), 20_000))
    assert set(counts) == {0, 1, 2, 3}, "the least likely one is beyond TOP_P"
    total = PROBABILITIES[:4].sum()
    assert total > TOP_P
    for token, count in counts.items():
        assert count / 20_000 == pytest.approx(PROBABILITIES[token] / total, abs=0.015)


def test_a_low_temperature_is_nearly_greedy() -> None:
    assert set(draw(Sampler(0.05, 1), 200)) == {1}


def test_the_seed_decides() -> None:
    first, again, other = (draw(Sampler(1.0, seed), 20) for seed in (4, 4, 5))
    assert first == again != other


def test_the_log_probability_is_the_models() -> None:
    for temperature in (0.0, 0.7):
        found = Sampler(temperature, 3, Only(2)).pick(LOGITS)
        assert found is not None
        assert found[0] == 2
        assert found[1] == pytest.approx(np.log(0.3), abs=1e-5)


def test_rules_are_kept_and_told_what_was_picked() -> None:
    rules = Only(0, 4)
    drawn = draw(Sampler(1.0, 1, rules), 100)
    assert set(drawn) == {0, 4}
    assert rules.accepted == drawn
    assert Sampler(0.0, 1, Only()).pick(LOGITS) is None
