"""The model that all ways of a benchmark ask, behind one server."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.actions.plain import Ask, over_http
from lsp_server.engines.base import Delta
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.engines.fake import FakeEngine, read_script
from lsp_server.models import hardware
from lsp_server.models.discover import resolve
from tests.llama_server import llama_server

CONTEXT_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Engine:
    """How it is asked."""

    name: str
    arguments: Sequence[str]
    """Of `fimble serve`."""
    settings: dict[str, Any] | None
    ask: Ask
    """Without Fimble."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What all benchmarks of actions take."""
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--script", type=Path, help="ask the scripted engine instead of a model")
    parser.add_argument("--settings", type=json.loads, help="of the server, as JSON")
    parser.add_argument("--cases", type=int, help="so many, of all sorts alike; all by default")
    parser.add_argument("--kept", type=Path, help="a folder for what was done")
    parser.add_argument("--threads", type=int, default=hardware.physical_cores())


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Engine]:
    """Start a server with the model, or take the script."""
    if options.script:
        arguments = ("--script", str(options.script))
        yield Engine("script", arguments, options.settings, _scripted(options.script))
        return
    model = resolve(options.model)
    with llama_server(
        model, context_tokens=CONTEXT_TOKENS, threads=options.threads, batch_tokens=512
    ) as url:
        yield Engine(model.name, ("--endpoint", url), options.settings, over_http(url))


def _scripted(path: Path) -> Ask:
    engine = FakeEngine([], chat=read_script(path).chat)

    def ask(question: str, tokens: int) -> str:
        async def answer() -> str:
            request = ChatRequest((Message("user", question),), tokens)
            async with aclosing(engine.chat(request)) as events:
                return "".join([event.text async for event in events if isinstance(event, Delta)])

        return asyncio.run(answer())

    return ask
