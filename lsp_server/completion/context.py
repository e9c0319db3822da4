"""Pieces of other files that a model should see to complete at a cursor.

What the cursor needs, and not what is near: the definitions of the names that the code around it
uses, first of those on its line. Of the type whose attribute is being completed, the members too.
A piece is the header of a definition, with those of its members for a type; no bodies.

    pieces = needed(snapshot, cursor, path, library)
    context = choose(pieces, held, room, count)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from lsp_server.completion.headers import header, outline
from lsp_server.completion.resolve import Library, Resolved, Resolver
from lsp_server.completion.uses import AT_CURSOR, NEARBY, ON_LINE, Uses, type_of, uses
from lsp_server.core.definitions.base import TYPES
from lsp_server.core.fim import Snippet
from lsp_server.core.imports import Import, imports
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.symbols import symbols
from lsp_server.core.syntax import grammar_for
from lsp_server.core.text import Point
from lsp_server.core.tokens import Counter

MAX_NAMES = 40
"""Imported names that are followed."""
WORTH_ADDING = NEARBY / 4
"""What a name must count for its definition to be added to a context that is evaluated already."""
ELSEWHERE = 0.1
"""What a name counts that is imported, and not used around the cursor."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A definition, as the model is shown it."""

    path: str
    name: str
    text: str
    weight: float


def needed(snapshot: Snapshot, cursor: Point, path: str, library: Library) -> list[Piece]:
    """What the cursor needs of other files, what matters most first.

    `path` is the document's, as the library knows files. Empty without syntax.
    """
    language = grammar_for(snapshot.language, snapshot.uri)
    if snapshot.syntax is None or language is None:
        return []
    return _Search(snapshot, cursor, path, Resolver(library, language)).pieces()


def choose(
    pieces: Sequence[Piece], held: Sequence[Snippet], room: int, most: int, count: Counter
) -> tuple[Snippet, ...]:
    """The context: what is held stays, as the engine has evaluated it, and pieces are added.

    `room` is the number of tokens that may be evaluated for new pieces, `most` that of the whole.
    What is held goes where new pieces would not fit beside it.
    """
    seen = lines(held)
    new = [
        unseen
        for piece in pieces
        if (piece.weight >= WORTH_ADDING or not held) and (unseen := _unseen(piece, seen))
    ]
    added = _within(new, room, count)
    if tokens((*held, *added), count) <= most:
        return (*held, *added)
    return _within(pieces, min(room, most), count)


def _unseen(piece: Piece, seen: Set[tuple[str, str]]) -> Piece | None:
    """What of a piece is not shown yet, below its header; None if that is nothing."""
    all_lines = piece.text.split("\n")
    missing = [line for line in all_lines if (piece.path, line) not in seen]
    if not set(missing) - {"}"}:
        return None
    header = all_lines[:1] if piece.name else []  # that of a whole module has none
    if missing[:1] == header:
        header = []
    return replace(piece, text="\n".join([*header, *missing]))


def _within(pieces: Sequence[Piece], room: int, count: Counter) -> tuple[Snippet, ...]:
    """The pieces that fit, the most important taken first; one snippet a file, by path.

    Of a piece that does not fit, the first lines are taken if there are members among them.
    """
    texts: dict[str, list[str]] = {}
    for piece in pieces:
        left = room - (0 if piece.path in texts else count(piece.path) + 2)
        taken = []
        for line in piece.text.split("\n"):
            left -= count(line) + 1
            if left < 0:
                break
            taken.append(line)
        if left >= 0 or len(taken) > 1:
            texts.setdefault(piece.path, []).append("\n".join(taken))
            room = max(left, 0)
    return tuple(Snippet(path, "\n".join(texts[path])) for path in sorted(texts))


def lines(context: Iterable[Snippet]) -> set[tuple[str, str]]:
    """The lines that a context shows, with their files."""
    return {(snippet.path, line) for snippet in context for line in snippet.text.split("\n")}


def tokens(context: Sequence[Snippet], count: Counter) -> int:
    """About how many tokens a context takes in a prompt."""
    return sum(count(snippet.path) + count(snippet.text) + 3 for snippet in context)


class _Search:
    """For one cursor."""

    def __init__(self, snapshot: Snapshot, cursor: Point, path: str, resolver: Resolver) -> None:
        assert snapshot.syntax is not None
        self._text = snapshot.text
        self._cursor = cursor
        self._path = path
        self._resolver = resolver
        self._language = snapshot.syntax.grammar
        self._uses: Uses = uses(snapshot.text, cursor)
        self._imports: dict[str, Import] = {}
        self._unnamed: list[Import] = []
        """Of all that a module has, or of a file that is read in."""
        for item in imports(snapshot.syntax):
            name = _local(item)
            if name:
                self._imports[name] = item
            else:
                self._unnamed.append(item)
        self._own = symbols(snapshot.syntax)
        self._found: dict[tuple[str, str], Piece] = {}

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
        return sorted(self._found.values(), key=lambda piece: (-piece.weight, piece.path))

    def _completed(self) -> None:
        """What stands before the cursor's dot, and the function whose arguments it is in."""
        if self._uses.receiver and (owner := self._meaning(self._uses.receiver)):
            self._take(owner, 2 * AT_CURSOR, whole=True)
        if self._uses.callee and (callee := self._meaning(self._uses.callee, called=True)):
            self._take(callee, 1.5 * AT_CURSOR)

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
        if len(names) == 1 and (found := self._imported(names[0])):
            return found
        kind = type_of(self._text, self._cursor, ".".join(names)).strip(".")
        parts = kind.split(".") if kind else []
        if not parts or parts == list(names) or called:
            return None
        found = self._imported(parts[0])
        for part in parts[1:]:
            found = found and self._resolver.member(found, part)
        return found and self._resolver.value(found)

    def _imported(self, name: str) -> Resolved | None:
        item = self._imports.get(name)
        return self._resolver.imported(item, self._path) if item else None

    def _enclosing_bases(self) -> list[Resolved]:
        """The imported bases of the class that the cursor is in."""
        row = self._cursor.row
        inside = [s for s in self._own if s.kind in TYPES and s.first_row <= row <= s.last_row + 1]
        names = {part for each in inside for part in _words(each.signature)}
        return [found for name in names & self._imports.keys() if (found := self._imported(name))]

    def _take(self, found: Resolved, weight: float, *, whole: bool = False) -> None:
        """Add a definition; `whole`: its members matter more than itself."""
        if found.path == self._path or (found.symbol is None and not whole):
            return
        name = found.symbol.name if found.symbol else ""
        known = self._found.get((found.path, name))
        if known is None or known.weight < weight:
            text = self._shown(found, whole=whole)
            if text:
                self._found[found.path, name] = Piece(found.path, name, text, weight)

    def _shown(self, found: Resolved, *, whole: bool) -> str:
        symbol = found.symbol
        if symbol is not None and symbol.kind not in TYPES:
            return header(symbol, self._language)
        members = [each for _, each in self._resolver.members(found)]
        return outline(symbol, members, self._language, whole=whole)


def _local(item: Import) -> str:
    """What an import is called in its file; empty where it brings names of its own."""
    if item.alias or item.name not in ("", "*"):
        return item.alias or item.name
    if item.name == "*" or _IS_FILE.search(item.module):
        return ""
    return re.split(r"::|[./]", item.module)[-1]


def _words(text: str) -> set[str]:
    return set(text.replace("(", " ").replace(")", " ").replace(",", " ").split())


_IS_FILE = re.compile(r"^\.|\.(?:h|hh|hpp|hxx|[mc]?[jt]sx?)$")
