"""The scripted engine's chat, and texts that end an answer."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

import pytest

from lsp_server.engines.base import Delta, Finished, Priority, Usage
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, Message, NativeCall
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ChatReply
from lsp_server.engines.stops import Stops
from lsp_server.errors import ContextExceeded, EngineCrashed, UsageError

ASKED = ChatRequest((Message("system", "Be kind."), Message("user", "say hi")), 100)
COST = Usage(5, 0, 2, evaluated_tokens=5)


async def ask(engine: FakeEngine, request: ChatRequest = ASKED) -> list[ChatEvent]:
    async with aclosing(engine.chat(request)) as events:
        return [event async for event in events]


def text(events: list[ChatEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


async def test_each_reply_is_given_once_and_in_order() -> None:
    engine = FakeEngine([], chat=["one two", ChatReply("three", when="hi"), "four"])
    assert await ask(engine) == [
        Delta("one"),
        Delta(" two"),
        Finished("end", COST),
    ]
    other = replace(ASKED, messages=(Message("user", "bye"),))
    assert [text(await ask(engine, r)) for r in (other, ASKED, ASKED)] == ["four", "three", ""]
    assert list(engine.chats) == [ASKED, other, ASKED, ASKED]


async def test_a_function_may_answer() -> None:
    engine = FakeEngine([], chat=lambda request: request.messages[-1].content.upper())
    assert text(await ask(engine)) == "SAY HI"


async def test_limits_stops_and_beginnings() -> None:
    engine = FakeEngine([], chat=lambda _: "a b c STOP d")
    assert text(await ask(engine, replace(ASKED, stop=("x", "STOP")))) == "a b c "
    assert text(await ask(engine, replace(ASKED, begun="a b"))) == " c STOP d"
    *_, finished = events = await ask(engine, replace(ASKED, max_tokens=2))
    assert (text(events), finished) == (
        "a b",
        Finished("length", COST),
    )


async def test_calls_come_behind_the_text() -> None:
    call = NativeCall("read", "{}", "1")
    engine = FakeEngine([], chat=[ChatReply("look", calls=(call,))])
    assert (await ask(engine))[:2] == [Delta("look"), call]


async def test_it_fails_as_real_engines_do() -> None:
    costs: list[tuple[Priority, Usage]] = []
    engine = FakeEngine(
        [], None, lambda *cost: costs.append(cost), chat=[ChatReply("a", crash=True)]
    )
    with pytest.raises(EngineCrashed):
        await ask(engine)
    assert costs == [(Priority.CHAT, Usage(5, 0, 1, evaluated_tokens=5))]
    long = replace(ASKED, messages=(Message("user", "x" * 3 * 8192),))
    assert await engine.count_chat(long.messages) == (await engine.chat_info()).context_tokens
    with pytest.raises(ContextExceeded):
        await ask(engine, long)


@pytest.mark.parametrize("what", [{"grammar": "root ::= .*"}, {"begun": "a"}, {"tools": ({},)}])
def test_what_an_engine_cannot_do_is_refused(what: dict[str, object]) -> None:
    request = replace(ASKED, **what)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="M can't be given"):
        ChatInfo("M", 100).check(request)
    ChatInfo("M", 100, takes_grammar=True, takes_begun=True, native_tools=True).check(request)


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_stops_are_found_in_any_pieces(size: int) -> None:
    source = "a <|im b <|im_end|> c"
    stops = Stops(["", "<|im_end|>", "<|other|>"])
    said = "".join(
        stops.feed(source[at : at + size])
        for at in range(0, len(source), size)
        if not stops.reached
    )
    assert (said + stops.rest(), stops.reached) == ("a <|im b ", True)
    never = Stops(["abc"])
    assert (never.feed("xab"), never.rest(), never.reached) == ("x", "ab", False)
