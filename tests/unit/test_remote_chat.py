"""Chats with endpoints: OpenAI's format, llama-server's and Ollama's, kept and broken promises."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.engines.base import Delta, EngineStatus, Finished, Priority, Usage
from lsp_server.engines.chat import (
    ChatEvent,
    ChatInfo,
    ChatRequest,
    Message,
    NativeCall,
    Thought,
)
from lsp_server.engines.remote import control_text
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.errors import ContextExceeded, EngineUnavailable, RemoteError, UsageError
from lsp_server.models import discover
from lsp_server.settings import ChatSettings, RemoteSettings
from tests.http_endpoint import STREAM, Endpoint, Request, dripping, endpoint, reply, stream
from tests.llama_server import llama_server

ASKED = ChatRequest((Message("system", "Be kind."), Message("user", "hi")), 20)
CHAT = "/v1/chat/completions"
DONE = "[DONE]"
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}
PROPS = {"model_path": "/models/coder.gguf", "default_generation_settings": {"n_ctx": 1000}}
COSTS: list[tuple[Priority, Usage]] = []


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def engine_for(
    served: Endpoint, dialect: str = "openai", chat: ChatSettings | None = None
) -> RemoteEngine:
    COSTS.clear()
    settings = RemoteSettings(url=served.url, dialect=dialect, timeout_seconds=5.0)  # type: ignore[arg-type]
    return RemoteEngine(settings, lambda _status: None, lambda *cost: COSTS.append(cost), chat)


async def ask(engine: RemoteEngine, request: ChatRequest = ASKED) -> list[ChatEvent]:
    async with aclosing(engine.chat(request)) as events:
        return [event async for event in events]


def delta(reason: str | None = None, **fields: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


def piece(**fields: object) -> dict[str, object]:
    """An event with a piece of a call."""
    names = {"name", "arguments"}
    function = {name: value for name, value in fields.items() if name in names}
    others = {name: value for name, value in fields.items() if name not in names}
    return delta(tool_calls=[{**others, "function": function}])


async def test_text_thoughts_and_costs(served: Endpoint) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}
    served.routes[CHAT] = stream(
        delta(role="assistant", content=None),
        delta(reasoning_content="hm"),
        delta(reasoning="m"),
        delta(content="one"),
        delta(content=" two\u2028"),
        delta("length"),
        {"choices": [], "usage": usage},
        DONE,
    )
    engine = engine_for(served)
    cost = Usage(prompt_tokens=9, generated_tokens=3, evaluated_tokens=9)
    expected = [Thought("hm"), Thought("m"), Delta("one"), Delta(" two\u2028")]
    assert await ask(engine) == [*expected, Finished("length", cost)]
    assert [(Priority.CHAT, replace(cost, generated_tokens=4))] == COSTS
    await engine.close()


async def test_what_is_sent(served: Endpoint) -> None:
    served.routes["/v1/models"] = reply({"data": [{"id": "coder", "context_length": 32768}]})
    served.routes[CHAT] = stream(delta("stop", content="x"), DONE)
    engine = engine_for(served)
    call = NativeCall("read", '{"path": "<|im_end|>"}', "c1")
    messages = (
        Message("user", "a <|im_end|>\ud800"),
        Message("assistant", "", calls=(call,)),
        Message("tool", "[INST] </s>", call=call),
    )
    stops = ("a", "b", "c", "d", "e")
    await ask(
        engine,
        ChatRequest(messages, 7, temperature=0.5, seed=3, stop=stops, tools=(TOOL,)),
    )
    arguments = '{"path": "<|im_end| >"}'
    function = {"name": "read", "arguments": arguments}
    assert served.bodies(CHAT) == [
        {
            "model": "coder",
            "messages": [
                {"role": "user", "content": "a <|im_end| >?"},
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [{"id": "c1", "type": "function", "function": function}],
                },
                {"role": "tool", "content": "[INST ] </s >", "tool_call_id": "c1"},
            ],
            "max_tokens": 7,
            "temperature": 0.5,
            "top_p": 0.95,
            "seed": 3,
            "stop": ["a", "b", "c", "d"],
            "tools": [TOOL],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    info = await engine.chat_info()
    assert info == ChatInfo("coder", 32768, native_tools=True)
    assert info.is_remote
    assert await engine.count_chat(messages) > 12
    await engine.close()


@given(st.text(alphabet="<|>/[]s aINSTfim_e", max_size=40))
def test_broken_up_text_holds_no_control_text(text: str) -> None:
    broken = control_text.broken_up(f"{text}<|im_start|>{text}</s>")
    assert control_text.cut(broken, "", ()) == (broken, "")
    assert broken.replace(" ", "") == f"{text}<|im_start|>{text}</s>".replace(" ", "")


@pytest.mark.parametrize(
    "pieces",
    [
        [
            piece(index=0, id="1", name="read", arguments=""),
            piece(index=0, arguments='{"a"'),
            piece(index=1, id="2", name="list", arguments="{}"),
            piece(index=0, arguments=": 1}"),
        ],
        [
            piece(id="1", name="read", arguments='{"a": 1}'),
            piece(id="2", name="list", arguments="{}"),
        ],
        [
            piece(index=0, id="1", name="read", arguments='{"a": 1}'),
            piece(index=0, id="2", name="list", arguments="{}"),
        ],
    ],
)
async def test_calls_are_put_together(served: Endpoint, pieces: list[object]) -> None:
    served.routes[CHAT] = stream(delta(content="I look."), *pieces, delta("tool_calls"), DONE)
    engine = engine_for(served)
    assert await ask(engine, replace(ASKED, tools=(TOOL,))) == [
        Delta("I look."),
        NativeCall("read", '{"a": 1}', "1"),
        NativeCall("list", "{}", "2"),
        Finished("end"),
    ]
    await engine.close()


async def test_a_stop_ends_the_answer_even_if_the_endpoint_goes_on(served: Endpoint) -> None:
    served.routes[CHAT] = stream(*(delta(content=c) for c in "one two three"), DONE)
    engine = engine_for(served)
    events = await ask(engine, replace(ASKED, stop=("4", "5", "6", "7", "tw")))
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "one "
    assert events[-1] == Finished("end")
    await engine.close()


@pytest.mark.parametrize(
    "one", [delta(content="x"), piece(index=0, arguments="x"), delta(reasoning="x")]
)
async def test_an_endpoint_that_does_not_heed_the_limit(served: Endpoint, one: object) -> None:
    served.routes[CHAT] = stream(*[one] * 100)
    engine = engine_for(served)
    *events, finished = await ask(engine, replace(ASKED, tools=(TOOL,)))
    assert finished == Finished("length")
    assert len(events) <= 20
    await engine.close()


async def test_an_endpoint_that_cannot_tell_costs_is_asked_without(served: Endpoint) -> None:
    def picky(request: Request) -> bytes | None:
        if request.path == CHAT and "stream_options" in request.body:
            return reply({"detail": "extra_forbidden"}, status=422)
        return None

    served.before_routes = picky
    served.routes[CHAT] = stream(delta("stop", content="x"), DONE)
    engine = engine_for(served)
    for _ in range(2):
        assert (await ask(engine))[0] == Delta("x")
    assert all("stream_options" not in body for body in served.bodies(CHAT))
    await engine.close()


async def test_a_request_that_is_refused_says_nothing_about_the_endpoint(served: Endpoint) -> None:
    served.routes[CHAT] = reply({"error": {"message": "bad tool"}}, status=400)
    engine = engine_for(served)
    with pytest.raises(RemoteError, match=r"refused the request \(400\)"):
        await ask(engine)
    served.routes[CHAT] = stream(delta("stop", content="x"), DONE)
    assert (await ask(engine))[0] == Delta("x")
    assert [request.path for request in served.requests].count("/v1/models") == 1
    assert "stream_options" in served.bodies(CHAT)[-1]
    await engine.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"error": {"type": "exceed_context_size_error", "code": 400, "message": "too big"}}),
        (400, {"error": {"code": "context_length_exceeded", "message": "..."}}),
        (
            400,
            {"object": "error", "message": "This model's maximum context length is 4096 tokens."},
        ),
        (500, {"error": "the input length exceeds the context length"}),
    ],
)
async def test_a_chat_that_is_too_long(served: Endpoint, status: int, error: object) -> None:
    served.routes[CHAT] = reply(error, status=status)
    engine = engine_for(served)
    for _ in range(2):
        with pytest.raises(ContextExceeded, match=r"longer than .* can read at once"):
            await ask(engine)
    assert len(served.bodies(CHAT)) == 2, "asked each time, and once each"
    await engine.close()


async def test_a_refusal_whose_text_never_comes_is_a_refusal(served: Endpoint) -> None:
    async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\n")
        await writer.drain()

    served.routes[CHAT] = silent
    engine = engine_for(served)
    with pytest.raises(RemoteError, match=r"failed \(500\)"):
        await ask(engine)
    await engine.close()


async def test_leaving_a_chat_closes_its_connection(served: Endpoint) -> None:
    served.routes[CHAT] = dripping(stream(delta(content="x"))[len(STREAM) :])
    engine = engine_for(served)
    async with asyncio.timeout(1), aclosing(engine.chat(ASKED)) as events:
        assert await anext(events) == Delta("x")
        served.ended.clear()
    await asyncio.wait_for(served.ended.wait(), 0.5)
    assert [(Priority.CHAT, Usage(generated_tokens=1))] == COSTS
    await engine.close()
    with pytest.raises(EngineUnavailable, match="is closed"):
        await ask(engine)


async def test_a_chat_may_take_its_own_time(served: Endpoint) -> None:
    async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    served.routes[CHAT] = silent
    engine = engine_for(served, chat=ChatSettings(timeout_seconds=0.05))
    with pytest.raises(RemoteError, match=r"within 0.05 s; .* fimble\.chat\.timeoutSeconds"):
        await ask(engine)
    await engine.close()


async def test_it_chats_with_an_endpoint_that_cannot_fill_gaps(served: Endpoint) -> None:
    served.routes["/v1/completions"] = reply({}, status=404)
    served.routes[CHAT] = stream(delta("stop", content="x"), DONE)
    statuses: list[EngineStatus] = []
    settings = RemoteSettings(url=served.url)
    engine = RemoteEngine(settings, statuses.append)
    with pytest.raises(RemoteError, match="has no completions of such a model"):
        await engine.info()
    failed = list(statuses)
    assert (await ask(engine))[0] == Delta("x")
    assert statuses == failed
    await engine.close()


async def test_what_an_endpoint_cannot_do_is_refused(served: Endpoint) -> None:
    engine = engine_for(served)
    for request in (replace(ASKED, grammar="root ::= []"), replace(ASKED, begun="a")):
        with pytest.raises(UsageError, match="can't be given"):
            await ask(engine, request)
    assert served.bodies(CHAT) == []
    await engine.close()


async def test_llama_server_takes_a_grammar_and_a_beginning(served: Endpoint) -> None:
    served.routes["/props"] = reply(PROPS)
    timings = {"cache_n": 5, "prompt_n": 4, "prompt_ms": 1000, "predicted_n": 1}
    served.routes[CHAT] = stream(delta(content="x"), delta("stop") | {"timings": timings}, DONE)
    engine = engine_for(served, "auto")
    info = await engine.chat_info()
    assert info == ChatInfo(
        "coder.gguf", 1000, takes_grammar=True, takes_begun=True, native_tools=True
    )
    *_, finished = await ask(engine, replace(ASKED, grammar="root ::= [a-z]", begun="a<|im_end|>"))
    assert isinstance(finished, Finished)
    assert finished.usage.reused_tokens == 5
    body = served.bodies(CHAT)[0]
    assert body["grammar"] == "root ::= [a-z]"
    assert body["messages"][-1] == {"role": "assistant", "content": "a<|im_end| >"}
    assert "model" not in body
    await engine.close()


def ollama(served: Endpoint, *events: object) -> None:
    """Make an endpoint answer as Ollama."""
    served.routes["/api/version"] = reply({"version": "0.12.0"})
    served.routes["/v1/models"] = reply({"data": [{"id": "qwen2.5-coder:1.5b"}]})
    facts = {"general.architecture": "qwen2", "qwen2.context_length": 32768}
    served.routes["/api/show"] = reply({"model_info": facts, "capabilities": ["insert", "tools"]})
    lines = "".join(json.dumps(event) + "\n" for event in events)
    served.routes["/api/chat"] = STREAM.replace(b"event-stream", b"x") + lines.encode()


def said(**message: object) -> dict[str, object]:
    return {"message": {"role": "assistant", "content": "", **message}, "done": False}


END: dict[str, Any] = {
    "message": {"role": "assistant", "content": ""},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 12,
    "eval_count": 3,
}


@pytest.mark.parametrize("dialect", ["auto", "ollama"])
async def test_ollama_is_asked_for_a_context_that_is_large_enough(
    served: Endpoint, dialect: str
) -> None:
    function = {"name": "read", "arguments": {"path": "é"}}
    ollama(
        served,
        said(thinking="hm"),
        said(content="one"),
        said(tool_calls=[{"function": function}]),
        END,
    )
    engine = engine_for(served, dialect, ChatSettings(context_tokens=9000))
    assert await engine.chat_info() == ChatInfo("qwen2.5-coder:1.5b", 9000, native_tools=True)
    call = NativeCall("list", "{malformed", "")
    messages = (
        Message("user", "<|im_start|>"),
        Message("assistant", "", calls=(replace(call, arguments="{}"), call)),
        Message("tool", "x", call=call),
    )
    cost = Usage(prompt_tokens=12, generated_tokens=3, evaluated_tokens=12)
    assert await ask(engine, ChatRequest(messages, 20, stop=("z",), tools=(TOOL,))) == [
        Thought("hm"),
        Delta("one"),
        NativeCall("read", '{"path": "é"}'),
        Finished("end", cost),
    ]
    assert [(Priority.CHAT, cost)] == COSTS
    calls = [
        {"function": {"name": "list", "arguments": {}}},
        {"function": {"name": "list", "arguments": {"malformed": "{malformed"}}},
    ]
    assert served.bodies("/api/chat") == [
        {
            "model": "qwen2.5-coder:1.5b",
            "messages": [
                {"role": "user", "content": "<|im_start| >"},
                {"role": "assistant", "content": "", "tool_calls": calls},
                {"role": "tool", "content": "x", "tool_name": "list"},
            ],
            "options": {
                "num_ctx": 9000,
                "num_predict": 20,
                "temperature": 0.0,
                "top_p": 0.95,
                "seed": 0,
                "stop": ["z"],
            },
            "tools": [TOOL],
            "truncate": False,
            "shift": False,
            "stream": True,
        }
    ]
    await engine.close()


async def test_ollama_stops_where_told_and_may_fail(served: Endpoint) -> None:
    ollama(served, *(said(content=c) for c in "one two"), END)
    engine = engine_for(served, "ollama")
    events = await ask(engine, replace(ASKED, stop=(" tw",)))
    assert events == [*map(Delta, "one"), Finished("end")]
    ollama(served, said(content="x"), {"error": "out of memory"})
    with pytest.raises(RemoteError, match="failed while answering"):
        await ask(engine)
    await engine.close()


@pytest.mark.model
async def test_a_real_llama_server_chats() -> None:
    with llama_server(discover.resolve("qwen2.5-coder-0.5b"), context_tokens=1024) as url:
        engine = RemoteEngine(RemoteSettings(url=url), lambda _status: None)
        asked = replace(ASKED, messages=(Message("user", "Count from one to five, in digits."),))
        events = await ask(engine, replace(asked, begun="1, 2, ", stop=(", 5",)))
        assert "".join(e.text for e in events if isinstance(e, Delta)) == "3, 4"
        events = await ask(engine, replace(asked, grammar='root ::= "yes" | "no"'))
        assert "".join(e.text for e in events if isinstance(e, Delta)) in ("yes", "no")
        finished = events[-1]
        assert isinstance(finished, Finished)
        assert finished.usage.reused_tokens > 10
        long = replace(asked, messages=(Message("user", "x " * 3000),))
        with pytest.raises(ContextExceeded):
            await ask(engine, long)
        with pytest.raises(RemoteError, match=r"refused the request \(400\)"):
            await ask(engine, replace(asked, grammar="root := nonsense"))
        assert (await engine.chat_info()).context_tokens == 1024
        await engine.close()
