"""Jobs in two lanes, with stops and samplers, over contexts of Python lists."""

from __future__ import annotations

from lsp_server.engines.base import Delta, Finished, Priority
from lsp_server.engines.local.drafts import History
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.lane import Lane
from lsp_server.engines.local.sampling import Sampler
from lsp_server.engines.local.scheduler import Scheduler
from lsp_server.engines.stops import Stops
from tests.list_context import END, SPEED, Bytes, ListContext, next_token

Events = list[Delta | Finished]


def prompt(length: int, answer: int = 8) -> list[int]:
    """One whose answer does not end by itself for so many tokens."""
    for number in range(1000):
        tokens = [number, *range(1, length)]
        if END not in written(tokens, answer):
            return tokens
    raise AssertionError


def written(tokens: list[int], answer: int) -> list[int]:
    """What the context says behind a prompt."""
    said = list(tokens)
    for _ in range(answer):
        said.append(next_token(said))
    return said[len(tokens) :]


def text(events: Events) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def run(scheduler: Scheduler) -> None:
    while scheduler.busy:
        scheduler.step()


def test_lanes_have_their_own_contexts_and_speeds() -> None:
    main, chat = ListContext(), ListContext()
    scheduler = Scheduler(main, Bytes(), SPEED)
    lane = Lane(chat, SPEED, sequences=1)
    typed: Events = []
    said: Events = []
    scheduler.add(Job(prompt(20), 4, Priority.CHAT, said.append), lane)
    for _ in range(3):
        scheduler.step()
    speeds = scheduler.main.prompt_tokens_per_second, scheduler.main.seconds_per_token
    assert speeds == (SPEED.prompt_tokens_per_second, SPEED.seconds_per_token)
    scheduler.add(Job(prompt(9), 4, Priority.TYPING, typed.append))
    while len(typed) < 5:
        scheduler.step()
        assert not said
    run(scheduler)
    assert text(said) == bytes(written(prompt(20), 4)).decode()
    assert text(typed) == bytes(written(prompt(9), 4)).decode()
    assert (main.sequences[0][:9], chat.sequences[0][:20]) == (prompt(9), prompt(20))


def test_a_lane_of_one_sequence_parks_what_gives_way() -> None:
    context = ListContext()
    scheduler = Scheduler(ListContext(), Bytes(), SPEED)
    lane = Lane(context, SPEED, sequences=1)
    costs = []
    for start in (5, 6, 5, 6):
        before = context.evaluated
        tokens = [start, *range(1, 100)]
        scheduler.add(Job(tokens, 0, Priority.CHAT, lambda _event: None), lane)
        run(scheduler)
        costs.append(context.evaluated - before)
    assert costs == [100, 100, 1, 1]


def test_a_stop_ends_a_job_though_more_was_right() -> None:
    tokens = prompt(10)
    answer = bytes(written(tokens, 8)).decode()
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    for _ in range(2):  # the second time, all of it is known, and drafted
        events: Events = []
        job = Job(list(tokens), 8, Priority.CHAT, events.append, stops=Stops([answer[3:5]]))
        scheduler.add(job)
        run(scheduler)
        assert text(events) == answer[:3]
        finished = events[-1]
        assert isinstance(finished, Finished)
        assert (finished.reason, finished.usage.generated_tokens) == ("end", 5)


def test_a_sampler_picks_and_drafts_are_judged_by_it() -> None:
    tokens = prompt(10)
    answer = bytes(written(tokens, 8)).decode()
    context = ListContext()
    scheduler = Scheduler(context, Bytes(), SPEED)
    for drafted in (False, True):
        events: Events = []
        scheduler.add(
            Job(
                list(tokens),
                8,
                Priority.CHAT,
                events.append,
                sampler=Sampler(0.7, seed=1),
                history=History(tokens),
                middle_start=len(tokens),
            )
        )
        run(scheduler)
        assert text(events) == answer
        assert bool(context.drafted) == drafted
