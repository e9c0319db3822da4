"""Where the names that a file uses are defined, by what the workspace index knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from lsp_server.core.imports import Import
from lsp_server.core.symbols import Symbol

MAX_QUESTIONS = 300
"""Names that are followed for one place; a net of re-exports could be followed for ever."""
HOPS = 4
"""So many files that only pass a name on are followed."""
CANDIDATES = 3
"""Files that an import may mean; more are not looked into."""
_RETURNS = re.compile(r"(?:->|\)\s*:)\s*(?:Promise<|Awaitable\[)?[\"']?([\w$.]+)")
_BASES = re.compile(
    r"^[^(]*\bclass\s+\w+\s*\(([^)]*)\)|\bextends\s+([\w$., ]+?)(?=\s+implements\b|[^\w$., ]|$)"
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A definition and the file it stands in; without a symbol, the file itself."""

    path: str
    symbol: Symbol | None


class Library(Protocol):
    """What is asked of the workspace index."""

    def in_module(self, path: str) -> list[Symbol]:
        """The symbols of a file."""
        ...

    def imports(self, path: str) -> list[Import]:
        """The imports of a file."""
        ...

    def find_module(self, module: str, from_path: str, language: str) -> list[str]:
        """The files that an import may mean."""
        ...

    def mentions(self, path: str, name: str) -> bool:
        """Whether a file uses a name, or defines it."""
        ...

    def has_member(self, name: str) -> bool:
        """Whether any type has a member of that name."""
        ...


class Resolver:
    """Follows names, for one question: what it has read it remembers."""

    def __init__(self, library: Library, language: str) -> None:
        """`language`: the grammar of the file in which they are used."""
        self._library = library
        self._language = language
        self._symbols: dict[str, list[Symbol]] = {}
        self._imports: dict[str, list[Import]] = {}
        self._meanings: dict[tuple[str, str], Resolved | None] = {}

    def symbols(self, path: str) -> list[Symbol]:
        """The symbols of a file."""
        if path not in self._symbols:
            self._symbols[path] = self._library.in_module(path)
        return self._symbols[path]

    def imported(self, item: Import, path: str, hops: int = HOPS) -> Resolved | None:
        """What an import in the file `path` gives."""
        whole_module = item.name in ("", "*")
        for place in self._library.find_module(item.module, path, self._language)[:CANDIDATES]:
            if whole_module:
                return Resolved(place, None)
            wanted = item.alias if item.name == "default" else item.name
            if found := self.top_level(place, wanted, hops):
                return found
        if self._language == "python" and not whole_module:  # the name may be a module's
            separator = "" if item.module.endswith(".") else "."
            submodule = f"{item.module}{separator}{item.name}"
            for place in self._library.find_module(submodule, path, self._language)[:1]:
                return Resolved(place, None)
        return None

    def top_level(self, path: str, name: str, hops: int = HOPS) -> Resolved | None:
        """What a name means at the top level of a file, also if it comes from another."""
        key = path, name
        if key not in self._meanings and len(self._meanings) < MAX_QUESTIONS:
            self._meanings[key] = None  # for who comes back here on the way
            self._meanings[key] = self._look(path, name, hops)
        return self._meanings.get(key)

    def _look(self, path: str, name: str, hops: int) -> Resolved | None:
        for symbol in self.symbols(path):
            if symbol.name == name and not symbol.container:
                return Resolved(path, symbol)
        if not hops:
            return None
        if path not in self._imports:
            self._imports[path] = self._library.imports(path)
        for item in self._imports[path]:
            if (item.alias or item.name) == name and item.name != "*":
                return self.imported(item, path, hops - 1)
        for item in self._imports[path]:
            if item.name == "*" and not item.alias:
                passed_on = Import(item.module, name, "")
                if found := self.imported(passed_on, path, hops - 1):
                    return found
        return None

    def member(self, owner: Resolved, name: str) -> Resolved | None:
        """What a dotted name means behind its dot."""
        if owner.symbol is None:
            return self.top_level(owner.path, name)
        for place, symbol in self.members(owner):
            if symbol.name == name:
                return Resolved(place, symbol)
        return None

    def members(self, owner: Resolved, hops: int = HOPS) -> list[tuple[str, Symbol]]:
        """What a type has in it, then what its bases have, with the files they stand in."""
        if owner.symbol is None:
            return [(owner.path, each) for each in self.symbols(owner.path) if not each.container]
        path = owner.symbol.container
        inside = f"{path}.{owner.symbol.name}" if path else owner.symbol.name
        found = [
            (owner.path, each) for each in self.symbols(owner.path) if each.container == inside
        ]
        names = {symbol.name for _, symbol in found}
        for base in bases(owner.symbol) if hops else ():
            if (above := self.top_level(owner.path, base)) and above.symbol not in (
                None,
                owner.symbol,
            ):
                more = self.members(above, hops - 1)
                found += [(place, each) for place, each in more if each.name not in names]
        return found

    def value(self, callee: Resolved) -> Resolved | None:
        """What a call gives: an instance of the class, or what the function says it returns."""
        if callee.symbol is None or callee.symbol.kind not in ("function", "method"):
            return callee
        returned = _RETURNS.search(callee.symbol.signature)
        return self.top_level(callee.path, returned[1]) if returned else None


def bases(symbol: Symbol) -> list[str]:
    """The last names of what a type is derived from, as its header has them."""
    match = _BASES.search(symbol.signature)
    listed = next(filter(None, match.groups()), "") if match else ""
    names = (part.strip().rpartition(".")[2] for part in re.split(r",", listed))
    return [re.sub(r"[\[<].*", "", name) for name in names if name and "=" not in name]
