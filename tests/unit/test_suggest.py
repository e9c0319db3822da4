"""From a cursor to a suggestion, with the scripted engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from lsp_server.completion.spare import GRACE_SECONDS
from lsp_server.completion.suggest import Completer
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, Text
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import EngineInfo, Event, Finished, InfillRequest
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.errors import EngineCrashed
from lsp_server.settings import CompletionSettings
from tests.remote import RemoteFake

SETTINGS = CompletionSettings()


def snapshot(text: str, uri: str = "file:///a.py") -> Snapshot:
    return Snapshot(uri, 1, "python", Text.of(text), Syntax.parse(text, "python"))


async def test_it_is_cut_at_the_statement_and_fitted_to_the_line() -> None:
    engine = FakeEngine([Reply(after="print(", text="int, str) \nprint(bool)")])
    found = await Completer(engine, SETTINGS).suggest(
        snapshot("print()\n"), Point(0, 6), invoked=False
    )
    assert found is not None
    assert (found.text, found.start, found.end) == ("int, str", Point(0, 6), Point(0, 6))
    request = engine.requests[0]
    assert (request.prefix, request.middle, request.suffix) == ("", "print(", "\n")


async def test_it_may_replace_what_is_right_of_the_cursor() -> None:
    engine = FakeEngine([Reply(after="(", text="a) -> int:\n")])
    found = await Completer(engine, SETTINGS).suggest(
        snapshot("def f():\n    return 1\n"), Point(0, 6), invoked=False
    )
    assert found is not None
    assert (found.text, found.end) == ("a) -> int:", Point(0, 8))


async def test_chat_around_the_code_is_not_shown() -> None:
    chat = "Here is the code:\n```python\n    return int(bool)\n```\n"
    completer = Completer(FakeEngine([Reply(after="", text=chat)]), SETTINGS)
    found = await completer.suggest(snapshot("def f():\n    \n"), Point(1, 4), invoked=True)
    assert found is not None
    assert found.text == "return int(bool)"


async def test_nothing_to_say() -> None:
    completer = Completer(FakeEngine([Reply(after="", text="  \n")]), SETTINGS)
    assert await completer.suggest(snapshot("x\n"), Point(0, 1), invoked=True) is None


@pytest.mark.parametrize(
    "settings",
    [replace(SETTINGS, automatic=False), replace(SETTINGS, disabled_languages=("python",))],
)
async def test_only_explicit_requests_where_typing_is_left_alone(
    settings: CompletionSettings,
) -> None:
    async def parse(parsed: Snapshot) -> Snapshot:
        assert invoked, "a request that is not answered should cost nothing"
        return parsed

    completer = Completer(FakeEngine([Reply(after="", text="1")]), settings, parse)
    invoked = False
    assert await completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=False) is None
    invoked = True
    assert await completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=True) is not None


async def test_the_newest_automatic_request_wins() -> None:
    engine = FakeEngine(
        [Reply(after="", text=" + ".join(map(str, range(100))), seconds_per_token=0.02)]
    )
    completer = Completer(engine, SETTINGS)
    older = asyncio.create_task(completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=False))
    elsewhere = asyncio.create_task(
        completer.suggest(snapshot("x = \n", "file:///b.py"), Point(0, 4), invoked=False)
    )
    await asyncio.sleep(0.05)
    newer = asyncio.create_task(completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=False))
    assert await asyncio.wait_for(older, 0.1) is None
    assert await newer is not None
    assert await elsewhere is not None


class Closing(FakeEngine):
    """Counts the streams that were closed before their end."""

    closed = 0

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        ended = False
        try:
            async for event in super().infill(request):
                ended = isinstance(event, Finished)
                yield event
        finally:
            self.closed += not ended


async def test_cancelling_ends_the_generation() -> None:
    engine = Closing([Reply(after="", text="not " * 100, seconds_per_token=0.01)])
    completer = Completer(engine, SETTINGS)
    before = asyncio.all_tasks()
    asked = asyncio.create_task(completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=True))
    await asyncio.sleep(0.05)
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asked
    await asyncio.sleep(GRACE_SECONDS + 0.05)
    assert asyncio.all_tasks() == before
    assert engine.closed == 1


async def test_a_crash_is_reported() -> None:
    completer = Completer(FakeEngine([Reply(after="", text="a", crash=True)]), SETTINGS)
    with pytest.raises(EngineCrashed):
        await completer.suggest(snapshot("x\n"), Point(0, 1), invoked=True)


class Measured(FakeEngine):
    """Reads 200 tokens a second."""

    async def info(self) -> EngineInfo:
        return replace(await super().info(), prompt_tokens_per_second=200.0)


async def test_explicit_requests_see_more() -> None:
    text = "".join(f"line_{number} = {number}\n" for number in range(2000))
    engine = Measured([Reply(after="", text="1\n")])
    completer = Completer(engine, SETTINGS)
    for uri, invoked in (("file:///a.py", False), ("file:///b.py", True)):
        await completer.suggest(snapshot(text, uri), Point(1000, 0), invoked=invoked)
    completer.close()
    automatic, explicit = engine.requests
    assert len(explicit.prefix) > 2 * len(automatic.prefix) > 800
    assert explicit.prefix.endswith(automatic.prefix)


SLOW = [Reply(after="", text=" + ".join(map(str, range(10))), seconds_per_token=0.01)]


async def test_a_request_whose_parse_ends_late_does_not_end_a_newer_one() -> None:
    parses: list[asyncio.Future[None]] = []

    async def parse(parsed: Snapshot) -> Snapshot:
        if len(parses) < 2:  # the third parse is for judging the answer
            parses.append(asyncio.get_running_loop().create_future())
            await parses[-1]
        return parsed

    completer = Completer(FakeEngine(SLOW), SETTINGS, parse)
    asked = []
    for number in (1, 2):
        suggesting = completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=False)
        asked.append(asyncio.create_task(suggesting))
        await asyncio.sleep(0.01)
        assert len(parses) == number
    parses[1].set_result(None)
    await asyncio.sleep(0.02)
    assert parses[0].cancelled()
    assert [await task is None for task in asked] == [True, False]


@pytest.mark.parametrize(
    ("older", "newer", "same_text", "ended"),
    [
        ("automatic", "automatic", True, True),
        ("automatic", "invoked", True, True),
        ("automatic", "invoked", False, True),
        ("invoked", "automatic", True, False),
        ("invoked", "invoked", True, False),
        ("invoked", "automatic", False, True),
    ],
)
async def test_what_a_newer_request_ends(
    older: str, newer: str, same_text: bool, ended: bool
) -> None:
    completer = Completer(FakeEngine(SLOW), SETTINGS)
    first = snapshot("x = \n")
    second = first if same_text else snapshot("x = \n")
    asked = [
        asyncio.create_task(completer.suggest(shown, Point(0, 4), invoked=kind == "invoked"))
        for shown, kind in ((first, older), (second, newer))
    ]
    answers = await asyncio.gather(*asked)
    assert [answer is None for answer in answers] == [ended, False]


@pytest.mark.parametrize("invoked", [False, True])
async def test_an_engine_that_is_busy_is_not_waited_for_while_typing(invoked: bool) -> None:
    engine = FakeEngine([Reply(after="", text="int and str", seconds_per_token=0.3)])
    completer = Completer(engine, replace(SETTINGS, latency_budget_ms=50))
    tasks = asyncio.all_tasks()
    began = asyncio.get_running_loop().time()
    found = await completer.suggest(snapshot("x = \n"), Point(0, 4), invoked=invoked)
    assert (found is not None) == invoked
    seconds = asyncio.get_running_loop().time() - began
    assert seconds > 0.9 if invoked else 0.15 <= seconds < 0.25
    completer.close()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == tasks


class Counting(FakeEngine):
    """Notes the texts whose tokens it counts."""

    def __init__(self) -> None:
        super().__init__([])
        self.counted: list[str] = []
        self._counter = self._count

    def counter(self) -> Counter:
        return self._counter

    def _count(self, text: str) -> int:
        self.counted.append(text)
        return estimate(text)


async def test_short_lines_are_counted_once_and_long_ones_forgotten() -> None:
    short, long = "short = 1\n", "l" * 2000 + "\n"
    engine = Counting()
    completer = Completer(engine, SETTINGS)
    for _ in range(2):
        await completer.suggest(snapshot(short + long + "\n"), Point(2, 0), invoked=True)
    assert engine.counted.count(short) == 1
    assert engine.counted.count(long) > 1


async def test_what_was_computed_ahead_elsewhere_ends_for_a_request() -> None:
    """The engine takes equal requests in their turn, so it would hold up this one."""
    ahead = Reply(after="a = ", text="1\n" + "b = 2\n" * 50, seconds_per_token=0.02)
    engine = Closing([ahead, Reply(after="c = ", text="3\n")])
    completer = Completer(engine, SETTINGS)
    assert await completer.suggest(snapshot("a = \n"), Point(0, 4), invoked=False) is not None
    await asyncio.sleep(0.05)
    assert engine.closed == 0
    other = snapshot("c = \n", "file:///other.py")
    assert await completer.suggest(other, Point(0, 4), invoked=False) is not None
    assert engine.closed == 1
    completer.close()


@pytest.mark.parametrize("name", [".env", "deploy.pem", "%2eenv.local"])
@pytest.mark.parametrize("invoked", [True, False])
async def test_a_file_of_credentials_goes_to_no_other_machine(name: str, invoked: bool) -> None:
    secret = snapshot("KEY=\n", f"file:///project/{name}")
    for engine in (
        RemoteFake([Reply(after="", text="1")]),
        FakeEngine([Reply(after="", text="1")]),
    ):
        completer = Completer(engine, SETTINGS)
        found = await completer.suggest(secret, Point(0, 4), invoked=invoked)
        completer.close()
        assert (found is None) == isinstance(engine, RemoteFake)
        assert bool(engine.requests) == (found is not None)
