"""Several engines in one role: the next one goes on where one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

import pytest

from lsp_server.engines.base import (
    Delta,
    EngineInfo,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    Priority,
)
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, Message, NativeCall
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.engines.fake_chat import ChatReply
from lsp_server.engines.roles import order
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.engines.roles.order import Member
from lsp_server.engines.roles.statuses import Statuses
from lsp_server.errors import (
    ContextExceeded,
    EngineChanged,
    EngineCrashed,
    EngineUnavailable,
    FimbleError,
    RemoteError,
    UsageError,
)

GAP = InfillRequest("def add(a, b):\n    return ", "\n", max_tokens=8)
HELLO = ChatRequest((Message("user", "Hello"),), 32)


class Engine(FakeEngine):
    """Scripted, and out of order as long as `trouble` says so."""

    def __init__(self, *replies: Reply, chat: Sequence[ChatReply] = ()) -> None:
        super().__init__(replies or [Reply("return ", "a + b")], chat=chat)
        self.trouble: FimbleError | None = None
        self.is_silent = False
        self.closed = 0
        self.able = ChatInfo("script", 8192, takes_begun=True)

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        if self.trouble:
            self.requests.append(request)
            raise self.trouble
        if self.is_silent:
            self.requests.append(request)
            await asyncio.Event().wait()
        async with aclosing(super().infill(request)) as events:
            async for event in events:
                yield event

    async def info(self) -> EngineInfo:
        if self.trouble:
            raise self.trouble
        return await super().info()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        self.able.check(request)
        if self.trouble:
            raise self.trouble
        async with aclosing(super().chat(request)) as events:
            async for event in events:
                yield event

    async def chat_info(self) -> ChatInfo:
        if self.trouble:
            raise self.trouble
        return self.able

    async def close(self) -> None:
        self.closed += 1


def roles(*engines: Engine, remote: Sequence[int] = ()) -> RoleEngine:
    names = ("first", "second", "third")
    fim, chat = (
        [
            Member(name, engine, number in remote, 0.02)
            for number, (name, engine) in enumerate(zip(names, engines, strict=False))
        ]
        for _ in range(2)
    )
    return RoleEngine(fim, chat)


async def filled(engine: RoleEngine, request: InfillRequest = GAP) -> str:
    async with aclosing(engine.infill(request)) as events:
        found = [event async for event in events]
    assert isinstance(found[-1], Finished)
    return "".join(event.text for event in found if isinstance(event, Delta))


async def said(engine: RoleEngine, request: ChatRequest = HELLO) -> str:
    async with aclosing(engine.chat(request)) as events:
        return "".join([event.text async for event in events if isinstance(event, Delta)])


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_first_engine_is_asked_alone() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    assert await filled(engine) == "a + b"
    assert (len(first.requests), len(second.requests)) == (1, 0)


async def test_the_next_engine_is_asked_where_one_fails_and_from_then_on() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    first.trouble = RemoteError("first is gone.")
    for _ in range(3):
        assert await filled(engine) == "a + b"
    assert len(second.requests) == 3
    down, up = engine.health()[:2]
    assert (down.state, down.message, down.failed) == ("down", "first is gone.", down.failed)
    assert (up.state, up.answered) == ("ready", 3)
    assert up.first_word_seconds is not None


async def test_an_engine_that_has_come_back_is_asked_again() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    first.trouble = RemoteError("first is gone.")
    await filled(engine)
    first.trouble = None
    await filled(engine)  # which has it tried behind the user's back
    await settle()
    assert [request.priority for request in first.requests][-1] is Priority.IDLE
    asked = len(first.requests)
    await filled(engine)
    assert len(first.requests) == asked + 1
    assert len(second.requests) == 2


async def test_an_engine_that_is_down_is_tried_once_at_a_time() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    first.trouble = RemoteError("first is gone.")
    await filled(engine)
    first.trouble, first.is_silent = None, True
    asked = len(first.requests)
    for _ in range(5):
        await filled(engine)
        await settle()
    assert len(first.requests) == asked + 1
    await engine.close()


async def test_where_one_breaks_off_the_next_goes_on_behind_its_words() -> None:
    first = Engine(Reply("return ", "a +", crash=True))
    second = Engine(Reply("return ", "a + b"))
    assert await filled(roles(first, second)) == "a + b"
    asked = second.requests[0]
    assert (asked.prefix, asked.middle, asked.max_tokens) == (GAP.prefix, "a +", 6)


async def test_names_go_on_where_one_breaks_off() -> None:
    class Half(Engine):
        async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
            yield Delta("nu")
            raise EngineCrashed("It is gone.")

    second = Engine(Reply("nu", "mber + b"))
    request = InfillRequest(GAP.prefix, GAP.suffix, 8, names=("number", "nut", "other"))
    assert await filled(roles(Half(), second), request) == "number + b"
    assert second.requests[0].names == ("mber", "t")


async def test_if_the_next_can_not_do_it_the_first_failure_counts() -> None:
    first, second = Engine(), Engine()
    first.trouble = RemoteError("first is gone.")
    second.trouble = UsageError("can't be held to names")
    with pytest.raises(EngineUnavailable, match="first is gone"):
        await filled(roles(first, second))


async def test_if_all_fail_what_each_said_is_told() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    first.trouble, second.trouble = RemoteError("first is gone."), EngineCrashed("So is second.")
    for _ in range(2):  # the second time both are down
        for asked in (filled(engine), engine.info(), said(engine)):
            with pytest.raises(EngineUnavailable) as caught:
                await asked
            assert str(caught.value) == (
                "No engine can answer. first: first is gone. second: So is second."
            )


async def test_what_is_wrong_with_the_request_goes_to_no_other_engine() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    for error in (UsageError("Not so."), ContextExceeded("Too long.")):
        first.trouble = error
        with pytest.raises(type(error)):
            await filled(engine)
        with pytest.raises(type(error)):
            await said(engine)
    assert not second.requests
    assert [each.state for each in engine.health()] == ["unused"] * 4


async def test_silence_counts_though_each_key_cancels_the_request_before() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    first.is_silent = True
    while not second.requests:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.011):
                await filled(engine)
    assert await filled(engine) == "a + b"
    assert "has not answered for a while" in engine.health()[0].message
    await engine.close()


async def test_the_only_engine_is_never_left_out() -> None:
    only = Engine()
    engine = roles(only)
    only.trouble = RemoteError("It is gone.")
    with pytest.raises(RemoteError):
        await filled(engine)
    only.trouble = None
    assert await filled(engine) == "a + b"


async def test_private_files_are_kept_back_if_any_engine_is_remote() -> None:
    engine = roles(Engine(), Engine(), remote=[1])
    assert (await engine.info()).kind == "remote"
    assert (await engine.chat_info()).is_remote
    engine = roles(Engine(), Engine())
    assert (await engine.info()).kind == "fake"
    assert not (await engine.chat_info()).is_remote


async def test_a_chat_goes_on_behind_what_was_said() -> None:
    first = Engine(chat=[ChatReply("Hello my", crash=True)])
    second = Engine(chat=[ChatReply(" friend.")])
    assert await said(roles(first, second)) == "Hello my friend."
    assert second.chats[0].begun == "Hello my"
    assert second.chats[0].max_tokens == HELLO.max_tokens - 2


@pytest.mark.parametrize("able", [ChatInfo("b", 8192), ChatInfo("b", 8192, native_tools=True)])
async def test_a_chat_that_can_not_go_on_is_to_be_asked_anew(able: ChatInfo) -> None:
    first = Engine(chat=[ChatReply("Hello my", crash=True)])
    second = Engine(chat=[ChatReply("Good day.")])
    second.able = able
    engine = roles(first, second)
    with pytest.raises(EngineChanged, match=r"crashed.* second is asked from now on"):
        await said(engine)
    assert await engine.chat_info() == able
    assert await said(engine) == "Good day."


async def test_tools_of_an_endpoint_are_asked_of_none_that_has_none() -> None:
    first, second = Engine(), Engine()
    first.able = ChatInfo("a", 8192, native_tools=True)
    engine = roles(first, second)
    tools = ChatRequest(HELLO.messages, 32, tools=({"type": "function"},))
    assert (await engine.chat_info()).native_tools
    first.trouble = RemoteError("first is gone.")
    with pytest.raises(EngineChanged):
        await said(engine, tools)
    assert not (await engine.chat_info()).native_tools


async def test_a_call_that_was_made_is_not_made_twice() -> None:
    class Calling(Engine):
        async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
            yield NativeCall("read", "{}")
            raise EngineCrashed("It is gone.")

    with pytest.raises(EngineChanged):
        await said(roles(Calling(), Engine(chat=[ChatReply("Hello.")])))


async def test_statuses_are_those_of_the_engine_that_answers() -> None:
    told: list[EngineStatus] = []
    statuses = Statuses(told.append)
    first, second = Engine(), Engine()
    members = [Member("first", first, True), Member("second", second, False)]
    engine = RoleEngine(members, members[:1], statuses)
    hear_first, hear_second = statuses.listener("first"), statuses.listener("second")
    hear_first(EngineStatus("loading", "Connecting."))
    hear_first(EngineStatus("ready", "One is ready."))
    await filled(engine)
    first.trouble = RemoteError("It is gone.")
    hear_first(EngineStatus.failed(first.trouble))
    await filled(engine)
    hear_second(EngineStatus("ready", "Two is ready."))
    first.trouble = None
    hear_first(EngineStatus("ready", "One is ready again."))
    await filled(engine)
    await settle()
    first.trouble = second.trouble = RemoteError("All is gone.")
    with pytest.raises(EngineUnavailable):
        await filled(engine)
    assert [(status.state, status.message) for status in told] == [
        ("loading", "Connecting."),
        ("ready", "One is ready."),
        ("ready", "Two is ready. It stands in for first: It is gone."),
        ("ready", "One is ready again."),
        ("ready", "Two is ready. It stands in for first: All is gone."),
        ("failed", "No engine can answer. first: All is gone. second: All is gone."),
    ]


async def test_each_engine_is_closed_once() -> None:
    both, other = Engine(), Engine()
    member = Member("both", both, False)
    engine = RoleEngine([member], [Member("both", both, False), Member("other", other, False)])
    await engine.close()
    assert (both.closed, other.closed) == (1, 1)


async def test_an_engine_that_breaks_off_is_left_alone_though_it_says_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Engine(Reply("b):\n    return ", "a +", crash=True), Reply("", "fine"))
    second = Engine(Reply("return ", "a + b"))
    engine = roles(first, second)
    for _ in range(4):
        assert await filled(engine) == "a + b"
        await settle()
    assert len(first.requests) == 1
    monkeypatch.setattr(order, "REST_SECONDS", 0.0)
    engine = roles(first, second)
    await filled(engine)
    await filled(engine)
    await settle()
    assert engine.health()[0].state == "ready"


async def test_what_a_local_model_has_begun_is_shown_to_no_endpoint() -> None:
    local = Engine(Reply("return ", 'key = "sk-', crash=True))
    remote = Engine(Reply("", "rest"))
    with pytest.raises(EngineUnavailable, match="crashed"):
        await filled(roles(local, remote, remote=[1]))
    assert not remote.requests
    local = Engine(chat=[ChatReply("Hello my", crash=True)])
    remote = Engine(chat=[ChatReply(" friend.")])
    with pytest.raises(EngineChanged):
        await said(roles(local, remote, remote=[1]))
    assert not remote.chats


async def test_what_is_too_long_for_the_next_engine_is_asked_anew() -> None:
    first, second = Engine(), Engine()
    engine = roles(first, second)
    first.trouble = RemoteError("first is gone.")
    second.trouble = ContextExceeded("Too long.")
    first.able = second.able
    with pytest.raises((EngineChanged, ContextExceeded)) as caught:
        await said(engine)
    assert isinstance(caught.value, EngineChanged)


async def test_what_runs_while_all_are_closed_goes_to_no_other_engine() -> None:
    class Leaving(Engine):
        async def close(self) -> None:
            self.trouble = EngineCrashed("It has been closed.")
            leaving.set()
            await asyncio.sleep(0.05)

        async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
            asked.set()
            await leaving.wait()
            async with aclosing(super().infill(request)) as events:
                async for event in events:
                    yield event

    leaving, asked = asyncio.Event(), asyncio.Event()
    second = Engine()
    engine = roles(Leaving(), second)
    running = asyncio.create_task(filled(engine))
    await asked.wait()
    await engine.close()
    with pytest.raises(EngineCrashed):
        await running
    assert not second.requests


async def test_who_is_cancelled_while_all_are_closed_hears_of_nothing_else() -> None:
    first = Engine()
    first.is_silent = True
    engine = roles(first, Engine())
    running = asyncio.create_task(filled(engine))
    await asyncio.sleep(0.03)  # longer than its patience
    await engine.close()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
