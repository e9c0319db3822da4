"""Names and choices with a real worker: what the model would not write by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from lsp_server.engines.base import MAX_NAMES, Delta, Finished, InfillRequest
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.models import discover
from lsp_server.settings import LocalSettings

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

PREFIX = """class Shelf:
    def __init__(self, books):
        self.books = books

    def fetch_all_titles(self, sort=True):
        return [book.title for book in self.books]


def show(shelf):
"""
SUFFIX = "\n\nshow(Shelf([]))\n"
LOOP = "    for title in shelf."


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def engine() -> AsyncIterator[LocalEngine]:
    settings = LocalSettings(context_tokens=1024, keep_state=False)
    running = LocalEngine(lambda: discover.resolve("qwen2.5-coder-0.5b"), settings, lambda _: None)
    yield running
    await running.close()


async def ask(
    engine: LocalEngine, middle: str, names: tuple[str, ...] = (), choice: int = 0
) -> str:
    request = InfillRequest(PREFIX, SUFFIX, 12, middle=middle, names=names, choice=choice)
    async with aclosing(engine.infill(request)) as stream:
        *deltas, finished = [event async for event in stream]
    assert isinstance(finished, Finished)
    return "".join(delta.text for delta in deltas if isinstance(delta, Delta))


async def test_a_name_is_written_that_the_model_would_not_write(engine: LocalEngine) -> None:
    assert (await engine.info()).chooses_names
    free = await ask(engine, LOOP)
    assert free.startswith("fetch_all_titles():\n        print(title)")
    held = await ask(engine, LOOP, ("größe", "zap_größe"))
    assert held.startswith(("größe():\n        print(title)", "zap_größe():\n        print(title)"))
    assert await ask(engine, LOOP) == free


async def test_a_name_that_begins_another_is_no_obstacle(engine: LocalEngine) -> None:
    names = ("fetch", "fetch_all", "fetch_all_titles", "fetch_all_titles_sorted")
    assert (await ask(engine, LOOP, names)).startswith("fetch_all_titles(")
    assert (await ask(engine, LOOP, names[3:])).startswith("fetch_all_titles_sorted(")


async def test_half_a_name_goes_on_with_the_rest_of_one(engine: LocalEngine) -> None:
    assert (await ask(engine, LOOP + "fe", ("tch_all_titles", "tch_one"))).startswith(
        "tch_all_titles("
    )
    assert (await ask(engine, LOOP + "tit", ("anium",))).startswith("anium(")
    assert (await ask(engine, LOOP + "fetch_all_titles", ("", "_sorted"))).startswith("(")


async def test_names_beyond_the_limit_are_not_written(engine: LocalEngine) -> None:
    names = (*(f"zap_{number}" for number in range(MAX_NAMES)), "fetch_all_titles")
    assert (await ask(engine, LOOP, names)).startswith("zap_")


@pytest.mark.parametrize("middle", [LOOP, LOOP + "bo", "    "])
async def test_each_choice_is_another_text_and_always_begins_the_same(
    engine: LocalEngine, middle: str
) -> None:
    texts = [await ask(engine, middle, choice=choice) for choice in range(4)]
    assert len(set(texts)) == 4
    assert all(texts)
    for choice in (3, 0, 2):
        # Further on, two tokens may be as good, and kernels for other batch sizes round otherwise.
        assert (await ask(engine, middle, choice=choice)).startswith(texts[choice][:4])


async def test_a_choice_among_names(engine: LocalEngine) -> None:
    names = ("fetch_all_titles", "books")
    texts = [await ask(engine, LOOP, names, choice) for choice in (0, 1)]
    assert texts[0] != texts[1]
    assert all(text.startswith(("fetch_all_titles", "books")) for text in texts)
