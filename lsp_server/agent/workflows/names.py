"""The names in a request, looked up in the index and in the files as they are now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lsp_server.agent.desk import Desk, File
from lsp_server.agent.lookup import is_in, split
from lsp_server.agent.tools.edit import syntax_of
from lsp_server.core.definitions import Declared
from lsp_server.core.definitions.base import join, text_of
from lsp_server.core.symbols import Symbol, definitions
from lsp_server.core.syntax import Syntax
from lsp_server.errors import PathRefused
from lsp_server.workspace.index import Definition
from lsp_server.workspace.testfiles import is_test

MAX_FOUND = 6
CODE_KINDS = ("function", "method")


@dataclass(frozen=True, slots=True)
class Source:
    """A definition in its file, as it is now."""

    file: File
    syntax: Syntax
    symbol: Symbol
    declared: Declared

    @property
    def name(self) -> str:
        """The dotted path in its file."""
        return join(self.symbol.container, self.symbol.name)

    @property
    def place(self) -> str:
        """`path:line`, of the line with its name, from 1."""
        return f"{self.file.path}:{self.line}"

    @property
    def line(self) -> int:
        """The line of its header, below decorators, from 1."""
        first = self.symbol.first_row
        above = self.syntax.data[self.declared.whole.start_byte : self.declared.start_byte]
        return first + above.count(b"\n") + 1

    @property
    def indentation(self) -> str:
        """The white space in front of it."""
        start = self.declared.whole.start_byte
        line = self.syntax.data.rfind(b"\n", 0, start) + 1
        before = self.syntax.data[line:start].decode(errors="replace")
        return "" if before.strip() else before

    @property
    def text(self) -> str:
        """Its code, with decorators, indented as in the file."""
        return self.indentation + text_of(self.declared.whole, self.syntax.data)


def marked(text: str) -> list[str]:
    """The names in a request that can only be code: quoted, dotted, called, or of several parts."""
    quoted = [name for part in _QUOTED.findall(text) for name in _NAME.findall(part)]
    shaped = [name for name in _NAME.findall(_PATH.sub(" ", text)) if _is_shaped(name)]
    called = _CALLED.findall(text)
    return list(dict.fromkeys([*quoted, *called, *shaped]))


def paths(text: str) -> list[str]:
    """What looks like a path."""
    return list(dict.fromkeys(_PATH.findall(text)))


async def mentioned(desk: Desk, text: str) -> list[Source]:
    """What the request's names are, in its order; of files that it names if it names any."""
    found = await _found(desk, marked(text), paths(text))
    if not found:
        plain = [word for word in _NAME.findall(_PATH.sub(" ", text)) if len(word) > 2]
        found = await _found(desk, [w for w in plain if w.lower() not in _USUAL], paths(text))
        found = found or await _found(desk, plain, paths(text), only_there=True)
    return found


async def named(desk: Desk, name: str, text: str = "") -> list[Source]:
    """The definitions of one name, those of files that the text names first."""
    return await _found(desk, [name], paths(text))


async def sources(desk: Desk, found: Iterable[Definition]) -> list[Source]:
    """Definitions of the index as they are in the files now; what is gone is left out."""
    seen: dict[tuple[str, str], Source] = {}
    for each in found:
        key = each.path, join(each.symbol.container, each.symbol.name)
        if key not in seen and (source := await _source(desk, each)):
            seen[key] = source
    return list(seen.values())


async def _found(
    desk: Desk, wanted: Sequence[str], files: Sequence[str], *, only_there: bool = False
) -> list[Source]:
    found: list[Definition] = []
    for name in wanted:
        defined = await asyncio.to_thread(_definitions, desk, name)
        here = [d for d in defined if any(_is_at(d.path, path) for path in files)]
        elsewhere = [] if only_there else sorted(defined, key=lambda d: is_test(d.path))
        found += here or elsewhere
    return await sources(desk, found[: 2 * MAX_FOUND])


def _definitions(desk: Desk, name: str) -> list[Definition]:
    owner, last = split(name)
    found = desk.library.definitions(last)
    return [d for d in found if not owner or is_in(d, owner) or _stem(d.path) == owner]


async def _source(desk: Desk, found: Definition) -> Source | None:
    try:
        file = await desk.read(found.path)
    except PathRefused:
        return None
    return await asyncio.to_thread(_in_file, file, found.symbol)


def _in_file(file: File, wanted: Symbol) -> Source | None:
    syntax = syntax_of(file)
    fits = [
        (abs(symbol.first_row - wanted.first_row), Source(file, syntax, symbol, declared))
        for symbol, declared in definitions(syntax)
        if (symbol.name, symbol.container) == (wanted.name, wanted.container)
    ]
    return min(fits, key=lambda each: each[0])[1] if fits else None


async def enclosing(desk: Desk, path: str, line: int) -> Source | None:
    """The innermost definition around a line, from 1; None if it is in none."""
    try:
        file = await desk.read(path)
    except PathRefused:
        return None
    return around(file, await asyncio.to_thread(syntax_of, file), line)


def around(file: File, syntax: Syntax, line: int) -> Source | None:
    """The innermost definition of code in a file around a line, from 1; None if it is in none."""
    found = [
        Source(file, syntax, symbol, declared)
        for symbol, declared in definitions(syntax)
        if symbol.first_row < line <= symbol.last_row + 1 and symbol.kind in CODE_KINDS
    ]
    return min(found, key=lambda s: s.symbol.last_row - s.symbol.first_row, default=None)


def _is_at(path: str, told: str) -> bool:
    return path == told or path.endswith(f"/{told}")


def _stem(path: str) -> str:
    stem = path.rpartition("/")[2].partition(".")[0]
    return path.split("/")[-2] if stem == "__init__" and "/" in path else stem


def _is_shaped(name: str) -> bool:
    parts = name.split(".")
    return len(parts) > 1 or "_" in name.strip("_") or bool(_CAMEL.search(name))


_QUOTED = re.compile(r"`([^`\n]+)`")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_CALLED = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\(\)")
_PATH = re.compile(r"(?<![\w./-])(?:[\w-]+/)*[\w-]+\.(?:py|pyi|ts|tsx|js|jsx|go|rs|java|c|h|cpp)\b")
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z][a-z]+[A-Z]")
_USUAL = frozenset(
    """
    about add after all also and any are argument arguments before body branch bug but call called
    callers calls case change class code constant convert default defined description does
    docstring each else empty error every except exception explain fail failing fails false field
    file files find first fix for format from function functions get give given has have how
    implement index instead into input its keep key keyword last length line list make method
    module must name named new none not now number option output parameter parse pass path place
    please raise raises read remove rename result return returned returns run same see set should
    show size some string test tests text than that the their them then there they this three time
    true two type use used user uses value values version what when where which will with without
    word write you
    """.split()  # noqa: SIM905
)
"""Words of requests that are also names of things; taken for such only where they are marked, or
where a file is named that defines them."""
