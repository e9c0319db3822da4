"""Thoughts told apart from answers, however the text is cut."""

from __future__ import annotations

import random
import tomllib
from collections.abc import AsyncGenerator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.engines import thoughts
from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatEvent, ChatRequest, NativeCall, Thought
from lsp_server.engines.thoughts import Splitter

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("thought_cases.toml").read_text("utf-8")
)["case"]


def told(
    pieces: Iterable[str], *, begun: bool = False, cut: bool = False
) -> tuple[str, str, Splitter]:
    """The thought and the answer of a stream."""
    splitter = Splitter(begun=begun)
    events = [event for piece in pieces for event in splitter.feed(piece)]
    events += splitter.finish(ended=not cut)
    thought = "".join(event.text for event in events if isinstance(event, Thought))
    return thought, "".join(event.text for event in events if isinstance(event, Delta)), splitter


def cuts(text: str) -> Iterable[list[str]]:
    """A text in pieces: whole, in ones to nines, in two anywhere, and at random."""
    for size in (max(1, len(text)), *range(1, 10)):
        yield [text[start : start + size] for start in range(0, len(text), size)]
    for at in range(1, len(text)):
        yield [text[:at], text[at:]]
    chance = random.Random(len(text))
    for _ in range(10):
        places = sorted(chance.choices(range(len(text) + 1), k=4))
        yield [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_stream(case: dict[str, Any]) -> None:
    expected = (case.get("thought", ""), case.get("answer", ""))
    how = {key: case.get(key, False) for key in ("begun", "cut")}
    for pieces in cuts(case["text"]):
        assert told(pieces, **how)[:2] == expected, pieces


@pytest.mark.parametrize("text", ["Hello!", "a\n```\n<think>\n```\n", "x <"])
def test_what_was_no_thought_is_told_again_as_the_answer(text: str) -> None:
    for pieces in cuts(text):
        thought, answer, splitter = told(pieces, begun=True)
        assert (thought, answer) == (text, text)
        assert not splitter.thought


def test_an_endpoint_that_tells_thoughts_apart_needs_no_guess() -> None:
    splitter = Splitter(begun=True)
    splitter.told_apart()
    assert splitter.feed("Hello!") == [Delta("Hello!")]
    assert splitter.finish(ended=True) == []


def test_what_is_learned_of_a_model() -> None:
    assert told(["a</think>b"], begun=True)[2].began_inside
    assert told(["a\n</think>\nb"])[2].began_inside
    for text in ("<think>a</think>b", "a </think> b", "b", "```\n</think>\n```\n"):
        assert not told([text])[2].began_inside


def test_the_answer_is_told_as_it_comes() -> None:
    splitter = Splitter()
    assert splitter.feed("<think>a") == [Thought("a")]
    assert splitter.feed("b</think>\n\nc") == [Thought("b"), Delta("c")]
    assert splitter.feed(" d\n") == [Delta(" d\n")]
    assert splitter.feed("e < f") == [Delta("e < f")]


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", True),
        ("R1-Distill-Llama-70B-Q4_K_M.gguf", True),
        ("QwQ-32B", True),
        ("Qwen3-4B-Thinking-2507", True),
        ("Qwen3-Coder-30B-A3B", False),
        ("qwen2.5-coder:1.5b", False),
    ],
)
def test_names_of_models_that_begin_inside_a_thought(name: str, inside: bool) -> None:
    assert thoughts.begins_inside(name) is inside


async def chatted(*events: ChatEvent, inside: bool = False) -> list[ChatEvent]:
    async def stream() -> AsyncGenerator[ChatEvent, None]:
        for event in events:
            yield event

    return [event async for event in thoughts.told_apart(stream(), lambda: inside)]


async def test_a_chat_is_told_apart_and_else_as_it_was() -> None:
    plain = (Delta("one", (-0.5,), 7), NativeCall("a", "{}"), Delta(" two", (-1.0,)))
    assert await chatted(*plain, Finished("end")) == [*plain, Finished("end")]
    events = await chatted(Delta("<thi"), Delta("nk>a</think>"), Delta("b"), Finished("length"))
    assert events == [Thought("a"), Delta("b"), Finished("length")]
    events = await chatted(
        Delta("a</th"), Delta("ink>"), Delta("b <"), Finished("end"), inside=True
    )
    assert events == [Thought("a"), Delta("b <"), Finished("end")]
    events = await chatted(Delta("a"), Finished("end"), inside=True)
    assert events == [Thought("a"), Delta("a"), Finished("end")]


def test_whoever_begins_an_answer_reads_its_thoughts() -> None:
    asked = ChatRequest((), 1)
    assert not thoughts.are_read_by(asked)
    assert thoughts.are_read_by(replace(asked, begun="<think>The"))
    assert thoughts.are_read_by(replace(asked, grammar="root ::= []"))
