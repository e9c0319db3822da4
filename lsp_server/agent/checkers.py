"""The project's linters and type checkers, run on texts that are in no file yet.

    checker = checker_for("Pyright", root, "app/main.py")
    told = await reported(checker, root, {"app/main.py": data})

They run in the sandbox, read-only and without a network. Still they are for projects alone that
the user trusts: their settings may name code to be run, and so may what lies in the project.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lsp_server.agent.commands.environment import search_path
from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.run import run
from lsp_server.agent.commands.sandbox import find_sandbox
from lsp_server.core.reports import Report, reports

SECONDS = 30.0
"""After which a checker is stopped."""
_OWN_FOLDERS = (".venv/bin", "venv/bin", "node_modules/.bin")

_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "basedpyright": (),
    "flake8": (),
    "mypy": ("--no-error-summary", "--no-pretty", "--no-incremental", "--cache-dir=/dev/null"),
    "pylint": ("--score=n",),
    "pyright": (),
    "ruff": ("check", "--quiet", "--no-cache", "--output-format=concise"),
    "tsc": ("--noEmit", "--pretty", "false"),
}
"""Behind them comes the file, but for `tsc`, which checks a project if there is one."""
_PROGRAMS: Mapping[str, str] = {
    **{name: name for name in _ARGUMENTS},
    "dmypy": "mypy", "pylance": "pyright", "ts": "tsc", "typescript": "tsc",
}  # fmt: skip
"""By what their diagnostics name as their source, in small letters."""


@dataclass(frozen=True, slots=True)
class Checker:
    """A command that tells what is wrong with a file."""

    line: str
    """For the shell, in the project's folder."""
    path: str
    """Of the file, from the root."""


def checker_for(source: str, root: Path, path: str) -> Checker | None:
    """What made a diagnostic, if it is known and can be run here. Waits for the disk."""
    name = _PROGRAMS.get(source.lower(), "")
    program = _program(name, root) if name else None
    if program is None:
        return None
    words = [program, *_ARGUMENTS[name]]
    project = _typescript_project(root, path) if name == "tsc" else ""
    # Else a file could have a name that is an option.
    words += ["-p", project] if project else [f"./{path}"]
    return Checker(shlex.join(words), path)


async def reported(checker: Checker, root: Path, texts: Mapping[str, bytes]) -> list[Report] | None:
    """What it says of the file, with texts in the place of files'; None if it can't be told.

    Raises UsageError if it can't be run.
    """
    sandbox = await asyncio.to_thread(find_sandbox)
    if sandbox is None:
        return None
    finished = await run(
        checker.line,
        root,
        sandbox=sandbox,
        writable=False,
        limits=Limits(seconds=SECONDS),
        instead={root / path: data for path, data in texts.items()},
    )
    found = await asyncio.to_thread(reports, finished.output)
    told = [each for each in found if each.frames]
    if finished.timed_out or finished.exceeded or (finished.exit_status != 0 and not told):
        return None
    return [each for each in told if root / each.frames[-1].path == root / checker.path]


def _program(name: str, root: Path) -> str | None:
    for folder in _OWN_FOLDERS:
        if os.access(root / folder / name, os.X_OK):
            return f"{folder}/{name}"
    return shutil.which(name, path=search_path(os.environ))


def _typescript_project(root: Path, path: str) -> str:
    for folder in PurePosixPath(path).parents:
        if (root / folder / "tsconfig.json").is_file():
            return str(folder / "tsconfig.json")
    return ""
