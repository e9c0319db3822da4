"""A mode that an endpoint takes but that fails the self-test gives way to one that passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lsp_server.core import fim
from lsp_server.engines.base import EngineInfo
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import Endpoint, Request, endpoint, reply
from tests.strict_endpoints import STRICT, serve

OPENAI = STRICT["openai"]
RIGHT = fim.self_test().expected
SUFFIX_PROBE, SUFFIX_TEST, MARKERS_PROBE, MARKERS_TEST = "sp", "st", "mp", "mt"
ALL_FOUR = [SUFFIX_PROBE, SUFFIX_TEST, MARKERS_PROBE, MARKERS_TEST]


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def told(request: Request) -> str:
    """Which of the requests above one is."""
    mode = "s" if "suffix" in request.body else "m"
    return mode + ("t" if request.body.get("stream") else "p")


def answering(served: Endpoint, answers: dict[str, bytes]) -> list[str]:
    """Give these answers, and else what is right; the requests are in the list."""
    serve(served, OPENAI)
    strict: Callable[[Request], bytes | None] | None = served.before_routes
    asked: list[str] = []

    def answer(request: Request) -> bytes | None:
        if request.path != OPENAI.fim_path or strict is None:
            return None
        asked.append(told(request))
        return answers.get(asked[-1]) or strict(request)

    served.before_routes = answer
    return asked


async def connected(served: Endpoint, folder: Path) -> EngineInfo:
    settings = RemoteSettings(url=served.url, dialect="openai", timeout_seconds=10)
    engine = RemoteEngine(settings, lambda _status: None, None, None, folder)
    info = await engine.info()
    await engine.close()
    return info


async def test_the_next_mode_is_taken_and_remembered(served: Endpoint, tmp_path: Path) -> None:
    asked = answering(served, {SUFFIX_TEST: OPENAI.completion("!")})
    info = await connected(served, tmp_path)
    assert (info.template, info.fim_ok) == ("qwen", True)
    assert info.note == "It failed a simple test with a suffix, so the markers of qwen are used."
    assert asked == ALL_FOUR
    asked.clear()
    assert await connected(served, tmp_path) == info
    assert asked == [MARKERS_TEST]


async def test_where_none_passes_the_first_stays(served: Endpoint, tmp_path: Path) -> None:
    wrong = OPENAI.completion("!")
    asked = answering(served, {SUFFIX_TEST: wrong, MARKERS_TEST: wrong})
    info = await connected(served, tmp_path)
    assert (info.template, info.fim_ok, info.note) == ("suffix", False, "")
    assert asked == ALL_FOUR
    asked.clear()
    assert await connected(served, tmp_path) == info
    assert asked == [SUFFIX_TEST]


async def test_where_no_other_works_the_first_stays(served: Endpoint, tmp_path: Path) -> None:
    refused = reply({"error": "no"}, status=400)
    asked = answering(served, {SUFFIX_TEST: OPENAI.completion("!"), MARKERS_PROBE: refused})
    info = await connected(served, tmp_path)
    assert (info.template, info.fim_ok) == ("suffix", False)
    assert asked == ALL_FOUR[:3]
    asked.clear()
    assert await connected(served, tmp_path) == info
    assert asked == [SUFFIX_TEST]


async def test_a_failure_of_the_other_mode_is_no_failure(served: Endpoint, tmp_path: Path) -> None:
    failed = reply({"error": "no"}, status=500)
    asked = answering(served, {SUFFIX_TEST: OPENAI.completion("!"), MARKERS_PROBE: failed})
    info = await connected(served, tmp_path)
    assert (info.template, info.fim_ok) == ("suffix", False)
    asked.clear()
    await connected(served, tmp_path)
    assert asked == [SUFFIX_TEST, MARKERS_PROBE]
