"""Headers of what a stretch of code calls, as a model is shown them."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lsp_server.core.definitions.base import text_of
from lsp_server.core.symbols import Symbol
from lsp_server.core.syntax import Syntax
from lsp_server.core.tokens import estimate
from lsp_server.workspace.expressions import CALLEES, Expressions, Meaning, Outline, is_type
from lsp_server.workspace.ignore import Ignored
from lsp_server.workspace.resolve import Resolved, Resolver

MAX_HEADERS = 8
MAX_TOKENS = 300
MAX_CALLS = 100
"""Calls that are followed."""


def called(
    syntax: Syntax,
    start: int,
    end: int,
    at: int,
    outline: Outline,
    left_out: Ignored | None = None,
) -> list[str]:
    """Headers of the functions and types that the code from byte `start` to `end` calls.

    Those that are called on the line of byte `at` come first. What is defined in the stretch
    itself is left out, as is what the workspace does not define, or in another file that is
    `left_out`.
    """
    row, first, last = (syntax.data.count(b"\n", 0, byte) for byte in (at, start, end))
    search = _Search(syntax, outline, left_out)
    calls = list(_callees(syntax, start, end))[:MAX_CALLS]
    calls.sort(key=lambda node: node.start_point.row != row)
    headers: dict[str, None] = {}
    for node in calls:
        found = search.meant(node)
        symbol = None if found is None else found.symbol
        if found is None or symbol is None:
            continue
        if found.path == outline.path and first <= symbol.first_row <= last:
            continue
        headers.update(dict.fromkeys(search.headers(found, symbol)))
    kept, room = list[str](), MAX_TOKENS
    for header in headers:
        room -= estimate(f"{header}\n")
        if room < 0 or len(kept) == MAX_HEADERS:
            break
        kept.append(header)
    return kept


class _Search:
    """For the definitions behind calls of one text."""

    def __init__(self, syntax: Syntax, outline: Outline, left_out: Ignored | None) -> None:
        self._syntax = syntax
        self._path = outline.path
        self._left_out = left_out
        self._expressions = Expressions(syntax, outline)
        self._resolver = Resolver(outline, syntax.grammar)

    def meant(self, callee: Node) -> Resolved | None:
        """What is called; names count as the file's own where scopes can't be told."""
        found: Meaning | None = self._expressions.meaning(callee)
        if found is not None:
            return None if found.is_instance else found.found
        is_told = self._expressions.scopes.visible(callee) is not None
        if callee.type != "identifier" or is_told:
            return None
        return self._resolver.top_level(self._path, text_of(callee, self._syntax.data))

    def headers(self, found: Resolved, symbol: Symbol) -> Iterator[str]:
        """The header; of a type also that of what makes one."""
        if self._is_hidden(found.path):
            return
        yield symbol.signature
        if is_type(symbol):
            for path, member in self._resolver.members(found):
                if member.name in ("__init__", "constructor") and not self._is_hidden(path):
                    yield f"    {member.signature}"

    def _is_hidden(self, path: str) -> bool:
        return self._left_out is not None and path != self._path and path in self._left_out


def _callees(syntax: Syntax, start: int, end: int) -> Iterator[Node]:
    """What stands before the brackets of calls, in order."""
    waiting = [syntax.tree.root_node]
    while waiting:
        node = waiting.pop()
        field = CALLEES.get(node.type)
        function = node.child_by_field_name(field) if field else None
        if function is not None and start <= function.start_byte < end:
            yield function
        if node.end_byte > start and node.start_byte < end:
            waiting += reversed(node.named_children)
