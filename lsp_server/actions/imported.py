"""The names of one import statement, and whether anything uses them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.core.definitions.base import text_of
from lsp_server.core.import_place import IMPORT_NODES
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in an import statement."""

    node: Node
    """With its alias."""
    bound: str
    """What it is called in this file."""
    is_same: bool = False
    """`a as a`: it is passed on."""


@dataclass(frozen=True, slots=True)
class Statement:
    """An import of Python, JavaScript or TypeScript."""

    node: Node
    entries: tuple[Entry, ...]


def statement_at(syntax: Syntax, byte: int) -> Statement | None:
    """The import statement that a byte stands in, if what it binds can be told."""
    kinds = IMPORT_NODES.get(syntax.grammar, frozenset())
    node = syntax.tree.root_node.descendant_for_byte_range(byte, byte)
    while node is not None and node.type not in kinds:
        node = node.parent
    if node is None or node.type == "future_import_statement":
        return None
    read = _python if syntax.grammar == "python" else _script
    entries = tuple(read(node, syntax.data))
    return Statement(node, entries) if entries else None


def postpones_types(syntax: Syntax) -> bool:
    """Whether a file of Python has `from __future__ import annotations`: its types are no code."""
    for node in syntax.tree.root_node.named_children:
        if node.type == "future_import_statement":
            names = node.children_by_field_name("name")
            if any(text_of(name, syntax.data).split()[0] == "annotations" for name in names):
                return True
    return False


def unused_in(syntax: Syntax, statement: Statement, *, careful: bool) -> list[Entry]:
    """The names that nothing else in the file uses.

    `careful`: nor do words in strings and comments speak of them.
    """
    return [
        entry
        for entry in statement.entries
        if not entry.is_same
        and entry.bound != "React"  # JSX uses it without saying so
        and not _is_used(syntax, statement.node, entry.bound, careful)
    ]


def _is_used(syntax: Syntax, statement: Node, name: str, careful: bool) -> bool:
    root = syntax.tree.root_node
    for match in re.finditer(rb"(?<![\w$])" + re.escape(encode(name)) + rb"(?![\w$])", syntax.data):
        start, end = match.span()
        if statement.start_byte <= start < statement.end_byte:
            continue
        node = root.descendant_for_byte_range(start, end)
        parent = node and node.parent
        if node is None or parent is None:
            continue
        if not node.type.endswith("identifier"):
            is_text = node.type.endswith("comment") or _is_docstring(node)
            # A string may be an annotation, or a name in `__all__`.
            if (careful and not node.type.endswith("comment")) or not is_text:
                return True
            continue
        if parent.child_by_field_name(_NO_USE.get(parent.type, "")) != node:
            return True
    return False


def _is_docstring(node: Node) -> bool:
    inner: Node | None = node
    while inner is not None and inner.type.startswith(("string", "template", "escape")):
        inner = inner.parent
    return inner is not None and inner.type == "expression_statement"


def _python(statement: Node, data: bytes) -> list[Entry]:
    found = []
    for node in statement.children_by_field_name("name"):
        if node.type == "aliased_import":
            alias = text_of(node.child_by_field_name("alias"), data)
            same = text_of(node.child_by_field_name("name"), data) == alias
            found.append(Entry(node, alias, same))
        else:
            found.append(Entry(node, text_of(node, data).partition(".")[0]))
    return found


def _script(statement: Node, data: bytes) -> list[Entry]:
    found = []
    waiting = [child for child in statement.named_children if child.type == "import_clause"]
    while waiting:
        node = waiting.pop(0)
        if node.type == "identifier":
            found.append(Entry(node, text_of(node, data)))
        elif node.type == "namespace_import":
            found.append(Entry(node, text_of(node.named_child(0), data)))
        elif node.type == "import_specifier":
            name = node.child_by_field_name("alias") or node.child_by_field_name("name")
            found.append(Entry(node, text_of(name, data)))
        else:
            waiting.extend(node.named_children)
    return found


_NO_USE = {
    "attribute": "attribute",
    "keyword_argument": "name",
    "member_expression": "property",
    "pair": "key",
}
"""Nodes with the field in which a name is another's."""
