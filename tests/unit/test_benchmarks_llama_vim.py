"""llama.vim's cache, requests and timing, with a server that is a function."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from benchmarks import llama_vim
from benchmarks.keys import Shown
from benchmarks.llama_vim import CACHE_ENTRIES, Cache, Context, Hint, LlamaVim

LINES = ["def add(a, b):", "    return ", "", "print(add(1, 2))"]


class Model:
    """Answers by the line before the cursor, and keeps what it was asked."""

    def __init__(self, answers: dict[str, str], seconds: float = 0.0) -> None:
        self.requests: list[dict[str, Any]] = []
        self._answers = answers
        self._seconds = seconds

    async def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(body)
        await asyncio.sleep(self._seconds)
        return {"content": self._answers.get(body["prompt"], ""), "timings": {"prompt_n": 7}}

    def asked(self) -> list[tuple[str, int]]:
        return [(body["prompt"], body["t_max_predict_ms"]) for body in self.requests]


def line(text: str) -> list[str]:
    return [LINES[0], text, *LINES[2:]]


async def settled(plugin: LlamaVim) -> None:
    """Until neither request nor timer is left."""
    await asyncio.sleep(2.5 * llama_vim.POLL_SECONDS)


def test_the_request_has_what_stands_around_the_cursor() -> None:
    lines = [str(number) for number in range(400)]
    lines[300] = "    call(x)"
    request = Context.around(lines, 300, 10, [], 0).request(250)
    assert request["input_prefix"] == "".join(f"{number}\n" for number in range(44, 300))
    assert request["input_suffix"] == ")\n" + "".join(f"{number}\n" for number in range(301, 365))
    assert request["prompt"] == "    call(x"
    assert request["n_indent"] == 4


def test_a_line_of_spaces_is_asked_for_from_its_start() -> None:
    context = Context.around(["if a:", "    ", "b"], 1, 4, [], 8)
    assert (context.middle, context.suffix, context.indent) == ("", "\nb\n", 0)


def test_speculation_takes_the_suggestion_for_accepted() -> None:
    context = Context.around(LINES, 1, 11, ["a + b"], 4)
    assert (context.prefix, context.middle) == ("def add(a, b):\n", "    return a + b")
    context = Context.around(LINES, 1, 11, ["(", "  a", ")"], 4)
    assert (context.prefix, context.middle) == ("def add(a, b):\n    return (\n  a\n", ")")
    assert context.suffix == "\n\nprint(add(1, 2))\n"


def test_a_result_serves_what_agrees_with_it_and_where_lines_have_scrolled_away() -> None:
    cache = Cache()
    for key in Context.around(["one", "two", "x = "], 2, 4, [], 0).cache_keys():
        cache.insert(key, "first + second")
    assert cache.find(Context.around(["one", "two", "x = fir"], 2, 7, [], 0)) == "st + second"
    assert cache.find(Context.around(["two", "x = fir"], 1, 7, [], 0)) == "st + second"
    assert cache.find(Context.around(["one", "two", "x = far"], 2, 7, [], 0)) is None
    assert cache.find(Context.around(["one", "two", "x = fir", "new"], 2, 7, [], 0)) is None


def test_the_least_recently_used_result_goes_first() -> None:
    cache = Cache()
    for number in range(CACHE_ENTRIES):
        cache.insert(str(number), "text")
    assert cache.get("0") == "text"
    cache.insert("new", "text")
    assert cache.get("0") == "text"
    assert cache.get("1") is None


async def test_a_key_waits_for_the_model_and_what_agrees_is_shown_at_once() -> None:
    model = Model({"    return ": "a + b"})
    plugin = LlamaVim(model)
    first = await plugin.moved(LINES, 1, 11)
    assert first == Hint(Shown("a + b"), "model", 7)
    second = await plugin.moved(line("    return a"), 1, 12)
    assert second == Hint(Shown(" + b"), "known", 0)
    await settled(plugin)
    # After the first answer, its continuation; then, although it is shown, the second position.
    assert model.asked() == [
        ("    return ", 250),
        ("    return a + b", 1000),
        ("    return a", 250),
    ]
    assert plugin.prompt_tokens == 21
    await plugin.close()


async def test_a_key_that_nothing_agrees_with_is_asked_for_when_the_running_request_is_over() -> (
    None
):
    model = Model({"    return ": "a + b", "    return x": ".y"}, seconds=0.05)
    plugin = LlamaVim(model)
    await plugin.moved(LINES, 1, 11)
    await asyncio.sleep(1.2 * llama_vim.POLL_SECONDS)  # the speculative request runs
    hint = await plugin.moved(line("    return x"), 1, 12)
    assert hint == Hint(Shown(".y"), "model", 7)
    assert model.asked()[:3] == [
        ("    return ", 250),
        ("    return a + b", 1000),
        ("    return x", 250),
    ]
    await plugin.close()


@pytest.mark.parametrize(("rest", "asked"), [("x" * 8, 1), ("x" * 9, 0)])
async def test_nothing_is_asked_where_much_stands_right_of_the_cursor(
    rest: str, asked: int
) -> None:
    model = Model({})
    plugin = LlamaVim(model)
    hint = await plugin.moved(line("    return " + rest), 1, 11)
    assert hint == (Hint(None, "model", 7) if asked else Hint(None, "known", 0))
    assert len(model.requests) == asked
    await plugin.close()


async def test_what_was_accepted_is_waited_for_where_it_is_asked_for_already() -> None:
    model = Model({"    return ": "a + b", "    return a + b": " + c"}, seconds=0.15)
    plugin = LlamaVim(model)
    await plugin.moved(LINES, 1, 11)
    await asyncio.sleep(1.2 * llama_vim.POLL_SECONDS)
    hint = await plugin.moved(line("    return a + b"), 1, 16)
    assert hint == Hint(Shown(" + c"), "running", 0)
    await plugin.close()


async def test_a_suggestion_that_repeats_the_next_line_is_not_shown() -> None:
    plugin = LlamaVim(Model({"pri": "nt(add(1, 2))"}))
    hint = await plugin.moved([*LINES[:2], "pri", LINES[3]], 2, 3)
    assert hint == Hint(None, "model", 7)
    await plugin.close()


async def test_a_failing_server_is_heard_of() -> None:
    async def fail(_body: dict[str, Any]) -> dict[str, Any]:
        raise ConnectionError

    plugin = LlamaVim(fail)
    with pytest.raises(ConnectionError):
        await plugin.moved(LINES, 1, 11)
    await plugin.close()
