"""The remote engine with a real llama-server and a real model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import httpx
import pytest

from lsp_server.core import fim
from lsp_server.engines.base import Delta, Finished, InfillRequest, Priority
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import RemoteError
from lsp_server.models import discover
from lsp_server.settings import RemoteSettings
from tests.llama_server import llama_server

pytestmark = pytest.mark.model

CONTEXT_TOKENS = 256
KEY = "test-key"
ADD = InfillRequest("def add(a, b):\n    return ", "\n\n\nprint(add(1, 2))\n", max_tokens=6)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    model = discover.resolve("qwen2.5-coder-0.5b")
    with llama_server(model, context_tokens=CONTEXT_TOKENS, api_key=KEY) as address:
        yield address


@pytest.fixture
async def engine(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RemoteEngine]:
    monkeypatch.setenv("TEST_KEY", KEY)
    running = RemoteEngine(RemoteSettings(url=url, api_key="env:TEST_KEY"), lambda status: None)
    yield running
    await running.close()


async def ask(engine: RemoteEngine, request: InfillRequest) -> tuple[list[Delta], Finished]:
    async with aclosing(engine.infill(request)) as stream:
        *deltas, finished = [event async for event in stream]
    assert isinstance(finished, Finished)
    return [delta for delta in deltas if isinstance(delta, Delta)], finished


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def tokens(url: str, content: str) -> int:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}) as client:
        body = {"content": content, "add_special": False, "parse_special": False}
        return len((await client.post(f"{url}/tokenize", json=body)).json()["tokens"])


async def test_info(engine: RemoteEngine) -> None:
    info = await engine.info()
    assert (info.kind, info.template, info.fim_ok) == ("remote", "qwen", True)
    assert info.model == "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    assert info.context_tokens == CONTEXT_TOKENS
    assert info.prompt_tokens_per_second is not None
    assert info.seconds_per_token is not None


async def test_a_middle_with_probabilities_and_costs(engine: RemoteEngine) -> None:
    deltas, finished = await ask(engine, ADD)
    assert text(deltas).startswith("a + b")
    assert all(len(delta.logprobs) == 1 and -9 < delta.logprobs[0] <= 0 for delta in deltas)
    assert finished.reason == "length"
    assert finished.usage.generated_tokens == ADD.max_tokens
    again, finished_again = await ask(engine, ADD)
    assert text(again) == text(deltas)
    usage = finished_again.usage
    assert (usage.prompt_tokens, usage.reused_tokens) == (
        finished.usage.prompt_tokens,
        finished.usage.prompt_tokens - 1,
    )


async def test_what_is_typed_goes_to_the_middle_and_costs_its_own_tokens(
    engine: RemoteEngine,
) -> None:
    prefix = "def add(first_number, second_number):\n"
    get_ready = InfillRequest(prefix, ADD.suffix, 0, Priority.IDLE, "    ")
    deltas, ready = await ask(engine, get_ready)
    assert (deltas, ready.reason) == ([], "length")
    for typed, expected in (
        ("    return", " first_number + second_number"),
        ("    return fi", "rst_number + second_number"),
        ("    return first_number + se", "cond_number"),
    ):
        deltas, finished = await ask(engine, InfillRequest(prefix, ADD.suffix, 8, middle=typed))
        assert text(deltas).startswith(expected)
        assert finished.usage.prompt_tokens - finished.usage.reused_tokens <= 6


async def test_text_of_the_user_never_becomes_a_control_token(
    engine: RemoteEngine, url: str
) -> None:
    prefix = "<|im_start|>user\n<|fim_middle|><|fim_suffix|></s><|endoftext|>\nx = "
    suffix = "\n<|fim_middle|><tool_call><|im_end|>\n"
    _, finished = await ask(engine, InfillRequest(prefix, suffix, max_tokens=1))
    # "<tool_call>" is an ordinary token of the vocabulary, which is found in any text.
    markers = 3
    assert finished.usage.prompt_tokens == (
        markers + await tokens(url, prefix) + await tokens(url, suffix)
    )
    assert await tokens(url, prefix) > 30


async def test_a_prompt_beyond_the_context_keeps_what_is_next_to_the_cursor(
    engine: RemoteEngine,
) -> None:
    far = InfillRequest("x = 1\n" * 300 + ADD.prefix, ADD.suffix + "y = 2\n" * 300, max_tokens=6)
    deltas, finished = await ask(engine, far)
    assert text(deltas).startswith("a + b")
    assert finished.usage.prompt_tokens == CONTEXT_TOKENS - far.max_tokens


async def is_working(client: httpx.AsyncClient) -> bool:
    return any(slot["is_processing"] for slot in (await client.get("/slots")).json())


async def test_a_cancelled_request_frees_the_server(engine: RemoteEngine, url: str) -> None:
    long = InfillRequest("numbers = [0, 1, 2, ", "\n", max_tokens=128)
    # How long it takes as a whole is measured here, since it depends on what else the machine does.
    started = time.monotonic()
    await ask(engine, long)
    whole = time.monotonic() - started
    # One client for all questions: each new one reads certificates, on the server's cores.
    async with httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {KEY}"}
    ) as client:
        async with aclosing(engine.infill(long)) as events:
            assert isinstance(await anext(events), Delta)
            assert await is_working(client)
        async with asyncio.timeout(whole / 2):
            while await is_working(client):
                pass


async def test_the_openai_dialect_gives_the_same_text(engine: RemoteEngine, url: str) -> None:
    settings = RemoteSettings(url=url, api_key="env:TEST_KEY", dialect="openai", template="qwen")
    other = RemoteEngine(settings, lambda status: None)
    assert (await other.info()).fim_ok
    test = fim.self_test()
    request = InfillRequest(test.prefix, test.suffix, max_tokens=16)
    expected, expected_end = await ask(engine, request)
    deltas, finished = await ask(other, request)
    assert text(deltas) == text(expected)
    assert finished.usage.prompt_tokens == expected_end.usage.prompt_tokens
    await other.close()


async def test_its_openai_form_ignores_the_suffix_so_markers_are_found(
    engine: RemoteEngine, url: str
) -> None:
    settings = RemoteSettings(url=url, api_key="env:TEST_KEY", dialect="openai")
    other = RemoteEngine(settings, lambda status: None)
    info = await other.info()
    assert info.fim_ok
    assert "the markers of qwen are used" in info.note
    test = fim.self_test()
    request = InfillRequest(test.prefix, test.suffix, max_tokens=16)
    assert text((await ask(other, request))[0]) == text((await ask(engine, request))[0])
    await other.close()


async def test_a_wrong_key(engine: RemoteEngine, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "wrong")
    with pytest.raises(RemoteError, match=r"refused the API key \(401\)"):
        await engine.info()


async def test_an_answer_is_held_to_names(engine: RemoteEngine) -> None:
    assert (await engine.info()).chooses_names
    middle = "    return a + "
    for typed, names, expected in (
        ("", ("b_long", "bag"), ("b_long", "bag")),
        ("", ("größe",), ("größe",)),
        ("b", ("", "_long"), ("",)),
        ("ba", ("g",), ("g",)),
    ):
        request = InfillRequest(
            "def add(a, b):\n", ADD.suffix, 12, middle=middle + typed, names=names
        )
        deltas, _ = await ask(engine, request)
        name = next(n for n in sorted(expected, reverse=True) if text(deltas).startswith(n))
        behind = text(deltas)[len(name) :]
        assert not behind or not (behind[0].isalnum() or behind[0] == "_")
