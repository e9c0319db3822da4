"""The scheduler over a context of Python lists: the same answers whatever the order of work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engines.base import Delta, Finished, Priority
from lsp_server.engines.local.constraint import going_on_with
from lsp_server.engines.local.drafts import History
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.pieces import PieceIndex
from lsp_server.engines.local.scheduler import EvaluationFailed, Scheduler
from tests.list_context import END, REFUSED, SPEED, Among, Bytes, ListContext, logprob, next_token


class Scripted(ListContext):
    """Answers with given tokens, whatever the prompt of one token was."""

    def __init__(self, answer: Sequence[int]) -> None:
        super().__init__()
        self._answer = [*answer, END]

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        return self._answer[len(tokens) - 1], -float(len(tokens))


@dataclass
class Asked:
    """A job and what came of it."""

    prompt: list[int]
    max_tokens: int = 6
    priority: int = Priority.TYPING
    events: list[Delta | Finished] = field(default_factory=list)
    job: Job = field(init=False)

    def __post_init__(self) -> None:
        self.job = Job(list(self.prompt), self.max_tokens, self.priority, self.events.append)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Delta))

    @property
    def logprobs(self) -> list[float]:
        return [p for event in self.events if isinstance(event, Delta) for p in event.logprobs]

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last

    def expected(self) -> tuple[str, str]:
        """Text and reason of an answer that nothing else gets in the way of."""
        tokens = list(self.prompt)
        text = ""
        while len(text) < self.max_tokens:
            token = next_token(tokens)
            if token == END:
                return text, "end"
            tokens.append(token)
            text += chr(token)
        return text, "length"

    def check(self) -> None:
        """The answer is the expected one, and says so once."""
        assert (self.text, self.finished.reason) == self.expected()
        assert len([event for event in self.events if isinstance(event, Finished)]) == 1
        generated = len(self.text)
        assert self.logprobs == [logprob(range(len(self.prompt) + n)) for n in range(generated)]
        assert self.finished.usage.prompt_tokens == len(self.prompt)
        assert self.finished.usage.generated_tokens == generated


def run(scheduler: Scheduler) -> None:
    while scheduler.busy:
        scheduler.step()


def long_answers(length: int) -> Iterator[list[int]]:
    """Prompts of a length whose answers don't end by themselves for 6 tokens."""
    for number in range(1000):
        prompt = [number, *range(1, length)]
        if Asked(prompt).expected()[1] == "length":
            yield prompt


def test_a_prompt_is_evaluated_in_slices() -> None:
    prompt = next(long_answers(10))
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    asked = Asked(prompt, max_tokens=2)
    scheduler.add(asked.job)
    run(scheduler)
    asked.check()
    assert asked.finished.reason == "length"
    sizes = [(start, len(tokens)) for start, tokens in context.evaluations]
    assert sizes == [(0, 4), (4, 4), (8, 2), (10, 1)]
    assert not scheduler.busy


def test_the_last_token_generated_is_not_evaluated() -> None:
    asked = Asked(next(long_answers(3)), max_tokens=3)
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    assert context.latest == [*asked.prompt, *asked.text.encode()[:2]]


def test_a_common_beginning_is_reused() -> None:
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    first, second = Asked([1, 2, 3, 4, 5, 6]), Asked([1, 2, 3, 4, 7])
    for asked, reused in ((first, 0), (second, 4)):
        scheduler.add(asked.job)
        run(scheduler)
        asked.check()
        assert asked.finished.usage.reused_tokens == reused


def test_the_same_prompt_again_evaluates_its_last_token_only() -> None:
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    prompt = next(long_answers(9))
    for reused in (0, 8):
        asked = Asked(prompt)
        del context.evaluations[:]
        scheduler.add(asked.job)
        run(scheduler)
        asked.check()
        assert asked.finished.usage.reused_tokens == reused
        assert context.evaluations[0][0] == reused


def test_an_answer_that_was_accepted_is_reused() -> None:
    scheduler = Scheduler(ListContext(), Bytes(), SPEED)
    first = Asked(next(long_answers(9)))
    scheduler.add(first.job)
    run(scheduler)
    second = Asked([*first.prompt, *first.text.encode()])
    scheduler.add(second.job)
    run(scheduler)
    second.check()
    assert second.finished.usage.reused_tokens == len(second.prompt) - 1


def test_a_model_that_cannot_forget_a_part_starts_again() -> None:
    context = ListContext(can_forget_a_part=False)
    scheduler = Scheduler(context, Bytes(), SPEED)
    for asked in (Asked([1, 2, 3, 4, 5]), Asked([1, 2, 3, 4, 6])):
        scheduler.add(asked.job)
        run(scheduler)
        asked.check()
        assert asked.finished.usage.reused_tokens == 0
    longer = Asked([*context.latest, 9, 9])
    scheduler.add(longer.job)
    run(scheduler)
    longer.check()
    assert longer.finished.usage.reused_tokens == len(longer.prompt) - 2


def test_a_higher_priority_goes_first_and_the_other_goes_on() -> None:
    prompts = long_answers(10)
    scheduler = Scheduler(ListContext(), Bytes(), SPEED)
    chat = Asked(next(prompts), priority=Priority.CHAT)
    typing = Asked(next(prompts), priority=Priority.TYPING)
    scheduler.add(chat.job)
    for _ in range(5):  # three slices, the last with a token, and two more tokens
        scheduler.step()
    assert len(chat.text) == 3
    scheduler.add(typing.job)
    while scheduler.busy and not (typing.events and isinstance(typing.events[-1], Finished)):
        scheduler.step()
        assert len(chat.text) == 3
    run(scheduler)
    typing.check()
    chat.check()


def test_equal_priorities_go_first_come_first_served() -> None:
    prompts = long_answers(5)
    scheduler = Scheduler(ListContext(), Bytes(), SPEED)
    asked = [Asked(next(prompts), max_tokens=2) for _ in range(3)]
    for each in asked:
        scheduler.add(each.job)
    for each in asked:
        assert each.events == []
        while not (each.events and isinstance(each.events[-1], Finished)):
            scheduler.step()
    assert not scheduler.busy


def test_a_job_that_is_removed_says_nothing_more() -> None:
    prompts = long_answers(10)
    scheduler = Scheduler(ListContext(), Bytes(), SPEED)
    gone, other = Asked(next(prompts)), Asked(next(prompts))
    scheduler.add(gone.job)
    scheduler.add(other.job)
    for _ in range(4):
        scheduler.step()
    said = list(gone.events)
    assert len(said) == 2
    scheduler.remove(gone.job)
    run(scheduler)
    assert gone.events == said
    other.check()


def test_characters_are_whole_and_no_logprob_is_lost() -> None:
    answer = "aé🙂b"
    asked = Asked([0], max_tokens=100)
    scheduler = Scheduler(Scripted(answer.encode()), Bytes(), SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    assert asked.events[:-1] == [
        Delta("a", (-1.0,), evaluated_tokens=1),
        Delta("é", (-2.0, -3.0)),
        Delta("🙂", (-4.0, -5.0, -6.0, -7.0)),
        Delta("b", (-8.0,)),
    ]
    assert asked.finished.reason == "end"
    assert asked.finished.usage.generated_tokens == 8


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    asked = Asked([0], max_tokens=100)
    scheduler = Scheduler(Scripted(b"a\xff\xe2\x82b"), Bytes(), SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    assert asked.text == "a\ufffd\ufffdb"
    assert asked.logprobs == [-1.0, -2.0, -3.0, -4.0, -5.0]


def test_half_a_character_at_max_tokens_is_left_out() -> None:
    asked = Asked([0], max_tokens=3)
    scheduler = Scheduler(Scripted("a🙂".encode()), Bytes(), SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    assert asked.text == "a"
    assert (asked.finished.reason, asked.finished.usage.generated_tokens) == ("length", 3)


def test_an_end_at_once_is_an_empty_answer() -> None:
    asked = Asked([0])
    scheduler = Scheduler(Scripted(b""), Bytes(), SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    assert asked.events == [asked.finished]
    assert (asked.finished.reason, asked.finished.usage.generated_tokens) == ("end", 0)


def test_a_refused_batch_drops_its_own_job_only() -> None:
    prompts = long_answers(6)
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    waiting = Asked(next(prompts), priority=Priority.CHAT)
    refused = Asked([*waiting.prompt[:5], REFUSED])
    scheduler.add(waiting.job)
    scheduler.step()
    scheduler.add(refused.job)
    with pytest.raises(EvaluationFailed) as failure:
        scheduler.step()
    assert failure.value.job is refused.job
    assert refused.events == []
    assert context.latest == []  # what a failed batch leaves behind is not known
    run(scheduler)
    waiting.check()


def test_speed_is_measured_over_whole_slices_and_single_tokens() -> None:
    scheduler = Scheduler(ListContext(slice_tokens=64), Bytes(), SPEED)
    short = Asked(next(long_answers(31)), max_tokens=1)
    scheduler.add(short.job)
    run(scheduler)
    speeds = [scheduler.main.prompt_tokens_per_second, scheduler.main.seconds_per_token]
    assert speeds == [SPEED.prompt_tokens_per_second, SPEED.seconds_per_token]  # too short
    long = Asked([5, *range(64)], max_tokens=2)
    scheduler.add(long.job)
    run(scheduler)
    assert scheduler.main.prompt_tokens_per_second > SPEED.prompt_tokens_per_second
    assert scheduler.main.seconds_per_token < SPEED.seconds_per_token
    usage = long.finished.usage
    assert usage.prompt_seconds > 0
    assert usage.generate_seconds > 0


class Repetitive(ListContext):
    """The next token depends on the two before it: it soon repeats itself. A few pairs end."""

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        number = crc32(bytes(token % 256 for token in tokens[-2:]))
        return (END if number % 23 == 0 else 97 + number % 5), logprob(tokens)


def answer(context: ListContext, asked: Asked, *, drafting: bool) -> list[Delta | Finished]:
    """All that is said, without what depends on the clock."""
    if drafting:
        asked.job.history, asked.job.middle_start = History(asked.prompt), len(asked.prompt)
    scheduler = Scheduler(context, Bytes(), SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    *deltas, finished = asked.events
    assert isinstance(finished, Finished)
    usage = replace(finished.usage, prompt_seconds=0, generate_seconds=0)
    assert context.latest == asked.job.tokens[: len(context.latest)]
    return [*deltas, replace(finished, usage=usage)]


@given(
    prompt=st.text("abcde", min_size=1, max_size=40).map(lambda text: list(text.encode())),
    max_tokens=st.integers(1, 60),
    slice_tokens=st.integers(1, 9),
    size=st.integers(41, 80),
)
def test_with_drafts_an_answer_is_the_same(
    prompt: list[int], max_tokens: int, slice_tokens: int, size: int
) -> None:
    events = []
    for drafting in (False, True):
        context = Repetitive(slice_tokens=slice_tokens)
        context.size = size
        asked = Asked(prompt, max_tokens)
        events.append(answer(context, asked, drafting=drafting))
        assert context.evaluated - context.drafted < len(asked.job.tokens) + 1
    assert events[0] == events[1]


CIRCLE = b"abcdefgh"


class Circular(ListContext):
    """Goes on in a circle."""

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        token = CIRCLE[(CIRCLE.index(tokens[-1]) + 1) % len(CIRCLE)]
        return token if among is None or token in among else int(among[0]), -1.0


def circle(length: int) -> list[int]:
    return list((CIRCLE * length)[:length])


def test_what_is_repeated_takes_fewer_steps() -> None:
    context, asked = Circular(), Asked(circle(20), max_tokens=40)
    answer(context, asked, drafting=True)
    assert asked.text.encode() == bytes(circle(60)[20:])
    assert len(context.evaluations) < 5 + 40 / 1.5
    assert context.evaluated == 59  # nothing in vain, and nothing beyond max_tokens


def test_a_draft_is_never_longer_than_a_slice() -> None:
    context, asked = Circular(slice_tokens=1), Asked(circle(20), max_tokens=40)
    answer(context, asked, drafting=True)
    assert context.drafted == 0
    context, asked = Circular(slice_tokens=2), Asked(circle(20), max_tokens=40)
    answer(context, asked, drafting=True)
    assert context.drafted > 0


def test_a_model_that_cannot_forget_a_part_never_drafts() -> None:
    context, asked = Circular(can_forget_a_part=False), Asked(circle(20), max_tokens=40)
    answer(context, asked, drafting=True)
    assert (context.drafted, context.evaluated) == (0, 59)


def test_nothing_is_drafted_while_something_is_missing() -> None:
    context, asked = Circular(), Asked(circle(20), max_tokens=9)
    asked.job.constraint = going_on_with(bytes(circle(26)[20:]), ())
    answer(context, asked, drafting=True)
    assert asked.text.encode() == bytes(circle(35)[26:])
    sizes = [len(tokens) for start, tokens in context.evaluations if start >= 20]
    assert sizes[:5] == [1] * 5
    assert context.drafted > 0


def test_jobs_at_the_same_gap_draft_from_the_same_texts() -> None:
    scheduler = Scheduler(Circular(), Bytes(), SPEED)
    history = History(circle(20))
    both = [Asked(circle(length), 30, priority) for length, priority in ((22, 1), (25, 0))]
    for asked in both:
        asked.job.history, asked.job.middle_start = history, 20
    scheduler.add(both[0].job)
    for _ in range(12):
        scheduler.step()
    scheduler.add(both[1].job)
    run(scheduler)
    assert [asked.text.encode() for asked in both] == [
        bytes(circle(52)[22:]),
        bytes(circle(55)[25:]),
    ]


def test_slow_steps_lead_to_fewer_threads() -> None:
    class Disturbed(Circular):
        """More than one thread takes far longer than `SPEED` says."""

        def evaluate(
            self, sequence: int, tokens: Sequence[int], start: int, outputs: int = 1
        ) -> bool:
            time.sleep(0.03 if self.threads > 1 else 0.006)
            return super().evaluate(sequence, tokens, start, outputs)

    context, asked = Disturbed(), Asked(circle(4), max_tokens=20)
    answer(context, asked, drafting=False)
    assert context.threads == 1


RE, RET, RETURN, TURN, XS, MILE = range(257, 263)
WORDS = Bytes(b"re", b"ret", b"return", b"turn", b"xs", "\U0001f642".encode()[2:] + b")")


class Preferring(ListContext):
    """Picks the token that stands first in a list of preferences; in the end, the end."""

    def __init__(self, *preferences: int, size: int = 1000) -> None:
        super().__init__()
        self.size = size
        self._preferences = preferences

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        allowed = range(END + 7) if among is None else among.tolist()
        rank = next((n for n, token in enumerate(self._preferences) if token in allowed), None)
        if rank is None:
            return END, -9.0
        preferred = self._preferences[rank]
        self._preferences = self._preferences[rank + 1 :]
        return preferred, -float(preferred)


def heal(context: ListContext, missing: bytes, max_tokens: int = 9) -> Asked:
    asked = Asked([0, 1], max_tokens)
    asked.job.constraint = going_on_with(missing, ())
    scheduler = Scheduler(context, WORDS, SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    return asked


@pytest.mark.parametrize(
    ("preferences", "missing", "deltas", "prompt_tokens"),
    [
        ((XS, RETURN, XS), b"ret", [("urn", RETURN), ("xs", XS)], 2),
        ((XS, RETURN, XS), b"return", [("xs", XS)], 3),
        ((RE, RETURN, TURN, XS), b"ret", [("urn", TURN), ("xs", XS)], 3),
        ((RE, ord("t"), XS), b"ret", [("xs", XS)], 4),
        ((XS, ord("x"), ord("s")), b"x", [("s", XS), ("x", 120), ("s", 115)], 2),
        ((MILE, XS), b"\x99\x82", [(")", MILE), ("xs", XS)], 2),
        ((XS, 0x99, 0x82, XS), b"\x99\x82", [("xs", XS)], 4),
    ],
)
def test_an_answer_starts_with_what_is_missing_and_says_the_rest(
    preferences: tuple[int, ...], missing: bytes, deltas: list[tuple[str, int]], prompt_tokens: int
) -> None:
    context = Preferring(*preferences)
    asked = heal(context, missing)
    usage = asked.finished.usage
    assert asked.events[:-1] == [
        Delta(text, (-float(token),), 0 if number else usage.evaluated_tokens)
        for number, (text, token) in enumerate(deltas)
    ]
    assert asked.finished.reason == "end"
    assert (usage.prompt_tokens, usage.generated_tokens) == (prompt_tokens, len(deltas))
    assert usage.evaluated_tokens == prompt_tokens
    assert context.evaluated == prompt_tokens + len(deltas)


def test_what_is_missing_does_not_count_as_generated() -> None:
    asked = heal(Preferring(RE, ord("t"), XS, XS), b"ret", max_tokens=1)
    assert (asked.text, asked.finished.reason) == ("xs", "length")


def test_what_is_missing_and_in_no_token_ends_the_answer() -> None:
    asked = Asked([0])
    asked.job.constraint = going_on_with(b"x", ())
    poor = Bytes()
    poor.index = PieceIndex([b"y", b""], [0], [1])
    scheduler = Scheduler(ListContext(), poor, SPEED)
    scheduler.add(asked.job)
    run(scheduler)
    assert (asked.text, asked.finished.reason) == ("", "end")


def test_an_answer_ends_with_the_context() -> None:
    asked = heal(Preferring(*[XS] * 9, size=5), b"")
    assert (asked.text, asked.finished.reason) == ("xsxsxs", "length")


prompts = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([1, 2, 70])), min_size=1).map(
    lambda runs: [token for token, length in runs for _ in range(length)][:200]
)
requests = st.builds(Asked, prompts, st.integers(1, 8), st.sampled_from(list(Priority)))
steps = st.integers(0, 12)
programs = st.lists(st.tuples(requests, steps, st.booleans()), min_size=1, max_size=6)


@given(program=programs, slice_tokens=st.integers(1, 5), can_forget_a_part=st.booleans())
def test_whatever_comes_and_goes_each_answer_is_the_one_it_gets_alone(
    program: list[tuple[Asked, int, bool]], slice_tokens: int, can_forget_a_part: bool
) -> None:
    context = ListContext(slice_tokens=slice_tokens, can_forget_a_part=can_forget_a_part)
    scheduler = Scheduler(context, Bytes(), SPEED)
    surviving: list[Asked] = []
    for asked, some_steps, goes in program:
        scheduler.add(asked.job)
        for _ in range(some_steps):
            if scheduler.busy:
                scheduler.step()
        if goes and not any(isinstance(event, Finished) for event in asked.events):
            scheduler.remove(asked.job)
            text, _ = asked.expected()
            assert text.startswith(asked.text)
        else:
            surviving.append(asked)
    run(scheduler)
    for asked in surviving:
        asked.check()
