"""`fimble explain FILE:LINE`: what the code there does; `--error`: what a printed error means."""

from __future__ import annotations

import argparse
import asyncio
import codecs
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from lsp_server.actions import error, explain
from lsp_server.actions.action import Explain, Request, Surroundings
from lsp_server.actions.asking import PROMPTS, Model
from lsp_server.agent.display import visible
from lsp_server.cli import complain
from lsp_server.cli.complete import locate, parse_place, read, read_bytes
from lsp_server.cli.engine import leave, opener
from lsp_server.cli.own_settings import own_settings
from lsp_server.cli.project import repository
from lsp_server.cli.status import shown_status
from lsp_server.edge.own import OwnFolders
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import UsageError

MAX_ERROR_BYTES = 16 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""PowerShell writes such files."""

Explained = Callable[[Model], AsyncGenerator[str, None]]


def run(options: argparse.Namespace) -> int:
    """Print the explanation as it comes."""
    if (options.place is None) == (options.error is None):
        raise UsageError("Give either a place, FILE:LINE, or --error with a file or `-`.")
    if options.error is not None:
        root, explained = _error(options.error)
    else:
        root, explained = _code(options.place)
    asyncio.run(_print(options, root, explained))
    print()
    return 0


def _code(place: str) -> tuple[Path | None, Explained]:
    path, line, column = parse_place(place)
    snapshot = read(path)
    cursor = locate(snapshot, line, column)
    at = snapshot.text.byte_offset(cursor)
    task = Explain(Request(snapshot, at, at, around=Surroundings(str(path))), at, at)
    return _root(snapshot.uri), lambda model: explain.explained(task, model)


def _error(place: str) -> tuple[Path | None, Explained]:
    """The workspace of an error is the one that the command runs in."""
    data = _typed() if place == "-" else read_bytes(Path(place))
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8"
    here = Path.cwd()
    root = _root((here / "_").as_uri()) or here.resolve()
    task = error.Error(data.decode(encoding, "replace"), root, (here,))
    return root, lambda model: error.explained(task, model)


def _typed() -> bytes:
    """What comes on standard input. Raises UsageError if that is nothing, or too much."""
    data = sys.stdin.buffer.read(MAX_ERROR_BYTES + 1) if sys.stdin else b""
    if len(data) > MAX_ERROR_BYTES:
        raise UsageError("That is more than 16 MB; give the part with the error.")
    return data


async def _print(options: argparse.Namespace, root: Path | None, explained: Explained) -> None:
    own = await asyncio.to_thread(OwnFolders().look, root)
    for problem in own.problems:
        complain(problem)
    with shown_status() as on_status:
        engine = opener(options)(own_settings(), on_status, not_counted)
        prompts = replace(PROMPTS, own=own.prompts)
        model = Model(engine, root, lambda _: None, prompts)  # the file is read once
        pieces = explained(model)
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
        await leave(engine)


def _root(uri: str) -> Path | None:
    found = repository(uri)
    return found.resolve() if found else None
