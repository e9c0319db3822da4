"""Real code to type: files that installed packages ship, and the samples beside this file.

All of them are there after `make setup`. The same versions of the packages give the same keys.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
PACKAGED = (
    ("requests", "sessions.py", "python"),
    ("importlinter", "ui/static/explorer.js", "javascript"),
    ("rich", "table.py", "python"),
    ("mypyc", "lib-rt/list_ops.c", "c"),
    ("jinja2", "lexer.py", "python"),
    ("mypyc", "lib-rt/str_ops.c", "c"),
)
SAMPLED = (("limiter.ts", "typescript"), ("settings.rs", "rust"))
SHORTEST, LONGEST = 3, 8
"""Lines of a stretch."""
APART = 12
"""Lines that stay between two stretches."""
LINES_PER_STRETCH = 60
MOST = 6
"""Stretches in one file."""
COMMENT = re.compile(r"\s*(#|//|/?\*)")
CODE = re.compile(r"[(\[{=:;})\]]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of real code."""

    name: str
    language: str
    text: str

    @property
    def uri(self) -> str:
        """What the benchmark's editors call it."""
        return f"file:///project/{self.name}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that are typed anew: rows `first` up to, not including, `end`."""

    first: int
    end: int


def installed() -> list[Source]:
    """The files, in an order that changes the language often. Raises FileNotFoundError."""
    packaged = [
        Source(f"{package}/{path}", language, (_folder(package) / path).read_text("utf-8"))
        for package, path, language in PACKAGED
    ]
    sampled = [
        Source(f"samples/{name}", language, (SAMPLES / name).read_text("utf-8"))
        for name, language in SAMPLED
    ]
    return packaged + sampled


def library() -> list[Path]:
    """Python files of the installed packages with 80 lines or more, in a fixed order."""
    packages = ("httpx", "jinja2", "mypy", "pip", "pygments", "requests", "rich", "urllib3")
    paths = [path for name in packages for path in _folder(name).rglob("*.py")]
    return sorted(path for path in paths if path.read_bytes().count(b"\n") >= 80)


def _folder(package: str) -> Path:
    """Where a package lies, without importing it. Raises FileNotFoundError."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"The package {package} is not installed; run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def stretches(source: Source, seed: int) -> list[Stretch]:
    """Places of a file where code can be removed and typed again, from top to bottom."""
    lines = source.text.split("\n")
    chance = random.Random(f"{seed}:{source.name}")
    wanted = min(MOST, max(1, len(lines) // LINES_PER_STRETCH))
    found: list[Stretch] = []
    for first in chance.sample(range(1, len(lines)), len(lines) - 1):
        stretch = Stretch(first, first + chance.randint(SHORTEST, LONGEST))
        if len(found) < wanted and _is_code(lines, stretch) and not _is_near(found, stretch):
            found.append(stretch)
    return sorted(found, key=lambda stretch: stretch.first)


def _is_code(lines: list[str], stretch: Stretch) -> bool:
    """Whether it is whole in the file, and code rather than prose."""
    rows = lines[stretch.first : stretch.end]
    if stretch.end >= len(lines) or not all((lines[stretch.first - 1], rows[0], rows[-1])):
        return False
    if COMMENT.match(rows[0]) or '"""' in "".join(rows) or not "".join(rows).isascii():
        return False
    return sum(CODE.search(row) is not None for row in rows) > len(rows) / 2


def _is_near(found: list[Stretch], stretch: Stretch) -> bool:
    return any(
        stretch.first < other.end + APART and other.first < stretch.end + APART for other in found
    )
