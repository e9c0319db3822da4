"""Slots: which prompt stays evaluated, which is copied and which gives way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lsp_server.engines.base import Delta, Finished, Priority
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.parking import FEWEST_TOKENS, Parking, State
from lsp_server.engines.local.scheduler import Scheduler
from lsp_server.engines.local.slots import COPY_TOKENS, FORK_TOKENS, RECALLED_TOKENS, SLOTS
from lsp_server.engines.local.states import States
from tests.list_context import SPEED, Among, Bytes, ListContext

LONG = FORK_TOKENS + 20


class Bench:
    """A scheduler, and how many tokens each prompt costs."""

    def __init__(self, context: ListContext | None = None) -> None:
        self.context = ListContext(slice_tokens=64) if context is None else context
        self.scheduler = Scheduler(self.context, Bytes(), SPEED)

    def job(self, prompt: list[int], max_tokens: int = 0, priority: int = Priority.TYPING) -> Job:
        job = Job(list(prompt), max_tokens, priority, lambda event: None)
        self.scheduler.add(job)
        return job

    def cost(self, prompt: list[int], max_tokens: int = 0) -> int:
        """Prompt tokens that are evaluated for it."""
        job = self.job(prompt, max_tokens)
        while self.scheduler.busy:
            self.scheduler.step()
        return job.evaluated_tokens


@pytest.fixture
def bench() -> Bench:
    return Bench()


def anchor(number: int, length: int = LONG) -> list[int]:
    """A prompt that begins as all do, and then differs."""
    return [0, *[number] * (length - 1)]


def test_as_many_anchors_as_slots_stay_evaluated(bench: Bench) -> None:
    anchors = [anchor(number) for number in range(1, SLOTS + 1)]
    assert [bench.cost(each) for each in anchors] == [LONG] * SLOTS
    for _ in range(2):
        assert [bench.cost(each) for each in anchors] == [1] * SLOTS
    assert bench.context.copies == []


def test_short_prompts_have_slots_too(bench: Bench) -> None:
    anchors = [anchor(number, 6) for number in range(1, SLOTS + 1)]
    assert [bench.cost(each) for each in anchors] == [6] * SLOTS
    assert [bench.cost(each) for each in anchors] == [1] * SLOTS


def test_the_one_that_was_not_used_for_longest_gives_way(bench: Bench) -> None:
    for number in range(1, SLOTS + 1):
        bench.cost(anchor(number))
    bench.cost(anchor(1))
    assert bench.cost(anchor(9)) == LONG - 1
    assert bench.context.sequences[1] == anchor(9)
    assert [bench.cost(anchor(number)) for number in (1, 3, 4, 9)] == [1] * 4


def test_what_gave_way_comes_back(bench: Bench) -> None:
    numbers = range(1, 4 * SLOTS)
    for number in numbers:
        bench.cost(anchor(number))
    for _ in range(2):
        assert [bench.cost(anchor(number)) for number in numbers] == [1] * len(numbers)
    assert bench.cost([*anchor(1), 7, 8]) == 2
    for number in range(SLOTS):
        bench.cost(anchor(100 + number))
    assert bench.cost([*anchor(1), 7, 9]) == 1


def test_what_is_short_is_evaluated_again(bench: Bench) -> None:
    for number in range(SLOTS + 1):
        bench.cost(anchor(number, FEWEST_TOKENS - 1))
    assert bench.cost(anchor(0, FEWEST_TOKENS - 1)) == FEWEST_TOKENS - 2


class Forgetful(ListContext):
    """Can't take back what it gave."""

    def restore(self, sequence: int, state: State) -> bool:
        return False


def test_a_state_that_does_not_fit_is_evaluated_again() -> None:
    bench = Bench(Forgetful(slice_tokens=64))
    for number in range(SLOTS + 1):
        bench.cost(anchor(number))
    assert bench.cost(anchor(0)) == LONG


def test_there_is_room_for_so_many() -> None:
    parking = Parking(room=25)
    for number in range(3):
        parking.add([number] * 3, 3, np.zeros(10, np.uint8))
    assert parking.take([0, 0, 0, 5], 0) is None
    assert parking.take([1, 1, 5], 2) is None
    parking.add([2] * 4, 4, np.zeros(10, np.uint8))  # goes on from another
    found = parking.take([1, 1, 5], 1)
    assert found is not None
    assert found.tokens == [1] * 3
    assert parking.take([1, 1, 5], 1) is None
    parking.add([5], 1, np.zeros(26, np.uint8))
    assert parking.take([5], 0) is parking.take([2] * 4, 0) is None


def test_typing_goes_on_in_its_slot(bench: Bench) -> None:
    other = anchor(2)
    bench.cost(other)
    prompt = anchor(1)
    bench.cost(prompt, max_tokens=30)
    for token in range(100):
        prompt.append(200 + token % 3)
        assert bench.cost(prompt, max_tokens=30) <= 2
    assert bench.context.copies == []
    assert bench.cost(other) == 1


def test_a_prompt_that_differs_late_leaves_the_other_alone(bench: Bench) -> None:
    common = anchor(1)
    first, second = [*common, *[2] * LONG], [*common, *[3] * LONG]
    bench.cost(first)
    assert bench.cost(second) == LONG
    assert len(bench.context.copies) == 1
    assert bench.cost(first) == bench.cost(second) == 1


@pytest.mark.parametrize(("common", "copies"), [(COPY_TOKENS, 1), (COPY_TOKENS - 1, 0)])
def test_a_short_common_beginning_is_not_worth_a_copy(
    bench: Bench, common: int, copies: int
) -> None:
    bench.cost([*[1] * common, *[2] * LONG])
    bench.cost([*[1] * common, *[3] * LONG])
    assert len(bench.context.copies) == copies


def test_what_little_differs_is_forgotten(bench: Bench) -> None:
    common = anchor(1)
    bench.cost([*common, *[2] * FORK_TOKENS])
    assert bench.cost([*common, 3]) == 1
    assert bench.context.copies == []
    assert bench.cost([*common, *[2] * FORK_TOKENS]) == FORK_TOKENS


class Endless(ListContext):
    """Says the same for ever."""

    def __init__(self) -> None:
        super().__init__(slice_tokens=64)

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        return 7, -1.0


def generate(bench: Bench, prompt: list[int], tokens: int) -> Job:
    """Start on a long answer."""
    job = bench.job(prompt, max_tokens=tokens + 1, priority=Priority.CHAT)
    while job.generated_tokens < tokens:
        bench.scheduler.step()
    return job


def test_what_was_generated_needs_no_slot_of_its_own() -> None:
    bench = Bench(Endless())
    prompt = anchor(5)
    bench.scheduler.remove(generate(bench, prompt, 2 * FORK_TOKENS))
    assert bench.cost([*prompt, 200]) == 1
    assert bench.context.copies == []


def test_what_a_job_has_generated_stays_as_long_as_it_waits() -> None:
    bench = Bench(Endless())
    prompt = anchor(5)
    job = generate(bench, prompt, 2 * FORK_TOKENS)
    other = bench.job([*prompt, 200])
    bench.scheduler.step()
    assert other.evaluated_tokens == 1
    assert len(bench.context.copies) == 1
    bench.context.evaluations.clear()
    bench.scheduler.step()
    assert bench.context.evaluations == [(len(job.tokens) - 2, [7])]


def test_a_job_that_waits_keeps_its_slot(bench: Bench) -> None:
    waiting = bench.job(anchor(1), max_tokens=2, priority=Priority.CHAT)
    bench.scheduler.step()
    others = [bench.job(anchor(number)) for number in range(2, 3 * SLOTS)]
    while bench.scheduler.busy:
        bench.scheduler.step()
    assert waiting.evaluated_tokens == LONG
    assert sum(other.evaluated_tokens for other in others[: SLOTS - 1]) == LONG * (SLOTS - 1)
    assert {other.evaluated_tokens for other in others[SLOTS - 1 :]} == {LONG - 1}


def test_a_job_whose_slot_was_taken_finds_what_was_evaluated(bench: Bench) -> None:
    waiting = []
    for number in range(1, SLOTS + 1):
        waiting.append(bench.job(anchor(number), priority=10 - number))
        bench.scheduler.step()  # all but its last slice
    assert bench.cost(anchor(9)) == LONG - 1
    assert waiting[0].usage().reused_tokens == 0
    assert [job.evaluated_tokens for job in waiting] == [LONG] * SLOTS


def test_a_job_that_was_removed_has_cost_what_was_evaluated(bench: Bench) -> None:
    bench.cost(anchor(1))
    job = bench.job([*anchor(1), *[2] * 100])
    untouched = bench.job(anchor(3))
    bench.scheduler.step()
    bench.scheduler.remove(job)
    bench.scheduler.remove(untouched)
    usage = job.usage()
    assert (usage.prompt_tokens, usage.reused_tokens, usage.evaluated_tokens) == (184, LONG, 64)
    assert (untouched.usage().prompt_tokens, untouched.usage().evaluated_tokens) == (LONG, 0)


def test_a_model_that_cannot_forget_a_part_has_its_slots() -> None:
    bench = Bench(ListContext(slice_tokens=64, can_forget_a_part=False))
    assert [bench.cost(anchor(number)) for number in (1, 2)] == [LONG, LONG]
    assert bench.cost([*anchor(1), 7]) == 1
    assert bench.cost([*anchor(2), 7]) == 1
    assert bench.cost([*anchor(2), 8]) == LONG + 1


def test_only_to_get_ready_is_no_answer(bench: Bench) -> None:
    events: list[Delta | Finished] = []
    prompt = anchor(1)
    job = Job(list(prompt), 0, Priority.IDLE, events.append)
    bench.scheduler.add(job)
    while bench.scheduler.busy:
        bench.scheduler.step()
    assert events == [Finished("length", job.usage())]
    assert job.tokens == prompt
    assert job.usage().evaluated_tokens == LONG


def shelf(bench: Bench, version: int = 0) -> States:
    """Files of a version and the tokens."""
    sequences = bench.context.sequences

    def save(path: Path, sequence: int, tokens: Sequence[int]) -> bool:
        assert sequences[sequence] == tokens
        path.write_bytes(bytes([version, *tokens]))
        return True

    def load(path: Path, sequence: int) -> list[int]:
        _, *tokens = path.read_bytes()
        sequences[sequence] = list(tokens)
        return tokens

    return States("tokens", save, load)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path))


@pytest.mark.usefixtures("folder")
def test_prompts_outlive_the_context(bench: Bench) -> None:
    anchors = [anchor(number) for number in range(1, SLOTS + 1)]
    for each in anchors:
        bench.cost(each, max_tokens=5)
    bench.scheduler.main.slots.keep(shelf(bench))
    later = Bench()
    later.cost(anchor(9))
    later.scheduler.main.slots.restore(shelf(later))
    assert [later.cost([*each, 7]) for each in anchors] == [1] * SLOTS
    assert later.context.copies == []


@pytest.mark.usefixtures("folder")
def test_a_prompt_that_was_restored_gives_way_in_its_turn(bench: Bench) -> None:
    for number in (1, 2):
        bench.cost(anchor(number))
    bench.cost(anchor(1))
    bench.scheduler.main.slots.keep(shelf(bench))
    later = Bench()
    later.scheduler.main.slots.restore(shelf(later))
    for number in (3, 4, 5):
        assert later.cost(anchor(number)) == LONG - (number == 5)
    held = later.context.sequences
    assert [anchor(number) in held for number in (1, 2)] == [True, False]


@pytest.mark.usefixtures("folder")
def test_what_is_read_in_vain_is_forgotten(bench: Bench) -> None:
    bench.cost(anchor(1))
    for version in (1, 2):
        bench.scheduler.main.slots.keep(shelf(bench, version))
    later = Bench()
    later.scheduler.main.slots.restore(shelf(later))
    assert [tokens for tokens in later.context.sequences if tokens] == [anchor(1)]


@pytest.mark.usefixtures("folder")
def test_a_little_of_what_was_generated_is_kept() -> None:
    bench = Bench(Endless())
    generate(bench, anchor(5), 2 * RECALLED_TOKENS)
    bench.scheduler.main.slots.keep(shelf(bench))
    later = Bench()
    later.scheduler.main.slots.restore(shelf(later))
    [kept] = [tokens for tokens in later.context.sequences if tokens]
    assert kept == [*anchor(5), *[7] * RECALLED_TOKENS]


def answered(bench: Bench, prompt: list[int], max_tokens: int) -> tuple[list[int], int]:
    """The tokens of an answer, and how many steps it took."""
    before = len(bench.context.evaluations)
    job = bench.job(prompt, max_tokens)
    while bench.scheduler.busy:
        bench.scheduler.step()
    return job.tokens[len(prompt) :], len(bench.context.evaluations) - before


class Steady(ListContext):
    """Goes on by the number of tokens, and never ends."""

    def __init__(self) -> None:
        super().__init__(slice_tokens=64)

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        return 97 + len(tokens) % 26, -1.0


def test_an_answer_that_was_written_once_is_written_again_in_few_steps() -> None:
    bench = Bench(Steady())
    prompt = anchor(1)
    text, steps = answered(bench, prompt, 24)
    assert steps == 25
    assert answered(bench, prompt, 24) == (text, 2)
    for number in range(2, 2 * SLOTS):
        bench.cost(anchor(number))
    assert answered(bench, prompt, 24) == (text, 2)


def test_what_the_user_deleted_is_not_taken_for_an_answer() -> None:
    bench = Bench(Steady())
    prompt = anchor(1)
    answered(bench, [*prompt, *[200] * 20], 1)
    bench.context.evaluations.clear()
    answered(bench, prompt, 1)
    assert bench.context.evaluations == [(LONG - 1, prompt[-1:])]
    assert bench.context.drafted == 0
