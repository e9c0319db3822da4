"""A session's engines, and what of their states reaches the client."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from lsp_server.completion import feedback
from lsp_server.core.text import Point
from lsp_server.edge.routes import register
from lsp_server.edge.server import FimbleServer
from lsp_server.edge.session import Session
from lsp_server.engines.base import EngineStatus, StatusListener, UsageListener
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.settings import Settings


class Loading(FakeEngine):
    """An engine whose states the test tells; it takes a while to end."""

    def __init__(self, on_status: StatusListener, threads: int = 0) -> None:
        super().__init__([])
        self.tell = on_status
        self.threads = threads
        self.closed = False

    async def close(self) -> None:
        await asyncio.sleep(0.05)
        self.closed = True
        self.tell(EngineStatus("stopped", f"{self.threads} has ended."))


async def test_an_engine_that_was_replaced_is_silent_and_ends_in_peace() -> None:
    engines: list[Loading] = []
    heard: list[str] = []

    def opened(settings: Settings, on_status: StatusListener, _: UsageListener) -> RoleEngine:
        engines.append(Loading(on_status, settings.local.threads))
        return RoleEngine.of("loading", engines[-1])

    session = Session(opened, lambda status: heard.append(status.message))
    session.configure({"local": {"threads": 1}})
    session.warm_up()
    session.configure({"local": {"threads": 2}})
    session.configure({"local": {"threads": 1}})
    assert [engine.threads for engine in engines] == [1, 2, 1]
    for number, engine in enumerate(engines):
        engine.tell(EngineStatus("ready", f"engine {number}"))
    assert heard == ["engine 2"]
    await session.close()
    assert [engine.closed for engine in engines] == [True, True, True]
    assert heard == ["engine 2", "1 has ended."]


class Client:
    """The other end of a server in this process."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self._engines: list[Loading] = []
        self.server = FimbleServer(self._opened)
        register(self.server)
        self.server.protocol.set_writer(self)

    def _opened(
        self, _settings: Settings, on_status: StatusListener, _: UsageListener
    ) -> RoleEngine:
        self._engines.append(Loading(on_status))
        return RoleEngine.of("loading", self._engines[-1])

    def write(self, data: bytes) -> None:
        self.received.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None:
        pass

    async def say(self, **message: object) -> None:
        self.server.protocol.receive(json.dumps({"jsonrpc": "2.0", **message}).encode())
        await asyncio.sleep(0.01)

    async def initialize(self) -> None:
        capabilities = {"window": {"workDoneProgress": True}}
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        await self.say(id=1, method="initialize", params=params)
        await self.say(method="initialized", params={})

    async def load(self, *fractions: float) -> None:
        """Let the engine tell that it loads."""
        for fraction in fractions:
            self._engines[0].tell(EngineStatus("loading", "Loading.", fraction))
            await asyncio.sleep(0.005)

    async def ready(self) -> None:
        self._engines[0].tell(EngineStatus("ready", "Ready."))
        await asyncio.sleep(0.005)

    def all(self, method: str) -> list[dict[str, Any]]:
        return [message for message in self.received if message.get("method") == method]

    async def end(self) -> None:
        await self.say(id=2, method="shutdown")
        await asyncio.sleep(0.1)


CREATE = "window/workDoneProgress/create"


async def test_a_client_that_declines_progress_is_asked_once_a_load() -> None:
    client = Client()
    await client.initialize()
    for load in (1, 2):
        await client.load(0.0)
        asked = client.all(CREATE)
        assert len(asked) == load
        await client.say(id=asked[-1]["id"], error={"code": -32601, "message": "no"})
        await client.load(0.1, 0.2, 0.3)
        await client.ready()
        assert len(client.all(CREATE)) == load
    assert client.all("$/progress") == []
    await client.end()


async def test_whole_percents_are_told() -> None:
    client = Client()
    await client.initialize()
    await client.load(0.0)
    await client.say(id=client.all(CREATE)[0]["id"], result=None)
    await client.load(*(step / 1000 for step in range(1, 31)))
    await client.ready()
    reports = [message["params"]["value"] for message in client.all("$/progress")]
    assert [report.get("percentage") for report in reports] == [0, 0, 1, 2, 3, None]
    fractions = [status["params"].get("fraction") for status in client.all("fimble/status")]
    assert fractions == [0.0, 0.01, 0.02, 0.03, None]
    await client.end()


async def test_what_was_accepted_is_compared_with_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feedback, "SETTLED_SECONDS", 0.0)
    engine = RoleEngine.of("fake", FakeEngine([Reply(after="return a", text=" + b")]))
    session = Session(lambda *_: engine, lambda _: None)
    uri = "file:///a.py"
    for standing in (" + b", " - 1"):
        text = "import os\n\n\ndef f(a, b):\n    return a\n"
        session.documents.open(uri, "python", 1, text)
        snapshot = session.documents.get(uri)
        found = await session.completer().suggest(snapshot, Point(4, 12), invoked=True)
        assert found is not None
        session.feedback.answered(found.identity)
        session.feedback.accepted(found.identity)
        session.documents.open(uri, "python", 2, f"# new\n{text[:-1]}{standing}\n")
        await session.feedback.settle()
        session.close_document(uri)
    python = session.stats.figures()["languages"]["python"]
    assert [python[name] for name in ("shown", "accepted", "judged", "kept")] == [2, 2, 2, 1]
    await session.close()
