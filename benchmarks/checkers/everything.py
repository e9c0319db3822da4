"""All that pyright and TypeScript say of files, with where it begins and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.checkers import HERE, MAX_SECONDS, CheckerFailed, tools


class Said(NamedTuple):
    """A message; rows and columns from 0, columns in UTF-16 units."""

    file: str
    """Its path, absolute."""
    row: int
    column: int
    last_row: int
    end: int
    """Column of the last row."""
    message: str


def pyright(root: Path, files: Sequence[Path], roots: Sequence[str]) -> list[Said]:
    """What pyright says of files below a folder. Raises CheckerFailed.

    Writes its settings into the folder. `roots`: where modules are imported from, relative to it.
    """
    config = {
        "include": [file.relative_to(root).as_posix() for file in files],
        "executionEnvironments": [{"root": name} for name in roots],
        "typeCheckingMode": "basic",
        "pythonVersion": f"{sys.version_info[0]}.{sys.version_info[1]}",
    }
    project = root / "pyrightconfig.json"
    project.write_text(json.dumps(config), "utf-8")
    command = tools() / "node_modules" / "pyright" / "index.js"
    said = _output(("node", str(command), "--outputjson", "-p", str(project)), root)
    found = []
    for each in json.loads(said)["generalDiagnostics"]:
        start, end = each["range"]["start"], each["range"]["end"]
        place = start["line"], start["character"], end["line"], end["character"]
        found.append(Said(each["file"], *place, each["message"]))
    return found


def typescript(files: Sequence[Path]) -> list[Said]:
    """What TypeScript says of files, errors of syntax among it. Raises CheckerFailed."""
    modules = tools() / "node_modules"
    asked = {
        "files": [str(file) for file in files],
        "typeRoots": [str(modules / "@types")],
        "syntax": True,
    }
    command = ("node", str(HERE / "typescript.cjs"), str(modules / "typescript"))
    said = _output(command, HERE, json.dumps(asked))
    return [
        Said(
            each["file"], each["line"], each["character"], each["lastLine"], each["end"],
            each["message"],
        )
        for each in map(json.loads, said.splitlines())
    ]  # fmt: skip


def _output(command: Sequence[str], folder: Path, given: str | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, input=given, capture_output=True, encoding="utf-8",
            timeout=MAX_SECONDS, check=False,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError) as error:
        raise CheckerFailed(f"{command[0]} can't be run") from error
    if done.returncode not in (0, 1):  # 1: it has something to say
        raise CheckerFailed(f"{command[1]} ended with {done.returncode}")
    return done.stdout
