"""Chats with models that think: budgets, second attempts, and what is learned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatEvent, Message, Thought
from tests.http_endpoint import Endpoint, Request, endpoint, reply
from tests.strict_endpoints import STRICT, Strict, listed, serve
from tests.unit.test_remote_shapes import ASKED, TOOL, answer, engine_at, said
from tests.unit.test_thoughts import CASES

R1 = "DeepSeek-R1-Distill-Qwen-7B"
VLLM = STRICT["vllm"]


@pytest.fixture
async def served() -> AsyncIterator[Endpoint]:
    async with endpoint() as running:
        yield running


def name_model(served: Endpoint, model: str) -> None:
    """Have the endpoint list one model, with a context of 16384 tokens."""
    models = listed(owned_by="vllm", max_model_len=16384)
    models["data"][0]["id"] = model
    served.routes["/v1/models"] = reply(models)


def words(text: str) -> list[dict[str, Any]]:
    return [{"content": f"{word} "} for word in text.split(" ")]


async def test_a_model_that_begins_inside_a_thought(served: Endpoint) -> None:
    problems = serve(served, VLLM)
    name_model(served, R1)
    served.routes[VLLM.chat_path] = VLLM.chat(*words("first I think </think> then answer"))
    engine = engine_at(served, "vllm", thinking_tokens=1000)
    assert (await engine.chat_info()).context_tokens == 15384
    events = await answer(engine)
    assert said(events, Thought) == "first I think "
    assert said(events, Delta) == "then answer "
    assert served.bodies(VLLM.chat_path)[0]["max_tokens"] == 1050
    await engine.close()
    assert problems == []


@pytest.mark.parametrize("name", ["vllm", "sglang", "siliconflow", "deepseek", "ollama"])
async def test_too_much_thought_is_stopped_and_the_answer_asked_for(
    served: Endpoint, name: str
) -> None:
    strict = STRICT[name]
    problems = serve(served, strict)
    thoughts = strict.chat(*[{strict.thought: "hm"}] * 300)
    bodies: list[dict[str, Any]] = []

    def at_once(request: Request) -> bytes | None:
        if request.path != strict.chat_path:
            return None
        bodies.append(request.body)
        return strict.chat({"content": "42"}) if len(bodies) > 2 else thoughts

    served.before_routes = at_once
    engine = engine_at(served, name, thinking_tokens=30)
    if name == "deepseek":  # of which it is known
        bodies.append({})
    else:  # the first answer shows that it thinks
        events = await answer(engine)
        assert (len(events), events[-1]) == (51, Finished("length"))
    events = await answer(engine)
    assert len([event for event in events if isinstance(event, Thought)]) == 30
    assert said(events, Delta) == "42"
    thinks, at_once_body = bodies[1:]
    switches: dict[str, dict[str, Any]] = {
        "vllm": {"chat_template_kwargs": {"enable_thinking": False}},
        "sglang": {"chat_template_kwargs": {"enable_thinking": False}},
        "siliconflow": {"enable_thinking": False},
        "deepseek": {"thinking": {"type": "disabled"}},
        "ollama": {"think": False},
    }
    off = switches[name]
    assert {key: at_once_body.get(key) for key in off} == off
    assert not off.items() <= thinks.items()
    if name == "siliconflow":
        assert (thinks["thinking_budget"], thinks["max_tokens"]) == (128, 50)
    await engine.close()
    assert problems == []


async def test_one_that_can_not_be_told_is_cut(served: Endpoint) -> None:
    strict = STRICT["openai"]
    serve(served, strict)
    name_model(served, "qwq-32b")
    served.routes[strict.chat_path] = strict.chat(*words("on and on " * 99))
    engine = engine_at(served, "openai", thinking_tokens=30)
    events = await answer(engine)
    assert said(events, Delta) == ""
    assert (len(events), events[-1]) == (31, Finished("length"))
    assert len(served.bodies(strict.chat_path)) == 1
    await engine.close()


async def test_no_thought_wanted(served: Endpoint) -> None:
    serve(served, VLLM)
    name_model(served, R1)
    engine = engine_at(served, "vllm", thinking_tokens=0)
    assert said(await answer(engine), Delta) == "one two"
    body = served.bodies(VLLM.chat_path)[0]
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["max_tokens"] == 50
    await engine.close()


async def test_deepseek_does_not_think_with_tools(served: Endpoint) -> None:
    strict = STRICT["deepseek"]
    serve(served, strict)
    engine = engine_at(served, "deepseek")
    await answer(engine)
    await answer(engine, replace(ASKED, tools=(TOOL,)))
    types = [body["thinking"]["type"] for body in served.bodies(strict.chat_path)]
    assert types == ["enabled", "disabled"]
    await engine.close()


async def test_that_a_model_begins_inside_a_thought_is_learned(served: Endpoint) -> None:
    serve(served, VLLM)
    served.routes[VLLM.chat_path] = VLLM.chat(*words("so it is \n</think>\n\n yes"))
    engine = engine_at(served, "vllm")
    first = await answer(engine)
    assert "</think>" not in said(first, Delta)
    second = await answer(engine)
    assert (said(second, Thought).strip(), said(second, Delta).strip()) == ("so it is", "yes")
    await engine.close()


async def test_whoever_begins_the_answer_reads_all_of_it(served: Endpoint) -> None:
    strict = STRICT["llama-server"]
    serve(served, strict)
    served.routes[strict.chat_path] = strict.chat(*words("it.</think> {}"))
    engine = engine_at(served, "llama-server")
    events = await answer(engine, replace(ASKED, begun="<think>I read"))
    assert said(events, Delta) == "it.</think> {} "
    await engine.close()


@pytest.mark.parametrize("strict", STRICT.values(), ids=STRICT.keys())
@pytest.mark.parametrize("size", [2, 1000])
async def test_all_cases_come_through_every_dialect(
    served: Endpoint, strict: Strict, size: int
) -> None:
    serve(served, strict)
    engine = engine_at(served, strict.name)
    for case in CASES:
        if case.get("begun") or case.get("cut"):
            continue
        text = case["text"]
        cut = [{"content": text[at : at + size]} for at in range(0, len(text), size)]
        served.routes[strict.chat_path] = strict.chat(*cut)
        events = await answer(engine, replace(ASKED, max_tokens=200))
        told = (said(events, Thought), said(events, Delta))
        assert told == (case.get("thought", ""), case.get("answer", "")), case["name"]
    await engine.close()


async def test_all_cases_come_through_where_the_thought_is_begun(served: Endpoint) -> None:
    serve(served, VLLM)
    name_model(served, R1)
    engine = engine_at(served, "vllm")
    for case in CASES:
        if not case.get("begun") or case.get("cut"):
            continue
        served.routes[VLLM.chat_path] = VLLM.chat(*({"content": c} for c in case["text"]))
        events = await answer(engine, replace(ASKED, max_tokens=200))
        told = (said(events, Thought), said(events, Delta))
        assert told == (case.get("thought", ""), case.get("answer", "")), case["name"]
    await engine.close()


@pytest.mark.parametrize("strict", STRICT.values(), ids=STRICT.keys())
async def test_thoughts_do_not_come_back(served: Endpoint, strict: Strict) -> None:
    """What a chat's next request holds is what was told as the answer."""
    serve(served, strict)
    served.routes[strict.chat_path] = strict.chat(
        {strict.thought: "secret"}, {"content": "<think>secret</think>"}, {"content": "open"}
    )
    engine = engine_at(served, strict.name)
    events: list[ChatEvent] = await answer(engine)
    told = said(events, Delta)
    messages = (*ASKED.messages, Message("assistant", told), Message("user", "and?"))
    await answer(engine, replace(ASKED, messages=messages))
    assert served.bodies(strict.chat_path)[-1]["messages"][1]["content"] == "open"
    assert "secret" not in str(served.bodies(strict.chat_path)[-1])
    await engine.close()
