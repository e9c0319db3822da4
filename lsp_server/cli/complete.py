"""`fimble complete FILE:LINE[:COL]`: what the server would suggest there."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import stat
import time
from pathlib import Path

from lsp_server.actions.asking import require_sendable
from lsp_server.cli.engine import leave, opener
from lsp_server.cli.own_settings import own_settings
from lsp_server.cli.project import repository, scanned
from lsp_server.cli.status import shown_status
from lsp_server.completion.project import Project
from lsp_server.completion.suggest import Completer, Suggestion
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.core.text import Point, Text
from lsp_server.core.uris import path_of
from lsp_server.engines.base import EngineInfo, StatusListener
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import UsageError
from lsp_server.workspace.schema import default_path

LARGEST_BYTES = 64 * 2**20


def run(options: argparse.Namespace) -> int:
    """Print the suggestion; nothing, and exit code 0, if there is none."""
    path, line, column = parse_place(options.place)
    snapshot = read(path)
    cursor = locate(snapshot, line, column)
    with shown_status() as on_status:
        suggestion, info, seconds = asyncio.run(_ask(options, snapshot, cursor, on_status))
    if options.json:
        print(json.dumps(_report(suggestion, info, seconds)))
    elif suggestion is not None:
        print(suggestion.text)
    return 0


def parse_place(place: str) -> tuple[Path, int, int | None]:
    """Split `FILE:LINE[:COL]`, both counted from 1. Raises UsageError."""
    match = re.fullmatch(r"(.+?):([0-9]{1,9})(?::([0-9]{1,9}))?", place)
    if match is None:
        raise UsageError(f"Give a place as FILE:LINE or FILE:LINE:COL, not {place!r}.")
    return Path(match[1]), int(match[2]), int(match[3]) if match[3] else None


def read(path: Path) -> Snapshot:
    """Read a file as a document. Raises UsageError if it is no text that can be completed."""
    data = read_bytes(path)
    if b"\0" in data[:8192]:
        raise UsageError(f"{path} is a binary file; name one with text.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8 (byte {error.start}); convert it, or open it in an editor that "
            "knows its encoding."
        ) from None
    uri = path.absolute().as_uri()
    grammar = grammar_for("", uri)
    syntax = None if grammar is None else Syntax.parse(text, grammar)
    return Snapshot(uri, 0, "", Text.of(text), syntax)


def read_bytes(path: Path, largest: int = LARGEST_BYTES) -> bytes:
    """Read a file that the user has named. Raises UsageError if it can't be, or is too large."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UsageError(f"{path} is a folder; name a file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is a device or a pipe; name a file.")
        if status.st_size > largest:
            raise UsageError(f"{path} is larger than {largest >> 20} MB; name a smaller one.")
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}; correct its name.") from None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from None


def locate(snapshot: Snapshot, line: int, column: int | None) -> Point:
    """The cursor at a line and column counted from 1; without a column, the line's end.

    Raises UsageError if there is no such place.
    """
    lines = snapshot.text.lines
    if not 1 <= line <= len(lines):
        raise UsageError(f"Line {line} is out of range: the file has lines 1 to {len(lines)}.")
    length = len(lines[line - 1].rstrip("\r\n"))
    if column is None:
        return Point(line - 1, length)
    if not 1 <= column <= length + 1:
        raise UsageError(
            f"Column {column} is out of range: line {line} has columns 1 to {length + 1}."
        )
    return Point(line - 1, column - 1)


async def _ask(
    options: argparse.Namespace, snapshot: Snapshot, cursor: Point, on_status: StatusListener
) -> tuple[Suggestion | None, EngineInfo, float]:
    settings = own_settings()
    engine = opener(options)(settings, on_status, not_counted)
    try:
        info = await engine.info()
        if info.kind == "remote":
            path = path_of(snapshot.uri)
            # Credentials in its text are masked.
            await asyncio.to_thread(require_sendable, None, path, "", "This file", info.model)
        project = await _project(snapshot.uri)
        started = time.perf_counter()
        completer = Completer(engine, settings.completion, project=project)
        suggestion = await completer.suggest(snapshot, cursor, invoked=True)
        return suggestion, info, time.perf_counter() - started
    finally:
        await leave(engine)


async def _project(uri: str) -> Project | None:
    """The git repository that a file is in, if a server has indexed it, as it is now."""
    root = repository(uri)
    if root is None or not default_path(root).exists():
        return None
    return await scanned(root)


def _report(suggestion: Suggestion | None, info: EngineInfo, seconds: float) -> dict[str, object]:
    """Lines and columns are counted from 1, as on the command line; columns in code points."""
    return {
        "text": None if suggestion is None else suggestion.text,
        "range": None
        if suggestion is None
        else {
            "start": [suggestion.start.row + 1, suggestion.start.column + 1],
            "end": [suggestion.end.row + 1, suggestion.end.column + 1],
        },
        "model": info.model,
        "milliseconds": round(seconds * 1000),
    }
