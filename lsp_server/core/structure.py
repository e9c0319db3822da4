"""Where definitions start in a syntax tree."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from tree_sitter import Node

from lsp_server.core.syntax import Syntax

_WRAPPERS = frozenset(
    (
        "ambient_declaration",
        "decorated_definition",
        "export_statement",
        "expression_statement",
        "template_declaration",
    )
)
"""Nodes whose last named child is the definition that they wrap."""

_BODIED = frozenset(
    (
        "abstract_class_declaration",
        "annotation_type_declaration",
        "class",
        "class_declaration",
        "class_definition",
        "class_specifier",
        "enum_declaration",
        "impl_item",
        "interface_declaration",
        "internal_module",
        "linkage_specification",
        "mod_item",
        "module",
        "namespace_definition",
        "record_declaration",
        "struct_specifier",
        "trait_item",
    )
)
"""Nodes whose `body` holds members."""

_TRANSPARENT = frozenset(
    (
        "ERROR",
        "enum_body_declarations",
        "preproc_elif",
        "preproc_elifdef",
        "preproc_else",
        "preproc_if",
        "preproc_ifdef",
    )
)
"""Nodes that hold members themselves."""


STRINGS = frozenset(
    (
        "interpreted_string_literal", "raw_string_literal", "string", "string_literal",
        "template_string",
    )
)  # fmt: skip
_TEXTS = STRINGS | {"block_comment", "comment"}


def text_around(syntax: Syntax, byte: int) -> Node | None:
    """The string or comment that a byte stands within, not at its start; the innermost."""
    node = syntax.tree.root_node.descendant_for_byte_range(byte, byte)
    while node is not None:
        if node.type in _TEXTS and node.start_byte < byte < node.end_byte:
            return node
        node = node.parent
    return None


def definition_rows(syntax: Syntax, first_row: int, last_row: int) -> list[tuple[int, int]]:
    """First and last row of each definition that touches the rows from `first_row` to `last_row`.

    Definitions are the statements at the top level and the members of classes, interfaces,
    implementations, namespaces and preprocessor conditionals, in the order of their first rows.
    Comments and Rust attributes right above a definition belong to it. What doesn't start its row
    is left out; in code that doesn't parse, other statements may be among them.
    """
    # tree-sitter's rows end at `\n` only; each lone `\r` above is a row more.
    returns = [match.start() for match in _LONE_RETURN.finditer(syntax.data)]
    found: dict[int, int] = {}
    scopes = [syntax.tree.root_node]
    while scopes:
        leading: tuple[int, int] | None = None
        for node in _children(scopes.pop(), max(0, first_row - len(returns))):
            start, end = _rows(node, returns)
            if start > last_row:
                break
            if not node.is_named or not _starts_row(node, syntax.data):
                continue
            if leading and leading[1] >= start - 1:
                start = leading[0]
            if _leads(node):
                leading = start, end
                continue
            leading = None
            if end >= first_row:
                found.setdefault(start, end)
                scope = _members(node)
                if scope:
                    scopes.append(scope)
    return sorted(found.items())


def _children(scope: Node, first_row: int) -> Iterator[Node]:
    """The children that end at or after tree-sitter's row `first_row`, and what leads the first."""
    cursor = scope.walk()
    more = cursor.goto_first_child_for_point((first_row, 0)) is not None
    while more and cursor.goto_previous_sibling():
        if cursor.node and not _leads(cursor.node):
            cursor.goto_next_sibling()
            break
    while more and cursor.node:
        yield cursor.node
        more = cursor.goto_next_sibling()


def _leads(node: Node) -> bool:
    """Whether the node belongs to the definition below it."""
    return node.type == "attribute_item" or (node.is_extra and not node.is_error)


def _starts_row(node: Node, data: bytes) -> bool:
    column = node.start_point.column
    if column > _MAX_INDENT:
        return False
    return not data[node.start_byte - column : node.start_byte].rpartition(b"\r")[2].strip()


def _rows(node: Node, returns: list[int]) -> tuple[int, int]:
    last_byte = max(node.start_byte, node.end_byte - 1)
    last_row = node.end_point.row
    if node.end_point.column == 0 and last_row > node.start_point.row:
        last_row -= 1  # the node ends with a line end
    return (
        node.start_point.row + bisect_left(returns, node.start_byte),
        last_row + bisect_left(returns, last_byte),
    )


def _members(node: Node) -> Node | None:
    """The node whose children are the members of `node`."""
    while node.type in _WRAPPERS and node.named_child_count:
        node = node.named_child(node.named_child_count - 1)
    if node.type in _BODIED:
        return node.child_by_field_name("body")
    return node if node.type in _TRANSPARENT else None


_MAX_INDENT = 1000
"""Bytes; keeps the cost of a file that is one long line small."""

_LONE_RETURN = re.compile(rb"\r(?!\n)")
