"""Definitions of other files that the user was at lately.

Who has written a function often goes to another file to use it, before anything there says where
it comes from. So the header of what he was in is shown, behind all that the cursor needs. If its
name or its file's stands near the cursor, as in the line that imports it, it counts as other names
do there; else it takes the room that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from lsp_server.completion.changed import Place
from lsp_server.completion.context import local_name
from lsp_server.completion.headers import header, outline
from lsp_server.completion.pieces import Piece, lines, unseen
from lsp_server.completion.uses import uses
from lsp_server.core.definitions.base import TYPES, join
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.symbols import Symbol
from lsp_server.core.syntax import grammar_for
from lsp_server.core.text import Point
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.resolve import Resolved, Resolver

MOST = 3
"""Definitions that are shown."""
MOST_LINES = 6
"""Of one of them, for the window gets smaller by them."""
LEAST = 0.001
"""What the latest counts if nothing near the cursor has its name: less than anything that is
needed. It is then added to no context that is evaluated already."""
FADING = 0.8


def visited(
    places: Iterable[Place],
    snapshot: Snapshot,
    cursor: Point,
    known: Outline,
    needed: Sequence[Piece],
) -> list[Piece]:
    """The definitions that places of other files are in, of `places` from the latest on.

    `known` is the document's outline; what is `needed` there is not shown again.
    """
    named = _named(snapshot, cursor, known, needed)
    told = lines(needed)
    found: dict[tuple[str, str, str], Piece] = {}
    for place in places:
        language = grammar_for("", place.path) or ""
        resolver = Resolver(known, language)
        symbol = _around(resolver.symbols(place.path), place.row)
        if symbol is None or _is_in_code(place, symbol, needed):
            continue
        text = shown(Resolved(place.path, symbol), resolver, language)
        text = "\n".join(text.split("\n")[:MOST_LINES])
        names = symbol.name, PurePosixPath(place.path).stem
        weight = max(LEAST * FADING ** len(found), *(named.get(name, 0.0) for name in names))
        piece = unseen(Piece(place.path, symbol.name, text, weight), told)
        if piece is not None:
            found.setdefault((place.path, symbol.container, symbol.name), piece)
        if len(found) == MOST:
            break
    return list(found.values())


def shown(found: Resolved, resolver: Resolver, language: str) -> str:
    """A definition: a type with what is public in it, a member below the header of its type."""
    symbol = found.symbol
    if symbol is None or symbol.kind in TYPES:
        members = [each for _, each in resolver.members(found)]
        return outline(symbol, members, language, whole=False)
    for each in resolver.symbols(found.path):
        if each.kind in TYPES and join(each.container, each.name) == symbol.container:
            return outline(each, [symbol], language, whole=True)
    return header(symbol, language)


def _named(
    snapshot: Snapshot, cursor: Point, known: Outline, needed: Sequence[Piece]
) -> dict[str, float]:
    """What names count that are used around the cursor, and that nothing known gives there."""
    given = {each.name for each in known.own_symbols}
    given.update(map(local_name, known.own_imports), (piece.name for piece in needed))
    weights = uses(snapshot.text, cursor).weights
    return {name: weight / 2 for name, weight in weights.items() if name not in given}


def _around(defined: Sequence[Symbol], row: int) -> Symbol | None:
    """The innermost definition that a row is in; no namespace."""
    inside = [
        each for each in defined if each.first_row <= row <= each.last_row and each.kind != "module"
    ]
    return max(inside, key=lambda each: each.first_row, default=None)


def _is_in_code(place: Place, symbol: Symbol, pieces: Iterable[Piece]) -> bool:
    """Whether lines of the file are shown anyway in which the definition begins."""
    begins = "".join(place.text.lines[symbol.first_row : symbol.first_row + 1]).rstrip("\r\n")
    return any(each.code and each.path == place.path and begins in each.text for each in pieces)
