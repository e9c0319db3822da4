"""What a file defines, read from its syntax tree.

Only places where definitions stand are visited: the top level, bodies of types, and in a
constructor the attributes that it sets. A function's own variables and inner functions are left
out, so the work follows the number of definitions and not the length of the code. Which nodes
define what is in `definitions`.

Nothing here recurses, and code that doesn't parse gives what can still be told apart.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from lsp_server.core.definitions import READERS, Declared, Kind, Scope
from lsp_server.core.definitions.base import text_of
from lsp_server.core.syntax import Syntax

MAX_SYMBOLS = 5_000
MAX_VISITED = 200_000
"""Nodes that are looked at in one file; generated tables end here."""
MAX_SIGNATURE = 240
MAX_DOC = 160
"""Characters."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition."""

    name: str
    kind: Kind
    container: str
    """Dotted path of what encloses it, empty at the top level. A method of Go or Rust is in the
    type that it belongs to, wherever it stands."""
    signature: str
    """The header on one line, without the body: `def f(a: int) -> str`."""
    doc: str
    """First sentence of what documents it, or empty."""
    first_row: int
    last_row: int
    """Rows as in `core.text`, with decorators, without comments above."""
    parameters: tuple[str, ...] = ()
    """As written, each on one line, with types and defaults: `b: int = 1`."""
    decorated: bool = False
    """Whether a decorator of Python stands above it, which may make something else of it."""


def symbols(syntax: Syntax) -> list[Symbol]:
    """All definitions, in the order in which they stand."""
    return [symbol for symbol, _ in definitions(syntax)]


def definitions(syntax: Syntax) -> list[tuple[Symbol, Declared]]:
    """The same with the nodes that define them."""
    reader = _Reader(syntax)
    scopes = [Scope(syntax.tree.root_node)]
    while scopes and len(reader.found) < MAX_SYMBOLS and reader.visited < MAX_VISITED:
        scopes += reader.read(scopes.pop())
    reader.found.sort(key=lambda found: found[1].whole.start_byte)
    return reader.found[:MAX_SYMBOLS]


class _Reader:
    def __init__(self, syntax: Syntax) -> None:
        self._data = syntax.data
        self._grammar = syntax.grammar
        self._declared = READERS[syntax.grammar]
        # tree-sitter's rows end at `\n` only; each lone `\r` above is a row more.
        self._returns = [match.start() for match in _LONE_RETURN.finditer(syntax.data)]
        self._names: set[tuple[str, str, str]] = set()
        self.found: list[tuple[Symbol, Declared]] = []
        self.visited = 0

    def read(self, scope: Scope) -> list[Scope]:
        """Take up what is defined directly in a scope; return the scopes inside."""
        inner: list[Scope] = []
        leading: list[Node] = []
        touching = -1  # the row at which `leading`, and attributes below it, end
        ended = -1  # the row at which the last definition ends
        described: int | None = None  # the last definition, if a string below it would document it
        for node in _children(scope.node):
            self.visited += 1
            if self.visited > MAX_VISITED or len(self.found) >= MAX_SYMBOLS:
                break
            row = node.start_point.row
            if node.type.endswith("comment"):
                if row == ended:
                    continue  # about what stands left of it
                if row > touching + 1:
                    leading = []
                leading.append(node)
                touching = _last_row(node)
                continue
            if node.type == "attribute_item":
                touching = _last_row(node) if leading and row <= touching + 1 else touching
                continue
            comments = leading if leading and row <= touching + 1 else []
            if not comments and row == scope.node.start_point.row:
                comments = list(scope.comments)
            leading, ended = [], _last_row(node)
            if described is not None and (text := self._string(node)):
                symbol, declared = self.found[described]
                if not symbol.doc:
                    self.found[described] = replace(symbol, doc=_sentence(text)), declared
            described = None
            for item in self._declared(node, scope, self._data):
                if isinstance(item, Scope):
                    groups = item.container == scope.container
                    inner.append(replace(item, comments=tuple(comments)) if groups else item)
                elif self._take(item, comments):
                    described = len(self.found) - 1
        return inner

    def _take(self, item: Declared, comments: list[Node]) -> bool:
        """Add a definition; True if it is one of Python's that a string below may document."""
        key = (item.container, item.name, item.kind)
        if item.once and key in self._names:
            return False
        self._names.add(key)
        doc = self._docstring(item) or _sentence(
            "\n".join(_comment(text_of(comment, self._data)) for comment in comments)
        )
        first, last = item.whole.start_point.row, _last_row(item.whole)
        last_byte = max(item.whole.start_byte, item.whole.end_byte - 1)
        symbol = Symbol(
            name=item.name,
            kind=item.kind,
            container=item.container,
            signature=self._signature(item),
            doc=doc,
            first_row=first + bisect_left(self._returns, item.whole.start_byte),
            last_row=last + bisect_left(self._returns, last_byte),
            parameters=tuple(
                one_line(self._data[node.start_byte : node.end_byte], MAX_SIGNATURE)
                for node in _parameters(item.parameters)
            ),
            decorated=item.whole.type == "decorated_definition",
        )
        self.found.append((symbol, item))
        return self._grammar == "python" and item.kind in ("field", "constant", "variable")

    def _signature(self, item: Declared) -> str:
        header = self._data[item.start_byte : max(item.start_byte, item.end_byte)]
        return (item.prefix + one_line(header, MAX_SIGNATURE))[:MAX_SIGNATURE].rstrip(" ;,{:")

    def _docstring(self, item: Declared) -> str:
        if self._grammar != "python" or item.body is None:
            return ""
        first = next(
            (node for node in _children(item.body) if not node.type.endswith("comment")), None
        )
        return _sentence(self._string(first)) if first else ""

    def _string(self, node: Node) -> str:
        """The text of a statement that is one string."""
        if node.type != "expression_statement" or self._grammar != "python":
            return ""
        string = node.named_child(0)
        if string is None or string.type != "string":
            return ""
        return text_of(string, self._data).lstrip("rRuUbB").strip("\"'")


def _children(scope: Node) -> Iterator[Node]:
    """Named children, one at a time: a broken file may have a million."""
    cursor = scope.walk()
    more = cursor.goto_first_child()
    while more and cursor.node:
        if cursor.node.is_named:
            yield cursor.node
        more = cursor.goto_next_sibling()


def _last_row(node: Node) -> int:
    end = node.end_point
    return end.row - (end.column == 0 and end.row > node.start_point.row)


def _parameters(node: Node | None) -> list[Node]:
    if node is None:
        return []
    if node.type in ("identifier", "preproc_params") and not node.named_child_count:
        return [node] if node.type == "identifier" else []
    return [
        child
        for child in node.named_children[:MAX_PARAMETERS]
        if not child.type.endswith("comment") and child.type != "attribute_item"
    ]


MAX_PARAMETERS = 100


def one_line(data: bytes, limit: int) -> str:
    """Code on one line, cut to so many characters; brackets keep no space inside."""
    line = " ".join(data[: 8 * limit].decode(errors="replace").split())
    line = _AFTER_OPENING.sub(r"\1", line)
    return _BEFORE_CLOSING.sub(r"\1", line)[:limit]


def _comment(text: str) -> str:
    """What a comment says."""
    lines = (_COMMENT_MARK.sub("", line).strip() for line in text.removesuffix("*/").splitlines())
    return "\n".join(lines)


def _sentence(text: str) -> str:
    """The first sentence, on one line."""
    paragraph: list[str] = []
    for line in text[:2000].splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("@"):
            if paragraph:
                break
        elif any(character.isalnum() for character in stripped):
            paragraph.append(stripped)
    joined = " ".join(" ".join(paragraph).split())
    return _SENTENCE_END.split(joined, maxsplit=1)[0][:MAX_DOC].rstrip()


_LONE_RETURN = re.compile(rb"\r(?!\n)")
_AFTER_OPENING = re.compile(r"([(\[]) ")
_BEFORE_CLOSING = re.compile(r",? ([)\]])")
_COMMENT_MARK = re.compile(r"^\s*(/\*[*!]?<?|//[/!]?<?|\*(?!/)|#[:!]?)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z])")
