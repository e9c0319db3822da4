"""What llama-cpp-python's server and LiteLLM do differently, scripted after their real answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatEvent, ChatRequest, Message
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import ContextExceeded, RemoteError
from lsp_server.settings import RemoteSettings
from tests.http_endpoint import STREAM, Endpoint, Request, endpoint, reply, stream
from tests.remote import DONE, ask, choice, engine_for, refusal, text_of
from tests.strict_endpoints import STRICT, serve

SERVER = STRICT["llama-cpp-python"]
ASKED = ChatRequest((Message("user", "hi"),), 20)
TOO_LONG = {
    "error": {
        "message": "This model's maximum context length is 2048 tokens, however you requested ...",
        "code": "context_length_exceeded",
    }
}


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def engine_at(served: Endpoint) -> RemoteEngine:
    settings = RemoteSettings(url=served.url, dialect="llama-cpp-python", timeout_seconds=10)
    return RemoteEngine(settings, lambda _status: None)


async def chat(engine: RemoteEngine) -> list[ChatEvent]:
    async with aclosing(engine.chat(ASKED)) as events:
        return [event async for event in events]


async def test_what_it_can_do(served: Endpoint) -> None:
    serve(served, SERVER)
    engine = engine_at(served)
    info, chats = await engine.info(), await engine.chat_info()
    assert (info.template, info.context_tokens) == ("qwen", 2048)
    assert (chats.takes_grammar, chats.native_tools) == (True, False)
    await ask(engine)
    await chat(engine)
    for path in (SERVER.fim_path, SERVER.chat_path):
        assert served.bodies(path)[-1]["repeat_penalty"] == 1.0
    await engine.close()


def refuse_silently(served: Endpoint) -> list[dict[str, Any]]:
    """Refuse all prompts as too long, streams by their end alone; what is asked is in the list."""
    asked: list[dict[str, Any]] = []

    def answer(request: Request) -> bytes | None:
        if request.path not in (SERVER.fim_path, SERVER.chat_path):
            return None
        asked.append(request.body)
        return STREAM if request.body["stream"] else reply(TOO_LONG, status=400)

    served.before_routes = answer
    return asked


async def test_a_chat_that_is_too_long_is_told_from_a_silent_stream(served: Endpoint) -> None:
    serve(served, SERVER)
    asked = refuse_silently(served)
    engine = engine_at(served)
    with pytest.raises(ContextExceeded, match="give its server a larger context"):
        await chat(engine)
    await engine.close()
    assert [(body["stream"], body["max_tokens"]) for body in asked] == [(True, 20), (False, 1)]


async def test_a_gap_that_is_too_long_is_told(served: Endpoint) -> None:
    serve(served, SERVER)
    engine = engine_at(served)
    await engine.info()
    refuse_silently(served)
    assert "can't read a prompt of that length; start it with" in await refusal(engine)


async def test_an_answer_that_another_request_interrupts(served: Endpoint) -> None:
    serve(served, SERVER)
    served.routes[SERVER.chat_path] = stream(SERVER.chat_event(content="a"), DONE)
    served.routes[SERVER.fim_path] = stream(SERVER.fim_event("a"), DONE)
    engine = engine_at(served)
    with pytest.raises(RemoteError, match="start it with --interrupt_requests false"):
        await chat(engine)
    *deltas, finished = await ask(engine)
    assert [event.text for event in deltas if isinstance(event, Delta)] == ["a"]
    assert isinstance(finished, Finished)
    assert finished.reason == "length"
    await engine.close()


async def test_litellm_without_a_database_and_a_wrong_key(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "wrong")
    wrong = {"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}}
    served.before_routes = lambda _request: reply(wrong, status=400)
    engine = engine_for(served, template="", api_key="env:TEST_KEY")
    assert "refused the API key (401); check the environment" in await refusal(engine)


async def test_what_a_completion_costs_is_asked_for_unless_that_is_refused(
    served: Endpoint,
) -> None:
    served.routes["/v1/completions"] = stream(choice("x", "stop"), DONE)
    engine = engine_for(served)
    await text_of(engine)

    def strict(request: Request) -> bytes | None:
        unknown = "stream_options" in (request.body or {})
        return reply({"error": "unknown field"}, status=422) if unknown else None

    served.before_routes = strict
    assert [await text_of(engine) for _ in range(2)] == ["x", "x"]
    asked = ["stream_options" in body for body in served.bodies("/v1/completions")]
    assert asked[-3:] == [True, False, False]
    await engine.close()
