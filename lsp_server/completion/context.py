"""Definitions that a model should see to complete at a cursor.

What the cursor needs, and not what is near: the definitions of the names that the code around it
uses, first of those on its line. Of the type whose attribute is being completed, the members too.
A piece is the header of a definition, with those of its members for a type; no bodies. Of the
document's own file it is what the window does not show.

    pieces = needed(snapshot, cursor, path, library)
"""

from __future__ import annotations

import re

from lsp_server.completion.headers import header, outline
from lsp_server.completion.pieces import Piece
from lsp_server.completion.uses import AT_CURSOR, ON_LINE, Uses, type_of, uses
from lsp_server.core.definitions.base import TYPES
from lsp_server.core.imports import Import
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.symbols import Symbol
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.resolve import Library, Resolved, Resolver

MAX_NAMES = 40
"""Imported names that are followed."""
ELSEWHERE = 0.1
"""What a name counts that is imported, and not used around the cursor."""
OWN_LEAST = ON_LINE
"""What a name must count for its definition in the same file to be shown: it takes the room of
lines that are nearer."""


def needed(
    snapshot: Snapshot, cursor: Point, path: str, library: Library, visible: range = range(0)
) -> list[Piece]:
    """What the cursor needs and is not shown, what matters most first.

    `path` is the document's, as the library knows files; `visible` are its rows that are shown
    anyway. Empty without syntax.
    """
    if snapshot.syntax is None:
        return []
    return _Search(snapshot, snapshot.syntax, cursor, path, library, visible).pieces()


class _Search:
    """For one cursor."""

    def __init__(
        self,
        snapshot: Snapshot,
        syntax: Syntax,
        cursor: Point,
        path: str,
        library: Library,
        visible: range,
    ) -> None:
        self._text = snapshot.text
        self._cursor = cursor
        self._path = path
        self._visible = visible
        self._language = syntax.grammar
        own = Outline.of(syntax, path, library)
        self._resolver = Resolver(own, syntax.grammar)
        self._uses: Uses = uses(snapshot.text, cursor)
        self._imports: dict[str, Import] = {}
        self._unnamed: list[Import] = []
        """Of all that a module has, or of a file that is read in."""
        for item in own.own_imports:
            name = local_name(item)
            if name:
                self._imports[name] = item
            else:
                self._unnamed.append(item)
        row = cursor.row
        self._own = own.own_symbols
        self._around = [s for s in own.own_symbols if s.first_row <= row <= s.last_row + 1]
        """The definitions that the cursor is in, from the outside."""
        self._found: dict[tuple[str, str, str], Piece] = {}

    def pieces(self) -> list[Piece]:
        self._completed()
        weights = self._uses.weights
        names = sorted(self._imports, key=lambda name: -weights.get(name, ELSEWHERE))
        for name in names[:MAX_NAMES]:
            if found := self._imported(name):
                self._take(found, weights.get(name, ELSEWHERE))
                self._attributes_used(name, found)
        for item in self._unnamed[:MAX_NAMES]:
            if module := self._resolver.imported(item, self._path):
                self._attributes_used("", module)
        for base in self._enclosing_bases():
            self._take(base, ON_LINE)
        self._own_file()
        return sorted(self._found.values(), key=lambda piece: (-piece.weight, piece.path))

    def _completed(self) -> None:
        """What stands before the cursor's dot, and the function whose arguments it is in."""
        if self._uses.receiver and (owner := self._meaning(self._uses.receiver)):
            self._take(owner, 2 * AT_CURSOR, whole=True)
        if self._uses.callee and (callee := self._meaning(self._uses.callee, called=True)):
            self._take(callee, 1.5 * AT_CURSOR)

    def _own_file(self) -> None:
        """What the cursor's line uses of this file, and the header of what it is in."""
        weights = self._uses.weights
        siblings = [
            member
            for each in self._around
            if each.kind in TYPES
            for path, member in self._resolver.members(Resolved(self._path, each))
            if path == self._path
        ]
        for each in (*(each for each in self._own if not each.container), *siblings):
            weight = weights.get(each.name, 0.0)
            if weight >= OWN_LEAST:
                self._take(Resolved(self._path, each), weight)
        for each in self._around:
            if each.kind not in TYPES:
                self._take(Resolved(self._path, each), ON_LINE)

    def _attributes_used(self, name: str, owner: Resolved) -> None:
        """Of an imported module, what the code around takes from it."""
        if owner.symbol is not None:
            return
        for each in self._resolver.symbols(owner.path):
            weight = self._uses.weights.get(each.name, 0.0)
            if weight and not each.container and each.name != name:
                self._take(Resolved(owner.path, each), weight / 2)

    def _meaning(self, names: tuple[str, ...], *, called: bool = False) -> Resolved | None:
        """What a dotted name of this file stands for: the definition, or a variable's type."""
        for length in range(len(names), 0, -1):
            found = self._root(names[:length], called=called and length == len(names))
            for position in range(length, len(names)):
                member = found and self._resolver.member(found, names[position])
                is_last = position == len(names) - 1
                found = member and (member if called and is_last else self._resolver.value(member))
            if found:
                return found
        return None

    def _root(self, names: tuple[str, ...], *, called: bool) -> Resolved | None:
        if len(names) == 1 and (found := self._named(names[0])):
            return found
        kind = type_of(self._text, self._cursor, ".".join(names)).strip(".")
        parts = kind.split(".") if kind else []
        if not parts or parts == list(names) or called:
            return None
        found = self._named(parts[0])
        for part in parts[1:]:
            found = found and self._resolver.member(found, part)
        return found and self._resolver.value(found)

    def _named(self, name: str) -> Resolved | None:
        """What a name means in this file; of variables, what is assigned tells more."""
        if name in _SELVES:
            types = [each for each in self._around if each.kind in TYPES]
            return Resolved(self._path, types[-1]) if types else None
        if found := self._imported(name):
            return found
        own = next((each for each in self._own if each.name == name and not each.container), None)
        return Resolved(self._path, own) if own and own.kind in (*TYPES, "function") else None

    def _imported(self, name: str) -> Resolved | None:
        item = self._imports.get(name)
        return self._resolver.imported(item, self._path) if item else None

    def _enclosing_bases(self) -> list[Resolved]:
        """The imported bases of the class that the cursor is in."""
        types = [each for each in self._around if each.kind in TYPES]
        names = {part for each in types for part in _words(each.signature)}
        return [found for name in names & self._imports.keys() if (found := self._imported(name))]

    def _take(self, found: Resolved, weight: float, *, whole: bool = False) -> None:
        """Add a definition; `whole`: its members matter more than itself."""
        symbol = found.symbol
        if symbol is None and not whole:
            return
        name = symbol.name if symbol else ""
        key = found.path, symbol.container if symbol else "", name
        known = self._found.get(key)
        if known is None or known.weight < weight:
            text = self._shown(found, whole=whole)
            if text:
                self._found[key] = Piece(found.path, name, text, weight)

    def _shown(self, found: Resolved, *, whole: bool) -> str:
        symbol = found.symbol
        if symbol is not None and symbol.kind not in TYPES:
            return "" if self._is_visible(found.path, symbol) else header(symbol, self._language)
        members = [
            each for path, each in self._resolver.members(found) if not self._is_visible(path, each)
        ]
        if symbol is not None and not members and self._is_visible(found.path, symbol):
            return ""
        used = self._uses.weights
        return outline(symbol, members, self._language, whole=whole, used=used)

    def _is_visible(self, path: str, symbol: Symbol) -> bool:
        return path == self._path and symbol.first_row in self._visible


def local_name(item: Import) -> str:
    """What an import is called in its file; empty where it brings names of its own."""
    if item.alias or item.name not in ("", "*"):
        return item.alias or item.name
    if item.name == "*" or _IS_FILE.search(item.module):
        return ""
    return re.split(r"::|[./]", item.module)[-1]


def _words(text: str) -> set[str]:
    return set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())


_SELVES = frozenset(("cls", "self", "this"))
_IS_FILE = re.compile(r"^\.|\.(?:h|hh|hpp|hxx|[mc]?[jt]sx?)$")
