"""Read a file, or see what is in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsp_server.agent.desk import Desk, File
from lsp_server.agent.events import Location
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema
from lsp_server.agent.tools.search import files
from lsp_server.core.text import Text

MAX_LINES = 250
MAX_COLUMNS = 400
MAX_ENTRIES = 200


async def _read(desk: Desk, _: str, arguments: Mapping[str, Any]) -> Result:
    file = await desk.read(arguments["path"])
    first = max(1, arguments.get("first", 1))
    text = numbered(file, first, arguments.get("last"))
    return Result(text, locations=(Location(file.path, first),))


def numbered(file: File, first: int | None = None, last: int | None = None) -> str:
    """Lines of a file, counted from 1, as a model is shown them; at most `MAX_LINES`.

    Raises ToolFailed if the file is shorter.
    """
    lines = Text.of(file.text).lines
    if lines and not lines[-1]:
        lines = lines[:-1]
    if not lines:
        return f"{file.path} is empty."
    first = max(1, first or 1)
    last = min(len(lines) if last is None else last, first + MAX_LINES - 1, len(lines))
    if first > len(lines):
        raise ToolFailed(f"{file.path} has only {len(lines)} lines.")
    shown = [f"{number}: {_line(lines[number - 1])}" for number in range(first, last + 1)]
    return "\n".join([f"{file.path}, lines {first} to {last} of {len(lines)}:", *shown])


def _line(text: str) -> str:
    text = text.rstrip("\r\n")
    return text if len(text) <= MAX_COLUMNS else f"{text[:MAX_COLUMNS]}[...]"


async def _list(desk: Desk, _: str, arguments: Mapping[str, Any]) -> Result:
    return Result(await listed(desk, arguments.get("path", "").strip() or "."))


async def listed(desk: Desk, path: str) -> str:
    """The files below a folder; where they are too many, folders stand for what is in them.

    Raises ToolFailed if there are none.
    """
    folder = desk.workspace.relative(path)
    paths = await files(desk.workspace, folder)
    if not paths:
        raise ToolFailed("There is no such folder in the project, or no file of it may be read.")
    for depth in (99, 4, 3, 2, 1):
        shown = sorted({_cut(path, depth + folder.count("/")) for path in paths})
        if len(shown) <= MAX_ENTRIES:
            break
    more = len(shown) - MAX_ENTRIES
    return "\n".join([*shown[:MAX_ENTRIES], *([f"[and {more} more]"] if more > 0 else [])])


def _cut(path: str, depth: int) -> str:
    parts = path.split("/")
    return path if len(parts) <= depth else "/".join(parts[:depth]) + "/"


READ = Tool(
    schema(
        "read",
        "Read a file of the project, with line numbers.",
        "path",
        path="The file, relative to the project.",
        first={"type": "integer", "description": "First line, from 1.", "x-aliases": ["start"]},
        last={"type": "integer", "description": "Last line.", "x-aliases": ["end"]},
    ),
    "read",
    _read,
    lambda arguments: f"Read {arguments['path']}",
    lambda arguments: f"read {arguments['path']}",
)
LIST = Tool(
    schema("list", "List the project's files.", "", path="Only in this folder."),
    "read",
    _list,
    lambda arguments: f"List {arguments.get('path') or 'the project'}",
    lambda arguments: f"list {arguments.get('path', '')}",
)
