"""Those that are measured: Fimble's server, with its own model and with that of a llama-server, and
a llama-server driven as llama.vim drives it."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx

from benchmarks.client import Editor, Evaluated, apart, editor
from benchmarks.keys import Key, Shown
from benchmarks.llama_vim import LlamaVim, Source
from lsp_server.core.text import Text
from lsp_server.models import hardware
from tests.llama_server import llama_server

SideName = Literal["fimble", "remote", "peer"]
PEER_CONTEXT_TOKENS = 4096
PEER_BATCH_TOKENS = 1024
PEER_CACHE_REUSE = 256
REQUEST_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a key brought."""

    seconds: float
    shown: Shown | None
    source: Source
    prompt_tokens: int
    """Evaluated while the key waited."""


class Side(Protocol):
    """Something that suggests."""

    def open(self, uri: str, language: str, text: Text) -> None:
        """A document is opened, or opened anew."""
        ...

    async def press(self, key: Key) -> Answer:
        """Apply a key and wait for what is suggested then."""
        ...

    def idle_tokens(self) -> int:
        """Prompt tokens evaluated so far while no key waited for them."""
        ...


class Fimble:
    """Our server, over the Language Server Protocol."""

    def __init__(self, server: Editor, evaluated: Evaluated) -> None:
        self._server = server
        self._evaluated = evaluated
        self._idle_before = evaluated.idle_tokens

    def open(self, uri: str, language: str, text: Text) -> None:
        """See Side."""
        self._server.open(uri, language, str(text))

    async def press(self, key: Key) -> Answer:
        """See Side. What it has cost is asked for outside of the time that is measured."""
        began = time.perf_counter()
        if key.edit is not None:
            self._server.change(key.uri, key.edit.start, key.edit.end, key.edit.text)
        item = await self._server.complete(
            key.uri, key.cursor.row, key.cursor.column, invoked=False
        )
        seconds = time.perf_counter() - began
        shown = None
        if item is not None and item.range is not None:
            replaced = item.range.end.character - key.cursor.column
            shown = Shown(str(item.insert_text), replaced)
        before, self._evaluated = self._evaluated, await self._server.evaluated()
        source: Source = "known"
        sources: tuple[Source, ...] = ("running", "model")
        for name in sources:
            if self._evaluated.answers[name] > before.answers[name]:
                source = name
        tokens = self._evaluated.typing_tokens - before.typing_tokens
        return Answer(seconds, shown, source, tokens)

    def idle_tokens(self) -> int:
        """See Side."""
        return self._evaluated.idle_tokens - self._idle_before


class Remote:
    """Our server, with the model of a llama-server, which counts the tokens itself.

    Its counter rises by what it has evaluated, also for requests that were cancelled, and not by
    what it had cached.
    """

    def __init__(self, fimble: Fimble, count: Callable[[], Awaitable[int]], before: int) -> None:
        self._fimble = fimble
        self._count = count
        self._counted = before
        self._idle = 0

    def open(self, uri: str, language: str, text: Text) -> None:
        """See Side."""
        self._fimble.open(uri, language, text)

    async def press(self, key: Key) -> Answer:
        """See Side."""
        self._idle += await self._claim()
        answer = await self._fimble.press(key)
        return replace(answer, prompt_tokens=await self._claim())

    def idle_tokens(self) -> int:
        """See Side. What came after the last key is not known."""
        return self._idle

    async def _claim(self) -> int:
        """Tokens since the last call."""
        before, self._counted = self._counted, await self._count()
        return self._counted - before


class Peer:
    """llama.vim with its server."""

    def __init__(self, plugin: LlamaVim) -> None:
        self._plugin = plugin
        self._waited_tokens = 0

    def open(self, uri: str, language: str, text: Text) -> None:
        """The plugin reads what it needs when the cursor moves."""

    async def press(self, key: Key) -> Answer:
        """See Side."""
        lines = [line.rstrip("\r\n") for line in key.text.lines]
        began = time.perf_counter()
        hint = await self._plugin.moved(lines, key.cursor.row, key.cursor.column)
        seconds = time.perf_counter() - began
        self._waited_tokens += hint.prompt_tokens
        return Answer(seconds, hint.shown, hint.source, hint.prompt_tokens)

    def idle_tokens(self) -> int:
        """See Side."""
        return self._plugin.prompt_tokens - self._waited_tokens


@asynccontextmanager
async def side(name: SideName, model: Path) -> AsyncGenerator[Side, None]:
    """Start one, wait until its model is loaded, end it."""
    async with AsyncExitStack() as stack:
        if name == "fimble":
            environment = stack.enter_context(apart())
            server = await stack.enter_async_context(
                editor(["--model", str(model)], environment=environment)
            )
            await server.ready()
            yield Fimble(server, await server.evaluated())
            return
        url = stack.enter_context(peer_server(model))
        if name == "remote":
            environment = stack.enter_context(apart())
            server = await stack.enter_async_context(
                editor([], {"remote": {"url": url}}, environment)
            )
            await server.ready()

            count = partial(evaluated_by, url)
            yield Remote(Fimble(server, await server.evaluated()), count, await count())
            return
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=REQUEST_SECONDS))

        async def complete(body: dict[str, Any]) -> dict[str, Any]:
            response = await http.post(f"{url}/infill", json=body)
            answer: dict[str, Any] = response.raise_for_status().json()
            return answer

        plugin = LlamaVim(complete)
        stack.push_async_callback(plugin.close)
        yield Peer(plugin)


async def evaluated_by(url: str) -> int:
    """Prompt tokens that a llama-server has evaluated since its start."""
    async with httpx.AsyncClient(timeout=REQUEST_SECONDS) as http:
        metrics = (await http.get(f"{url}/metrics")).raise_for_status().text
    found = re.search(r"^llamacpp:prompt_tokens_total (\S+)$", metrics, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def peer_server(model: Path) -> AbstractContextManager[str]:
    """A llama-server with the settings that llama.vim recommends, and as many threads as ours."""
    return llama_server(
        model,
        context_tokens=PEER_CONTEXT_TOKENS,
        threads=hardware.physical_cores(),
        batch_tokens=PEER_BATCH_TOKENS,
        cache_reuse=PEER_CACHE_REUSE,
        warm_up=True,
    )
