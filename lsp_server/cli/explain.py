"""`fimble explain FILE:LINE`: what the code there does."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import aclosing
from pathlib import Path

from lsp_server.actions.action import Explain, Request, Surroundings
from lsp_server.actions.asking import Model
from lsp_server.actions.explain import explained
from lsp_server.agent.display import visible
from lsp_server.cli.complete import locate, parse_place, read
from lsp_server.cli.engine import opener
from lsp_server.cli.project import repository
from lsp_server.cli.status import shown_status
from lsp_server.engines.local.engine import not_counted
from lsp_server.settings import Settings


def run(options: argparse.Namespace) -> int:
    """Print the explanation as it comes."""
    path, line, column = parse_place(options.place)
    snapshot = read(path)
    cursor = locate(snapshot, line, column)
    at = snapshot.text.byte_offset(cursor)
    explain = Explain(Request(snapshot, at, at, around=Surroundings(str(path))), at, at)
    asyncio.run(_print(options, explain))
    print()
    return 0


async def _print(options: argparse.Namespace, explain: Explain) -> None:
    root = await asyncio.to_thread(_root, explain.request.snapshot.uri)
    with shown_status() as on_status:
        engine = opener(options)(Settings(), on_status, not_counted)
        model = Model(engine, root, lambda _: None)  # the file is read once
        pieces = explained(explain, model)
        try:
            first = await anext(pieces, "")
        except BaseException:
            await engine.close()
            raise
    try:
        async with aclosing(pieces):
            print(visible(first), end="", flush=True)
            async for piece in pieces:
                print(visible(piece), end="", flush=True)
    finally:
        await engine.close()


def _root(uri: str) -> Path | None:
    found = repository(uri)
    return found.resolve() if found else None
