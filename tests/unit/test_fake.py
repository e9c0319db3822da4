"""The scripted engine."""

from __future__ import annotations

import time
from contextlib import aclosing
from pathlib import Path

import pytest

from lsp_server.engines.base import (
    Delta,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    Priority,
    Usage,
)
from lsp_server.engines.fake import FakeEngine, Reply, Script, read_script
from lsp_server.engines.fake_chat import ChatReply
from lsp_server.errors import EngineCrashed


async def ask(engine: FakeEngine, prefix: str, max_tokens: int = 128) -> list[Event]:
    async with aclosing(engine.infill(InfillRequest(prefix, "", max_tokens))) as events:
        return [event async for event in events]


def text(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Delta)]


async def test_the_first_reply_that_fits_the_end_of_the_prefix_is_given_word_by_word() -> None:
    engine = FakeEngine([Reply("b", "one  two\n  three\n"), Reply("ab", "never"), Reply("c", "x")])
    events = await ask(engine, "ab")
    assert text(events) == ["one", "  two", "\n  three", "\n"]
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "end"
    assert text(await ask(engine, "bc")) == ["x"]
    assert await ask(engine, "b?") == [Finished("end", Usage(prompt_tokens=1, evaluated_tokens=1))]
    assert [request.prefix for request in engine.requests] == ["ab", "bc", "b?"]


@pytest.mark.parametrize(("limit", "reason"), [(1, "length"), (2, "end")])
async def test_it_keeps_to_the_limit(limit: int, reason: str) -> None:
    *words, finished = await ask(FakeEngine([Reply("", "one two")]), "", limit)
    assert len(words) == limit
    assert isinstance(finished, Finished)
    assert finished.reason == reason


async def test_it_takes_its_time_and_can_be_left_early() -> None:
    engine = FakeEngine([Reply("", "one two three", seconds_per_token=0.05)])
    started = time.perf_counter()
    async with aclosing(engine.infill(InfillRequest("", ""))) as events:
        assert await anext(events) == Delta("one", (-0.001,))
    assert 0.05 <= time.perf_counter() - started < 0.1


async def test_a_middle_is_what_stands_before_the_answer() -> None:
    engine = FakeEngine([Reply("return a", " + b")])
    request = InfillRequest("    ret", "\n", middle="urn a")
    async with aclosing(engine.infill(request)) as events:
        assert text([event async for event in events]) == [" +", " b"]


async def test_getting_ready_says_nothing() -> None:
    engine = FakeEngine([Reply("", "one", crash=True)])
    assert await ask(engine, "abcd", 0) == [
        Finished("length", Usage(prompt_tokens=2, evaluated_tokens=2))
    ]


async def test_costs_are_told_once_finished_or_left() -> None:
    told: list[tuple[Priority, Usage]] = []
    engine = FakeEngine([Reply("", "one two")], None, lambda *cost: told.append(cost))
    *_, finished = await ask(engine, "abc")
    assert isinstance(finished, Finished)
    assert told == [(Priority.TYPING, finished.usage)]
    request = InfillRequest("abc", "", priority=Priority.IDLE)
    async with aclosing(engine.infill(request)) as events:
        await anext(events)
    assert told[1:] == [(Priority.IDLE, Usage(1, 0, 1, evaluated_tokens=1))]


async def test_it_crashes_after_the_text() -> None:
    engine = FakeEngine([Reply("", "one", crash=True)])
    events = engine.infill(InfillRequest("", ""))
    assert await anext(events) == Delta("one", (-0.001,))
    with pytest.raises(EngineCrashed):
        await anext(events)


async def test_it_says_once_that_it_is_ready() -> None:
    told: list[EngineStatus] = []
    engine = FakeEngine([], told.append)
    assert (await engine.info()).kind == "fake"
    await engine.info()
    await engine.close()
    assert [status.state for status in told] == ["ready"]


def test_a_script_is_read(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text('[{"after": "é", "text": "x", "seconds_per_token": 1, "crash": true}]')
    assert read_script(path) == Script([Reply("é", "x", 1, crash=True)], [])
    path.write_text('[{"after": "a"}, {"chat": "hello", "when": "hi", "crash": true}]')
    assert read_script(path) == Script([Reply("a")], [ChatReply("hello", "hi", crash=True)])


@pytest.mark.parametrize(
    ("names", "choice", "said"),
    [
        ((), 0, "getter()"),
        (("get", "put"), 0, "get()"),
        (("put",), 0, "put"),
        (("get_all", "put"), 0, "put"),
        (("got",), 0, ""),
        ((), 1, "other()"),
        (("get", "put"), 1, ""),
    ],
)
async def test_names_and_choices_have_their_own_replies(
    names: tuple[str, ...], choice: int, said: str
) -> None:
    engine = FakeEngine(
        [
            Reply("x.", "put", names="put_all"),
            Reply("x.", "get()", names="get"),
            Reply("x.", "getter()"),
            Reply("x.", "put"),
            Reply("x.", "other()", choice=1),
        ]
    )
    assert (await engine.info()).chooses_names
    request = InfillRequest("x.", "", names=names, choice=choice)
    async with aclosing(engine.infill(request)) as events:
        assert "".join(text([event async for event in events])) == said
