"""The code around a place that a model is given to write anew: whole lines of a function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.actions.action import Request
from lsp_server.core.definitions.base import text_of
from lsp_server.core.docstrings import docstring, short
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode

MAX_BYTES = 6_000
"""Of a function that a small model can still write anew."""
MAX_STATEMENT_BYTES = 1_500
FUNCTIONS = frozenset(
    (
        "arrow_function", "constructor_declaration", "function_declaration", "function_definition",
        "function_expression", "function_item", "generator_function",
        "generator_function_declaration", "method_declaration", "method_definition",
    )
)  # fmt: skip
_BLOCKS = frozenset(
    (
        "block", "compound_statement", "module", "program", "source_file", "statement_block",
        "statement_list", "translation_unit",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """What a new source of a function begins with: up to its docstring, or the start of its body.

    Lines end with `\\n`.
    """

    text: str = ""
    shown: str = ""
    """With a short docstring."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of a text, from byte `start` to `end`, without the last one's ending."""

    syntax: Syntax
    start: int
    end: int
    whole: Node
    """The function with its decorators, or the statement."""
    body: Node | None = None
    """Of the function; None where it is a statement."""

    @property
    def text(self) -> str:
        """Its lines, which end with `\\n`."""
        return _text(self.syntax.data[self.start : self.end])

    @property
    def name(self) -> str:
        """Of the function; empty if it has none."""
        node = self.whole.child_by_field_name("definition") or self.whole
        return text_of(node.child_by_field_name("name"), self.syntax.data)

    def head(self, before: int) -> Head:
        """What is kept as it is; empty if there is nothing such that ends before a byte."""
        if self.body is None:
            return Head()
        doc = docstring(self.body) if self.syntax.grammar == "python" else None
        if self.syntax.grammar == "python":
            end = doc.end_byte if doc else self.body.start_byte
        else:
            end = self.body.start_byte + 1
        text = _text(self.syntax.data[self.start : end]).rstrip()
        if end > before or not text.endswith((":", '"""', "'''", "{")):
            return Head()
        if doc is None:
            return Head(text, text)
        long = _text(self.syntax.data[doc.start_byte : doc.end_byte])
        return Head(text, text.removesuffix(long) + short(long))


def meant(request: Request) -> Piece | None:
    """The piece at a cursor; where something is selected, only if that is all of the piece."""
    piece = piece_at(request.syntax, request.start, request.end)
    if piece is None or request.is_cursor:
        return piece
    data = request.syntax.data
    is_whole = data[request.start : request.end].strip() == data[piece.start : piece.end].strip()
    return piece if is_whole else None


def piece_at(syntax: Syntax, start: int, end: int) -> Piece | None:
    """The innermost function around a place, or the largest statement that is not too long.

    None where there is neither.
    """
    statement: Node | None = None
    for each in _around(syntax, start, end):
        node = _introduced(each, end)
        inner = node.child_by_field_name("definition") or node  # below its decorators
        body = inner.child_by_field_name("body")
        if inner.type in FUNCTIONS and body is not None and body.type in _BLOCKS:
            if node.end_byte - node.start_byte > MAX_BYTES:
                break
            parent = node.parent
            is_decorated = parent is not None and parent.type == "decorated_definition"
            return _piece(syntax, parent if is_decorated and parent else node, body)
        is_statement = each.parent is not None and each.parent.type in _BLOCKS
        is_short = each.end_byte - each.start_byte <= MAX_STATEMENT_BYTES
        if is_statement and is_short and not each.type.endswith("comment"):
            statement = each
    return None if statement is None else _piece(syntax, statement, None)


def _introduced(node: Node, end: int) -> Node:
    """The function that a statement names or exports, if a place ends in front of it."""
    found: Node | None = node
    if node.type == "export_statement":
        found = node.child_by_field_name("declaration")
    if found is not None and found.type in ("lexical_declaration", "variable_declaration"):
        declarators = found.named_children
        found = declarators[0].child_by_field_name("value") if len(declarators) == 1 else None
    is_in_front = found is not None and found.type in FUNCTIONS and end <= found.start_byte
    return found if found is not None and is_in_front else node


def _around(syntax: Syntax, start: int, end: int) -> Iterator[Node]:
    """The nodes around a place, the innermost first."""
    data = syntax.data
    line_end = data.find(b"\n", start)
    line = data[start : len(data) if line_end < 0 else line_end]
    # White space belongs to what is around a statement.
    if line.strip():
        start += len(line) - len(line.lstrip())
    else:
        before = data[data.rfind(b"\n", 0, start) + 1 : start]
        start -= len(before) - len(before.rstrip()) + bool(before.strip())
    node = syntax.tree.root_node.descendant_for_byte_range(start, max(start, end - 1))
    while node is not None:
        yield node
        node = node.parent


def _piece(syntax: Syntax, whole: Node, body: Node | None) -> Piece:
    data = syntax.data
    start = data.rfind(b"\n", 0, whole.start_byte) + 1
    end = data.find(b"\n", max(whole.start_byte, whole.end_byte - 1))
    end = len(data) if end < 0 else end
    if data[start:end].endswith(b"\r"):
        end -= 1
    return Piece(syntax, start, end, whole, body)


def _text(data: bytes) -> str:
    return decode(data).replace("\r\n", "\n")
