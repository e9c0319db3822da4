"""A real server that is killed in the middle of an answer, and another engine that goes on."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import TypeVar

import pytest

from lsp_server.engines.base import Delta, EngineStatus, Finished, InfillRequest
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.engines.open import open_engine
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.models import discover
from lsp_server.settings import parse
from tests.child_servers import Child
from tests.litellm_proxy import Upstream, litellm_proxy
from tests.llama_cpp_server import llama_cpp_server
from tests.llama_server import Options, llama_server_child

pytestmark = [pytest.mark.model, pytest.mark.servers]

KEY = "sk-test-key"
MODEL = "qwen2.5-coder-0.5b"
NUMBERS = InfillRequest("numbers = [0, 1, 2, ", "\n", max_tokens=14)
COUNT = ChatRequest((Message("user", "Count from 1 to 30, separated by commas."),), 36)
SERVERS = ("llama-server", "llama_cpp.server", "LiteLLM")
T = TypeVar("T")


@pytest.fixture(scope="module")
def model() -> Path:
    return discover.resolve(MODEL)


@pytest.fixture(scope="module")
def survivor(model: Path) -> Iterator[Child]:
    with llama_server_child(Options(str(model), 2048, threads=1, api_key=KEY)) as child:
        yield child


Victim = tuple[Child, dict[str, str]]
"""A process to kill, and the settings of the endpoint."""


@pytest.fixture(params=SERVERS)
def victim(request: pytest.FixtureRequest, model: Path, tmp_path: Path) -> Iterator[Victim]:
    options = Options(str(model), 2048, threads=1, api_key=KEY)
    with ExitStack() as running:
        if request.param == "llama_cpp.server":
            child = running.enter_context(llama_cpp_server(model, api_key=KEY, interrupts=False))
        else:
            child = running.enter_context(llama_server_child(options))
        endpoint = {"url": child.url, "apiKey": "env:TEST_KEY"}
        if request.param == "LiteLLM":
            upstreams = {"coder": Upstream(child.url, KEY)}
            proxy = running.enter_context(litellm_proxy(upstreams, tmp_path, master_key=KEY))
            child, endpoint = proxy, endpoint | {"url": proxy.url, "model": "coder"}
        yield child, endpoint


Opened = tuple[RoleEngine, list[EngineStatus]]


@pytest.fixture
async def open_roles(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Opened]]:
    monkeypatch.setenv("TEST_KEY", KEY)
    opened: list[RoleEngine] = []

    def open_them(*engines: str, **endpoints: dict[str, str]) -> Opened:
        settings, problems = parse(
            {
                "model": MODEL,
                "local": {"threads": 1},
                "endpoints": endpoints,
                "roles": {"fim": list(engines), "chat": list(engines)},
            }
        )
        assert not problems
        told: list[EngineStatus] = []
        opened.append(open_engine(settings, told.append))
        return opened[-1], told

    yield open_them
    for engine in opened:
        await engine.close()


async def answer(stream: AsyncGenerator[T, None], kill: Child | None = None) -> str:
    """The text of an answer, in whose middle a server is killed."""
    text, pieces, last = "", 0, None
    async with aclosing(stream) as events:
        async for last in events:
            if isinstance(last, Delta):
                text, pieces = text + last.text, pieces + 1
                if pieces == 3 and kill is not None:
                    kill.kill()
    assert isinstance(last, Finished)
    return text


async def test_another_server_goes_on(
    survivor: Child, victim: Victim, open_roles: Callable[..., Opened]
) -> None:
    child, endpoint = victim
    second = {"url": survivor.url, "apiKey": "env:TEST_KEY"}
    alone, _ = open_roles("second", second=second)
    engine, told = open_roles("first", "second", first=endpoint, second=second)
    assert (await engine.info()).kind == "remote"
    expected = await answer(alone.infill(NUMBERS))
    assert "3, 4, 5, 6" in expected
    assert await answer(engine.infill(NUMBERS), kill=child) == expected
    before = time.monotonic()
    assert await answer(engine.infill(NUMBERS)) == expected
    took = time.monotonic() - before
    assert [(each.name, each.state) for each in engine.health()[:2]] == [
        ("first", "down"),
        ("second", "ready"),
    ]
    assert "stands in for first" in told[-1].message
    before = time.monotonic()
    await answer(alone.infill(NUMBERS))
    assert took < 2 * (time.monotonic() - before) + 1  # nothing waited for the dead one


async def test_another_server_goes_on_with_a_chat(
    survivor: Child, victim: Victim, open_roles: Callable[..., Opened]
) -> None:
    child, endpoint = victim
    second = {"url": survivor.url, "apiKey": "env:TEST_KEY"}
    engine, _ = open_roles("first", "second", first=endpoint, second=second)
    text = await answer(engine.chat(COUNT), kill=child)
    assert "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in text


async def test_the_model_on_this_machine_goes_on(
    model: Path, open_roles: Callable[..., Opened]
) -> None:
    with llama_server_child(Options(str(model), 2048, threads=1, api_key=KEY)) as child:
        office = {"url": child.url, "apiKey": "env:TEST_KEY"}
        engine, told = open_roles("office", "local", office=office)
        expected = await answer(engine.infill(NUMBERS))
        assert await answer(engine.infill(NUMBERS), kill=child) == expected
    text = await answer(engine.chat(COUNT))
    assert "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11" in text
    assert "stands in for office" in told[-1].message
