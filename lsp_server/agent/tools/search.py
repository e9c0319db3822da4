"""Search the workspace's files by ripgrep, which knows `.gitignore`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sysconfig
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lsp_server.agent.commands.environment import search_path
from lsp_server.agent.desk import Desk
from lsp_server.agent.events import Location
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import hidden, left_out
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema
from lsp_server.workspace.secrets import holds_secret

MAX_MATCHES = 40
MAX_COLUMNS = 160
"""Characters of a line that are shown."""
MAX_LINES = 20_000
"""Of ripgrep's output that are looked at."""
SECONDS = 10.0
_REFUSED = 2
"""Exit status for a pattern that can't be read, among others."""
_FLAGS = (
    "--json", "--no-config", "--no-messages", "--no-require-git", "--sort=path", "--smart-case",
    "--max-count=10", "--max-filesize=2M", "--max-columns=2000", "--ignore-file=.fimbleignore",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """A line that matches; it counts from 1."""

    path: str
    line: int
    text: str


async def search(
    workspace: Workspace, pattern: str, glob: str = "", *, literal: bool = False
) -> list[Match]:
    """Lines that match, of files that may be read. Raises ToolFailed."""
    flags = [*_FLAGS, *(["--fixed-strings"] if literal else [])]
    flags += [f"--glob={glob}"] if glob else []
    lines, is_taken = await asyncio.to_thread(
        _lines, workspace.root, *flags, "--regexp", pattern, "--", "./"
    )
    if not is_taken and not literal:  # it is no regular expression
        return await search(workspace, pattern, glob, literal=True)
    return await asyncio.to_thread(_ours, workspace, lines)


async def files(workspace: Workspace, folder: str = "") -> list[str]:
    """The files that may be read, of the whole workspace or below a folder, in their order."""
    flags = [flag for flag in _FLAGS if not flag.startswith(("--json", "--max-c"))]
    lines, _ = await asyncio.to_thread(
        _lines, workspace.root, *flags, "--files", "--null", "--", f"./{folder}"
    )
    names = os.fsdecode(b"".join(lines)).split("\0")[:MAX_LINES]  # a name may hold a line's end
    found = [name.removeprefix("./") for name in names if name]
    return await asyncio.to_thread(_readable, workspace, found)


def _readable(workspace: Workspace, paths: Sequence[str]) -> list[str]:
    ignored = left_out(workspace)
    return [path for path in paths if hidden(workspace, path, ignored) is None]


def _lines(root: Path, *arguments: str) -> tuple[list[bytes], bool]:
    """What ripgrep prints, as far as it comes in time, and whether it took the question.

    In a thread, since asyncio may wait for ever if it is cancelled while it starts a process.
    """
    with subprocess.Popen(
        (ripgrep(), *arguments),
        cwd=root,
        env={"PATH": os.environ.get("PATH", "")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            lines = list(islice(process.stdout, MAX_LINES))
        finally:
            timer.cancel()
        if len(lines) == MAX_LINES:
            process.kill()
    return lines, process.returncode != _REFUSED or bool(lines)


def _ours(workspace: Workspace, lines: Sequence[bytes]) -> list[Match]:
    """The matches in files that may be read, but for lines with credentials."""
    known: dict[str, bool] = {}
    found: list[Match] = []
    ignored = left_out(workspace)
    for match in _matches(lines):
        if match.path not in known:
            known[match.path] = hidden(workspace, match.path, ignored) is None
        if known[match.path] and not holds_secret(match.text):
            found.append(match)
            if len(found) > MAX_MATCHES:
                break
    return found


def _matches(lines: Sequence[bytes]) -> Iterator[Match]:
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:  # the rest of it was cut off with the time
            continue
        data = event.get("data", {})
        path = data.get("path", {}).get("text")
        text = data.get("lines", {}).get("text")
        if event.get("type") == "match" and path and text is not None:
            yield Match(path.removeprefix("./"), data["line_number"], text.rstrip("\r\n"))


_MISSING = (
    "There is no ripgrep here, so files can't be searched; `pip install ripgrep`.",
    "Read them instead.",
)


def ripgrep() -> str:
    """The program that the package `ripgrep` brought, or the system's. Raises ToolFailed."""
    own = Path(sysconfig.get_path("scripts"), "rg.exe" if os.name == "nt" else "rg")
    found = str(own) if own.exists() else shutil.which("rg", path=search_path(os.environ))
    if found is None:
        raise ToolFailed(*_MISSING)
    return found


async def _run(desk: Desk, _: str, arguments: Mapping[str, Any]) -> Result:
    pattern = arguments["pattern"]
    if not pattern:
        raise ToolFailed("The pattern is empty; give a word or a regular expression.")
    found = await search(desk.workspace, pattern, arguments.get("glob", ""))
    if not found:
        return Result("Nothing matches.")
    shown = [f"{m.path}:{m.line}: {m.text.strip()[:MAX_COLUMNS]}" for m in found[:MAX_MATCHES]]
    if len(found) > MAX_MATCHES:
        shown.append("There is more; make the pattern narrower.")
    places = tuple(Location(match.path, match.line) for match in found[:MAX_MATCHES])
    return Result("\n".join(shown), locations=places)


TOOL = Tool(
    schema(
        "search",
        "Find lines in the project's files.",
        "pattern",
        pattern="A regular expression, or plain text.",
        glob="Only files like this, for example *.py.",
    ),
    "search",
    _run,
    lambda arguments: f"Search for {arguments['pattern']}",
)
