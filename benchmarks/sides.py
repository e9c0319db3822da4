"""The two that are measured: Fimble's server, and a llama-server driven as llama.vim drives it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx

from benchmarks.client import Editor, Evaluated, apart, editor
from benchmarks.keys import Key, Shown
from benchmarks.llama_vim import LlamaVim, Source
from lsp_server.core.text import Text
from lsp_server.models import hardware
from tests.llama_server import llama_server

SideName = Literal["fimble", "peer"]
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
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=REQUEST_SECONDS))

        async def complete(body: dict[str, Any]) -> dict[str, Any]:
            response = await http.post(f"{url}/infill", json=body)
            answer: dict[str, Any] = response.raise_for_status().json()
            return answer

        plugin = LlamaVim(complete)
        stack.push_async_callback(plugin.close)
        yield Peer(plugin)


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
