"""Where a file keeps its imports."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.core.imports import Import, imports
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode

_SCRIPT = frozenset(("import_statement",))
IMPORT_NODES = {
    "go": frozenset(("import_declaration",)),
    "java": frozenset(("import_declaration",)),
    "javascript": _SCRIPT,
    "python": frozenset(("import_statement", "import_from_statement", "future_import_statement")),
    "rust": frozenset(("use_declaration",)),
    "tsx": _SCRIPT,
    "typescript": _SCRIPT,
}
"""The statements that import, by grammar."""


def top_level(syntax: Syntax) -> list[Node]:
    """The import statements that hold for the whole file."""
    kinds = IMPORT_NODES[syntax.grammar]
    return [node for node in syntax.tree.root_node.named_children if node.type in kinds]


def imported(syntax: Syntax) -> list[Import]:
    """What they import."""
    found = [syntax.data[node.start_byte : node.end_byte] for node in top_level(syntax)]
    only = Syntax.parse(decode(b"\n".join(found)), syntax.grammar)
    return imports(only) if only else []


def place(syntax: Syntax, statement: str) -> tuple[int, str]:
    """At which byte to put an import statement, and the lines to put there, with `\\n`.

    Below those there are, or where the first one would stand.
    """
    below = _last_import(syntax, statement)
    if below is not None:
        return next_line(syntax.data, below.end_byte), statement + "\n"
    start = next_line(syntax.data, head.end_byte) if (head := _head(syntax)) else 0
    gap = "\n" if start else ""
    close = syntax.data[start : start + 1].strip()
    return start, gap + statement + ("\n\n" if close else "\n")


def _last_import(syntax: Syntax, statement: str) -> Node | None:
    """The last of the imports at the top; those further below are there for a reason."""
    kinds = IMPORT_NODES[syntax.grammar]
    last: Node | None = None
    for node in syntax.tree.root_node.named_children:
        if node.type in kinds:
            last = node
        elif last is not None and not node.type.endswith("comment"):
            break
    is_first = statement.startswith("from __future__")
    return None if is_first else last


def _head(syntax: Syntax) -> Node | None:
    """What stands above all imports: a license, a package's name, a docstring, `"use strict"`."""
    head: Node | None = None
    comment: Node | None = None
    for number, node in enumerate(syntax.tree.root_node.named_children):
        if node.type.endswith("comment"):
            if comment is not None and _apart(comment, node):
                head = comment
            comment = node
            if syntax.data.startswith(b"#!") and number == 0:
                head = node
        elif node.type in _HEADS or _is_string(node):
            head, comment = node, None
        else:
            return comment if comment is not None and _apart(comment, node) else head
    return comment or head


def _apart(above: Node, below: Node) -> bool:
    """Whether a blank line is between."""
    return below.start_point.row - above.end_point.row > (above.end_point.column > 0)


def _is_string(statement: Node) -> bool:
    inner = statement.named_child(0)
    return statement.type == "expression_statement" and bool(inner and inner.type == "string")


def next_line(data: bytes, offset: int) -> int:
    """Where the line behind an offset begins; at the end of the text if there is none."""
    if offset and data[offset - 1 : offset] == b"\n":
        return offset
    end = _LINE_END.search(data, offset)
    return end.end() if end else len(data)


_LINE_END = re.compile(rb"\r\n|\n|\r")
_HEADS = frozenset(
    ("package_clause", "package_declaration", "hash_bang_line", "inner_attribute_item")
)
