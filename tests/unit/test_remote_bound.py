"""How many requests an endpoint gets at once, and which goes first, seen from the endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field, replace

import pytest

from lsp_server.engines.base import InfillRequest, Priority
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.engines.remote.places import Places
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import STREAM, Endpoint, Request, endpoint
from tests.remote import REQUEST, ask, engine_for
from tests.strict_endpoints import STRICT, Strict, serve

TYPING, SPECULATION, CHAT, IDLE = Priority
PATIENCE = 60.0


@dataclass
class Busy:
    """Answers a request when it is told to, and counts those that run."""

    running: list[str] = field(default_factory=list)
    most: int = 0
    begun: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    let_go: dict[str, asyncio.Event] = field(default_factory=dict)

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        body = request.body
        name = body["messages"][0]["content"] if "messages" in body else body["prompt"]
        name = next(each for each in self.let_go if each in name)
        self.running.append(name)
        self.most = max(self.most, len(self.running))
        self.begun.put_nowait(name)
        try:
            await self.let_go[name].wait()
        finally:
            self.running.remove(name)
        writer.write(STREAM + b'data: {"choices": [{"text": "x", "finish_reason": "stop"}]}\n\n')

    async def next(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await self.begun.get()

    def gap(self, name: str, priority: Priority) -> InfillRequest:
        self.let_go[name] = asyncio.Event()
        return InfillRequest(f"# {name}\n", "\n", max_tokens=4, priority=priority)

    def message(self, name: str) -> ChatRequest:
        self.let_go[name] = asyncio.Event()
        return ChatRequest((Message("user", name),), 4)


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        running.routes["/v1/completions"] = running.routes["/v1/chat/completions"] = Busy()
        yield running


@pytest.fixture
def busy(served: Endpoint) -> Busy:
    handler = served.routes["/v1/completions"]
    assert isinstance(handler, Busy)
    return handler


async def say(engine: RemoteEngine, request: ChatRequest) -> None:
    async with aclosing(engine.chat(request)) as events:
        async for _ in events:
            pass


class Line:
    """Hears of each request that wants a place."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[Priority] = asyncio.Queue()

    async def grows_by(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE):
            for _ in range(number):
                await self.asked.get()

    def so_far(self) -> set[Priority]:
        return {self.asked.get_nowait() for _ in range(self.asked.qsize())}


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    heard = Line()
    taken = Places.taken

    def noted(places: Places, priority: Priority) -> AbstractAsyncContextManager[None]:
        heard.asked.put_nowait(priority)
        return taken(places, priority)

    monkeypatch.setattr(Places, "taken", noted)
    return heard


async def ready(served: Endpoint, **settings: object) -> RemoteEngine:
    engine = engine_for(served, **settings)
    await engine.info()
    await engine.chat_info()
    return engine


async def test_one_at_a_time_by_priority(served: Endpoint, busy: Busy, line: Line) -> None:
    engine = await ready(served, max_requests=1, timeout_seconds=PATIENCE)
    line.so_far()
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(say(engine, busy.message("first")))]
    assert await busy.next() == "first"
    for name, priority in (("idle", IDLE), ("spare", SPECULATION), ("typed", TYPING)):
        tasks.append(asyncio.create_task(ask(engine, busy.gap(name, priority))))
    tasks.append(asyncio.create_task(say(engine, busy.message("second"))))
    await line.grows_by(5)
    order = []
    for _ in range(4):
        (name,) = busy.running
        busy.let_go[name].set()
        order.append(await busy.next())
    assert order == ["typed", "spare", "second", "idle"]
    busy.let_go["idle"].set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)
    assert busy.most == 1
    await engine.close()


async def test_the_last_place_is_for_typing(served: Endpoint, busy: Busy, line: Line) -> None:
    engine = await ready(served, max_requests=2, timeout_seconds=PATIENCE)
    line.so_far()
    tasks: list[asyncio.Task[object]] = [
        asyncio.create_task(say(engine, busy.message(name))) for name in ("one", "two")
    ]
    first = await busy.next()
    await line.grows_by(2)
    tasks.append(asyncio.create_task(ask(engine, busy.gap("typed", TYPING))))
    assert await busy.next() == "typed"
    assert sorted(busy.running) == sorted([first, "typed"])
    for name in busy.let_go:
        busy.let_go[name].set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*tasks)
    assert busy.most == 2
    await engine.close()


async def test_who_waits_and_is_cancelled_sends_nothing(
    served: Endpoint, busy: Busy, line: Line
) -> None:
    engine = await ready(served, max_requests=1, timeout_seconds=PATIENCE)
    line.so_far()
    chat = asyncio.create_task(say(engine, busy.message("chat")))
    assert await busy.next() == "chat"
    typed = asyncio.create_task(ask(engine, busy.gap("typed", TYPING)))
    await line.grows_by(2)
    typed.cancel()
    await asyncio.wait([typed])
    last = asyncio.create_task(ask(engine, busy.gap("last", IDLE)))
    busy.let_go["chat"].set()
    assert await busy.next() == "last"
    busy.let_go["last"].set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(chat, last)
    assert not any("typed" in str(each.body) for each in served.requests)
    await engine.close()


async def test_waiting_for_ones_own_requests_is_no_fault_of_the_endpoint(
    served: Endpoint, busy: Busy, line: Line
) -> None:
    engine = await ready(served, max_requests=1, timeout_seconds=2.0)
    line.so_far()
    chat = asyncio.create_task(say(engine, busy.message("chat")))
    assert await busy.next() == "chat"
    typed = asyncio.create_task(ask(engine, busy.gap("typed", TYPING)))
    await line.grows_by(2)
    await asyncio.sleep(2.2)
    assert not typed.done()
    busy.let_go["typed"].set()
    busy.let_go["chat"].set()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(chat, typed)
    await engine.close()


@pytest.mark.parametrize("strict", STRICT.values(), ids=STRICT.keys())
async def test_every_dialect_tells_its_priority(strict: Strict, line: Line) -> None:
    async with endpoint() as served:
        serve(served, strict)
        settings = RemoteSettings(
            served.url,
            strict.name,  # type: ignore[arg-type]
            template="qwen",
        )
        engine = RemoteEngine(settings, lambda _status: None)
        await engine.info()
        await engine.chat_info()
        line.so_far()
        await ask(engine, replace(REQUEST, priority=IDLE))
        assert line.so_far() == {IDLE}
        await say(engine, ChatRequest((Message("user", "hello"),), 4, priority=SPECULATION))
        assert line.so_far() == {SPECULATION}
        await engine.close()
