"""What pyright and TypeScript know of names that do not exist.

They share no code with Fimble, so that they can judge what it checks itself. npm installs them once
into the user's cache, as pinned in `package-lock.json`; none of their install scripts run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

HERE = Path(__file__).parent
MAX_SECONDS = 600
_PYRIGHT_RULES = ("reportUndefinedVariable", "reportAttributeAccessIssue", "reportCallIssue")
_PYRIGHT_SORTS: Mapping[str, re.Pattern[str]] = {
    "name": re.compile(r'"(.+?)" (?:is not defined|is unknown import symbol)'),
    "attribute": re.compile(
        r'Cannot (?:access|assign to|delete) attribute "(.+?)"|"(.+?)" is not a known attribute'
    ),
    "keyword": re.compile(r'No parameter named "(.+?)"'),
    "arity": re.compile(r"((?:Expected \d+ (?:more )?positional|Arguments? missing for).+)"),
}
"""The same rules also speak of types that don't fit, which is no matter of names."""
_TYPESCRIPT_SORTS: Mapping[str, frozenset[int]] = {
    "name": frozenset((2304, 2552, 2662, 2663, 18004)),
    "attribute": frozenset((2339, 2551, 2576)),
    "keyword": frozenset((2353, 2561)),
    "arity": frozenset((2554, 2555)),
}
_QUOTED = re.compile(r"'(.+?)'")


class CheckerFailed(Exception):
    """A checker could not be installed or run."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something that does not exist."""

    file: str
    """Its path as it was given."""
    row: int
    column: int
    """Where it begins, from 0, in UTF-16 units."""
    sort: str
    """`name`, `attribute`, `keyword` or `arity` (a call with too many or too few arguments)."""
    name: str
    message: str


def tools() -> Path:
    """The folder of the installed checkers. Raises CheckerFailed."""
    lock = HERE / "package-lock.json"
    store = user_cache_path("fimble") / "benchmarks"
    folder = store / f"checkers-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if folder.is_dir():
        return folder
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store) as temporary:
        incoming = Path(temporary, "incoming")
        incoming.mkdir()
        for file in (lock, HERE / "package.json"):
            shutil.copy(file, incoming)
        _run(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), incoming)
        with suppress(OSError):  # another process was quicker
            incoming.rename(folder)
    return folder


def pyright(root: Path, files: Sequence[Path]) -> list[Diagnostic]:
    """What pyright says of files in packages, each in a folder of its own below the root.

    Raises CheckerFailed.
    """
    if not files:
        return []
    inside = [file.relative_to(root) for file in files]
    with tempfile.TemporaryDirectory() as empty:
        # Not the packages of the Python that happens to be there: an environment that has none.
        Path(empty, "none", "lib", "python3.13", "site-packages").mkdir(parents=True)
        config = {
            "include": [file.as_posix() for file in inside],
            "executionEnvironments": [
                {"root": name} for name in sorted({f.parts[0] for f in inside})
            ],
            "pythonVersion": "3.13",
            "pythonPlatform": "All",
            "venvPath": empty,
            "venv": "none",
            "typeCheckingMode": "off",
            "enableTypeIgnoreComments": False,
        } | dict.fromkeys(_PYRIGHT_RULES, "error")
        project = root / "pyrightconfig.json"
        project.write_text(json.dumps(config), "utf-8")
        command = tools() / "node_modules" / "pyright" / "index.js"
        # It ends with 1 if it has something to say.
        said = _run(("node", str(command), "--outputjson", "-p", str(project)), root, (0, 1))
    return list(read_pyright(said))


def typescript(root: Path, files: Sequence[Path]) -> list[Diagnostic]:
    """What TypeScript says of files of TypeScript or JavaScript code. Raises CheckerFailed."""
    if not files:
        return []
    modules = tools() / "node_modules"
    asked = {"files": [str(file) for file in files], "typeRoots": [str(modules / "@types")]}
    command = ("node", str(HERE / "typescript.cjs"), str(modules / "typescript"))
    return list(read_typescript(_run(command, root, given=json.dumps(asked))))


def read_pyright(said: str) -> Iterator[Diagnostic]:
    """Of what it prints with `--outputjson`, that which does not exist."""
    for each in json.loads(said)["generalDiagnostics"]:
        if each.get("rule") not in _PYRIGHT_RULES:
            continue
        start, message = each["range"]["start"], each["message"].replace("\N{NO-BREAK SPACE}", " ")
        for sort, pattern in _PYRIGHT_SORTS.items():
            if found := pattern.match(message):
                name = next(group for group in found.groups() if group)
                place = each["file"], start["line"], start["character"]
                yield Diagnostic(*place, sort, name, message)


def read_typescript(said: str) -> Iterator[Diagnostic]:
    """Of what `typescript.cjs` prints, that which does not exist.

    In JavaScript only names count: TypeScript guesses the types, and often wrong.
    """
    for line in said.splitlines():
        each: dict[str, Any] = json.loads(line)
        untyped = each["file"].endswith((".js", ".mjs"))
        for sort, codes in _TYPESCRIPT_SORTS.items():
            if each["code"] in codes and not (untyped and sort != "name"):
                found = _QUOTED.search(each["message"])
                name = found[1] if found and sort != "arity" else each["message"]
                place = each["file"], each["line"], each["character"]
                yield Diagnostic(*place, sort, name, each["message"])


def _run(
    command: Sequence[str], folder: Path, fine: Sequence[int] = (0,), given: str | None = None
) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            input=given,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "LC_ALL": "C"},  # messages in English
            timeout=MAX_SECONDS,
            check=False,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise CheckerFailed(f"{command[0]} can't be run") from error
    if done.returncode not in fine:
        raise CheckerFailed(f"{' '.join(command[:2])} ended with {done.returncode}")
    return done.stdout
