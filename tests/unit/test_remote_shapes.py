"""Every dialect against an endpoint that keeps to its public documentation to the letter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.engines.base import Delta, Finished, InfillRequest
from lsp_server.engines.chat import ChatEvent, ChatRequest, Message, NativeCall, Thought
from lsp_server.engines.remote import dialects
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.settings import ChatSettings, RemoteSettings
from tests.http_endpoint import Endpoint, endpoint, reply
from tests.remote import ask
from tests.strict_endpoints import MODEL, STRICT, Strict, serve

GAP = InfillRequest("def f():\n    ", "\n\nf()\n", max_tokens=16, middle="return ")
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}
ASKED = ChatRequest((Message("user", "hi"),), 50)
EVERY = pytest.mark.parametrize("strict", STRICT.values(), ids=STRICT.keys())
CALLING = pytest.mark.parametrize(
    "strict",
    [strict for strict in STRICT.values() if dialects.ALL[strict.name].calls_tools],
    ids=lambda strict: strict.name,
)


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def engine_at(served: Endpoint, dialect: str, **chat: Any) -> RemoteEngine:
    settings = RemoteSettings(url=served.url, dialect=dialect, timeout_seconds=10.0)  # type: ignore[arg-type]
    return RemoteEngine(settings, lambda _status: None, None, ChatSettings(**chat))


async def answer(engine: RemoteEngine, request: ChatRequest = ASKED) -> list[ChatEvent]:
    async with aclosing(engine.chat(request)) as events:
        return [event async for event in events]


def said(events: list[Any], kind: type[Delta | Thought]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))


def test_all_dialects_are_here() -> None:
    assert STRICT.keys() == dialects.ALL.keys()


@EVERY
async def test_a_gap_is_filled(served: Endpoint, strict: Strict) -> None:
    problems = serve(served, strict)
    engine = engine_at(served, strict.name)
    info = await engine.info()
    assert info.fim_ok
    assert info.note in ("", "It has no markers that Fimble knows, so the suffix is used.")
    events = await ask(engine, GAP)
    assert said(events, Delta) == "ab"
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "end"
    body = served.bodies(strict.fim_path)[-1]
    if strict.name == "llama-server":
        assert body["prompt"][-len("return ") :] == [ord(c) + 100 for c in "return "]
    elif "suffix" in body:
        assert info.template == "suffix"
        assert (body["prompt"], body["suffix"]) == ("def f():\n    return ", "\n\nf()\n")
    else:
        assert info.template == "qwen"
        marked = "<|fim_prefix|>def f():\n    <|fim_suffix|>\n\nf()\n<|fim_middle|>return "
        assert body["prompt"] == marked
    await ask(engine, replace(GAP, choice=3))
    await engine.close()
    assert problems == []


@CALLING
async def test_thoughts_and_calls_are_told_apart(served: Endpoint, strict: Strict) -> None:
    problems = serve(served, strict)
    arguments: Any = {"path": "a"} if strict.ndjson else '{"path": "a"}'
    call = {"id": "call00001", "type": "function", "index": 0}
    call["function"] = {"name": "read", "arguments": arguments}
    served.routes[strict.chat_path] = strict.chat(
        {"role": "assistant", strict.thought: "hm"},
        {strict.thought: " so"},
        {"content": "I "},
        {"content": "look."},
        {"tool_calls": [call]},
    )
    engine = engine_at(served, strict.name)
    request = replace(ASKED, tools=(TOOL,), temperature=0.5, seed=4, stop=("zz",))
    for _ in range(2):
        events = await answer(engine, request)
        assert said(events, Thought) == "hm so"
        assert said(events, Delta) == "I look."
        called = next(event for event in events if isinstance(event, NativeCall))
        assert (called.name, called.arguments) == ("read", '{"path": "a"}')
        assert isinstance(events[-1], Finished)
        assert events[-1].usage.prompt_tokens in (0, 200)
    messages = (*request.messages, Message("assistant", "", (called,)))
    await answer(engine, replace(request, messages=(*messages, Message("tool", "x", call=called))))
    await engine.close()
    assert problems == []


@EVERY
@pytest.mark.parametrize("size", [1, 3, 100])
async def test_thoughts_within_the_text_are_told_apart(
    served: Endpoint, strict: Strict, size: int
) -> None:
    serve(served, strict)
    text = "<think>\nif a < b\n</think>\n\nDone: a < b."
    cut = [{"content": text[at : at + size]} for at in range(0, len(text), size)]
    served.routes[strict.chat_path] = strict.chat(*cut)
    engine = engine_at(served, strict.name)
    events = await answer(engine)
    assert (said(events, Thought), said(events, Delta)) == ("if a < b\n", "Done: a < b.")
    await engine.close()


async def test_pieces_of_mistrals_answers(served: Endpoint) -> None:
    mistral = STRICT["mistral"]
    serve(served, mistral)
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    served.routes[mistral.chat_path] = mistral.chat(
        {"content": [thinking]}, {"content": [{"type": "text", "text": "a"}]}, {"content": "b"}
    )
    engine = engine_at(served, "mistral")
    events = await answer(engine)
    assert (said(events, Thought), said(events, Delta)) == ("hm", "ab")
    await engine.close()


@pytest.mark.parametrize(
    ("dialect", "context"),
    [("lm-studio", 8192), ("vllm", 16384), ("sglang", 16384), ("mistral", 32768), ("tgi", 4096)],
)
async def test_the_context_is_read_where_it_is_told(
    served: Endpoint, dialect: str, context: int
) -> None:
    serve(served, STRICT[dialect])
    engine = engine_at(served, dialect)
    info = await engine.info()
    assert (info.model, info.context_tokens) == (MODEL, context)
    assert (await engine.chat_info()).context_tokens == context
    await engine.close()


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "tgi", "ollama", "llama-server", "openai"])
async def test_auto_recognises(served: Endpoint, dialect: str) -> None:
    problems = serve(served, STRICT[dialect])
    engine = engine_at(served, "auto")
    assert said(await ask(engine, GAP), Delta) == "ab"
    assert said(await answer(engine), Delta) == "one two"
    asked = {request.path for request in served.requests}
    assert {STRICT[dialect].fim_path, STRICT[dialect].chat_path} <= asked
    await engine.close()
    assert problems == []


async def test_llama_swap_is_not_taken_for_ollama(served: Endpoint) -> None:
    serve(served, STRICT["openai"])
    served.routes["/api/version"] = reply({"version": "1", "commit": "c", "build_date": "d"})
    engine = engine_at(served, "auto")
    assert said(await ask(engine, GAP), Delta) == "ab"
    await engine.close()
    assert served.bodies("/v1/completions")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.deepseek.com", "deepseek"),
        ("api.siliconflow.cn:443", "siliconflow"),
        ("API.SiliconFlow.com", "siliconflow"),
        ("codestral.mistral.ai", "mistral"),
        ("mistral.ai.example", ""),
        ("notmistral.ai", ""),
        ("127.0.0.1:8080", ""),
    ],
)
def test_hosts(host: str, name: str) -> None:
    found = [ways.name for ways in dialects.ALL.values() if ways.is_at(host)]
    assert found == ([name] if name else [])


@pytest.mark.parametrize("end", ["", "/", "/beta", "/v1"])
async def test_deepseek_at_any_of_its_addresses(served: Endpoint, end: str) -> None:
    problems = serve(served, STRICT["deepseek"])
    served.url += end
    engine = engine_at(served, "deepseek")
    assert said(await ask(engine, GAP), Delta) == "ab"
    assert said(await answer(engine), Delta) == "one two"
    await engine.close()
    assert problems == []


async def test_a_llama_server_that_can_not_tell_markers_from_text(served: Endpoint) -> None:
    strict = STRICT["llama-server"]
    serve(served, strict)
    served.before_routes = None
    served.routes |= {"/tokenize": reply({"tokens": [1, 2]}), "/infill": strict.completion("a")}
    engine = engine_at(served, "llama-server")
    async with aclosing(engine.infill(GAP)) as events:
        with pytest.raises(Exception, match="has no"):  # the probe gets no whole answer
            await anext(events)
    await engine.close()
    whole = {"content": "x", "stop": True, "stop_type": "limit", "timings": {"prompt_n": 200}}
    served.before_routes = lambda request: (
        reply(whole) if request.path == "/infill" and not request.body["stream"] else None
    )
    engine = engine_at(served, "llama-server")
    assert said(await ask(engine, GAP), Delta) == "a"
    body = served.bodies("/infill")[-1]
    assert (body["input_prefix"], body["input_suffix"]) == (GAP.prefix + GAP.middle, GAP.suffix)
    await engine.close()
