"""Model servers on this machine, as a client and the doctor find them: a stand-in for Ollama."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Start
from tests.http_endpoint import Endpoint, endpoint
from tests.strict_endpoints import MODEL, STRICT, serve

NOBODY = "127.0.0.1:9"


@pytest.fixture
async def ollama() -> AsyncIterator[Endpoint]:
    async with endpoint() as served:
        serve(served, STRICT["ollama"])
        yield served


async def test_a_client_finds_it(ollama: Endpoint, start: Start) -> None:
    editor = await start(environment={"OLLAMA_HOST": ollama.url})
    assert ollama.requests == []  # before it asks, nobody does
    answer = await editor.client.protocol.send_request_async("fimble/discover")
    (found,) = [each for each in answer.servers if each.url == ollama.url]
    assert (found.title, found.dialect) == ("Ollama", "ollama")
    assert [(model.name, model.fillsGaps) for model in found.models] == [(MODEL, True)]


async def told(tmp_path: Path, ollama_host: str, *options: str) -> str:
    """What the doctor prints where there is no model."""
    environment = os.environ | {"OLLAMA_HOST": ollama_host, "FIMBLE_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "lsp_server", "doctor", "--model", "/no/such.gguf", *options]
    doctor = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await doctor.communicate()
    return printed.decode()


async def test_the_doctor_says_how_to_use_it(ollama: Endpoint, tmp_path: Path) -> None:
    url = ollama.url
    expected = (
        f"Ollama at {url} has {MODEL} (fills gaps); to use it, set fimble.remote.url to {url} and "
        f"fimble.remote.model to {MODEL}, or give `--endpoint {url} --model {MODEL}`"
    )
    assert f"ok   {expected}\n" in await told(tmp_path, url)
    found: list[dict[str, Any]] = json.loads(await told(tmp_path, url, "--json"))["servers"]
    assert [each for each in found if each["url"] == url] == [
        {
            "url": url,
            "title": "Ollama",
            "dialect": "ollama",
            "models": [{"name": MODEL, "fillsGaps": True}],
            "text": expected,
        }
    ]


async def test_who_names_an_endpoint_is_told_of_no_other(ollama: Endpoint, tmp_path: Path) -> None:
    answer = json.loads(
        await told(tmp_path, ollama.url, "--endpoint", f"http://{NOBODY}", "--json")
    )
    assert answer["servers"] == []
    assert ollama.requests == []
