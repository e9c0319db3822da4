"""Drafts: the earlier place against a plain search, and the policy against simulated machines."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engines.local.drafts import (
    LONGEST,
    NO_DRAFT,
    SHORTEST,
    SIZES,
    Draft,
    DraftPolicy,
    Guess,
    History,
)

few_tokens = st.lists(st.integers(0, 2), max_size=40)


def plain_search(after: Sequence[int], before: Sequence[int]) -> tuple[int, list[int]] | None:
    """Agreeing tokens and all that followed the latest of the best earlier places."""
    tokens = [-2, *after, -1, *before]
    for match in range(LONGEST, SHORTEST - 1, -1):
        wanted = tokens[-match:]
        for end in range(len(tokens) - 1, match - 1, -1):
            place = tokens[end - match : end]
            if place == wanted and not {-1, -2} & set(place):
                return match, tokens[end:]
    return None


@given(few_tokens, few_tokens)
def test_the_latest_of_the_best_earlier_places(after: list[int], before: list[int]) -> None:
    history = History(before, after)
    guess, expected = history.guess(), plain_search(after, before)
    if guess is None or expected is None:
        assert guess is None
        assert expected is None
        return
    match, followed = expected
    assert guess.match == match
    draft = history.draft(guess, len(followed))
    assert draft == (followed[: followed.index(-1)] if -1 in followed else followed)


@given(few_tokens, few_tokens, st.lists(st.tuples(st.integers(0, 10), few_tokens), max_size=5))
def test_tokens_taken_off_leave_no_trace(
    after: list[int], before: list[int], edits: list[tuple[int, list[int]]]
) -> None:
    history = History(before, after)
    middle: list[int] = []
    for dropped, added in edits:
        kept = max(0, len(middle) - dropped)
        middle = middle[:kept] + added
        history.follow(middle)
        fresh = History(before + middle, after)
        assert history.guess() == fresh.guess()


def test_a_line_begun_before_the_gap_is_continued_from_the_text_behind_it() -> None:
    assert draft(History(before=[9, 9, 1, 2], after=[5, 1, 2, 3, 4, 6]), 3) == [3, 4, 6]


def test_a_draft_ends_where_its_text_ends() -> None:
    assert draft(History(before=[7, 1, 2], after=[1, 2, 3]), 4) == [3]
    assert History(before=[7, 1, 2], after=[0, 1, 2]).draft(Guess(2, 4), 4) == []


def test_a_copy_that_reaches_its_own_end_goes_on() -> None:
    assert draft(History([1, 2, 3, 1, 2, 3, 1, 2]), 7) == [3, 1, 2, 3, 1, 2, 3]


def test_a_draft_is_what_followed_and_what_is_judged_even_if_nothing_is_tried() -> None:
    policy = DraftPolicy()
    history = History([1, 2, 3, 4, 1, 2, 3])
    assert policy.draft(history, limit=5) == Draft(3, [4], [4])
    assert policy.draft(history, limit=0) == Draft(3, [], [4])
    assert policy.draft(History([1, 2, 3]), limit=5) == NO_DRAFT


def test_an_index_of_2000_tokens_is_built_in_under_3_ms() -> None:
    chance = random.Random(1)
    tokens = [chance.randrange(300) for _ in range(2000)]
    times = []
    for _ in range(10):
        started = time.process_time()
        History(tokens)
        times.append(time.process_time() - started)
    assert min(times) < 0.003


def draft(history: History, limit: int) -> list[int]:
    guess = history.guess()
    assert guess is not None
    return history.draft(guess, limit)


SINGLE_SECONDS = 0.05
LAPTOP = {1: 1.0, 2: 1.22, 4: 1.80, 8: 3.57}
"""Times of batches, measured with the 0.5B on two cores; relative to one token."""
COMPUTE_BOUND = {size: float(size) for size in LAPTOP}
GPU = {1: 1.0, 2: 1.02, 4: 1.05, 8: 1.1}


def speed_up(
    policy: DraftPolicy, costs: dict[int, float], acceptance: float, tokens: int, seed: int = 1
) -> float:
    """Write so many tokens with guesses that are right so often; the speed relative to none."""
    chance = random.Random(seed)
    written, spent = 0, 0.0
    while written < tokens:
        match = chance.choice((2, 3, 4, 4))
        size = policy.size(match, limit=100)
        right = [int(chance.random() < acceptance) for _ in range(max(size, 1))]
        agreed = right.index(0) if 0 in right else len(right)
        picked = [1] * (min(agreed, size) + 1) if size else right
        if size and agreed < size:
            picked[-1] = 0
        seconds = costs[size + 1] * SINGLE_SECONDS * chance.uniform(0.9, 1.1)
        policy.measured(size + 1, seconds)
        policy.judge(match, [1] * max(size, 1), picked)
        written += len(picked) if size else 1
        spent += seconds
    return written * SINGLE_SECONDS / spent


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("costs", [LAPTOP, COMPUTE_BOUND, GPU], ids=["laptop", "compute", "gpu"])
@pytest.mark.parametrize("acceptance", [0.0, 0.1, 0.3, 0.5])
def test_bad_guesses_cost_next_to_nothing(
    costs: dict[int, float], acceptance: float, seed: int
) -> None:
    assert speed_up(DraftPolicy(), costs, acceptance, 3000, seed) >= 0.97


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("acceptance", [0.9, 1.0])
def test_a_machine_that_gains_nothing_loses_little(acceptance: float, seed: int) -> None:
    assert speed_up(DraftPolicy(), COMPUTE_BOUND, acceptance, 3000, seed) >= 0.97


def test_good_guesses_pay_from_the_start() -> None:
    assert speed_up(DraftPolicy(), LAPTOP, 0.95, 60) >= 1.3
    assert speed_up(DraftPolicy(), LAPTOP, 0.95, 1000) >= 1.8


def test_where_a_batch_is_nearly_free_drafts_are_long() -> None:
    policy = DraftPolicy()
    assert speed_up(policy, GPU, 0.95, 500) >= 4
    assert policy.size(4, limit=100) == max(SIZES)


def test_guesses_that_turn_good_are_used_soon_and_bad_ones_dropped_soon() -> None:
    policy = DraftPolicy()
    assert speed_up(policy, LAPTOP, 0.0, 500) >= 0.97
    assert policy.size(4, limit=100) == 0
    assert speed_up(policy, LAPTOP, 0.95, 150) >= 1.25
    assert speed_up(policy, LAPTOP, 0.0, 150) >= 0.88


def test_a_cost_measured_in_a_bad_moment_is_measured_again() -> None:
    policy = DraftPolicy()
    speed_up(policy, LAPTOP, 0.95, 200)
    for tokens in (2, 4, 8):
        for _ in range(5):
            policy.measured(tokens, SINGLE_SECONDS * 20)
    assert policy.size(4, limit=100) == 0
    speed_up(policy, LAPTOP, 0.95, 1000)
    assert speed_up(policy, LAPTOP, 0.95, 500) >= 1.5


def test_no_draft_is_longer_than_what_may_still_be_written() -> None:
    policy = DraftPolicy()
    speed_up(policy, LAPTOP, 1.0, 200)
    assert [policy.size(4, limit) for limit in range(4)] == [0, 1, 1, 3]


def test_a_later_token_of_a_draft_counts_as_one_with_a_longer_match() -> None:
    policy = DraftPolicy()
    assert policy.size(4, limit=1) == 1
    for _ in range(50):
        policy.judge(2, [1, 1, 0], [1, 1, 1])
    assert policy.size(4, limit=1) == 0
    assert policy.size(2, limit=1) == 1
