"""What Go code defines."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.core.definitions.base import (
    Declared,
    Found,
    Kind,
    Scope,
    bodied,
    join,
    plain,
    text_of,
)


def read(node: Node, scope: Scope, data: bytes) -> Found:
    """What `node` defines, and the scopes in it."""
    match node.type:
        case "function_declaration":
            yield from bodied(node, "function", scope, data)
        case "method_declaration":
            owner = _RECEIVER.search(text_of(node.child_by_field_name("receiver"), data))
            yield from bodied(node, "method", Scope(node, owner[1] if owner else ""), data)
        case "method_elem":
            yield from bodied(node, "method", scope, data)
        case "type_spec" | "type_alias":
            yield from _type(node, scope, data)
        case "const_spec":
            yield from _named(node, "constant", scope, data, "const ")
        case "var_spec":
            yield from _named(node, "variable", scope, data, "var ")
        case "field_declaration":
            yield from _named(node, "field", scope, data, "")
            if node.child_by_field_name("name") is None:  # embedded
                embedded = _EMBEDDED.search(text_of(node.child_by_field_name("type"), data))
                yield from plain(embedded[1] if embedded else "", "field", scope, node)
        case kind if kind in _GROUPS:
            yield scope.inside(node)


def _type(node: Node, scope: Scope, data: bytes) -> Found:
    name = text_of(node.child_by_field_name("name"), data)
    of = node.child_by_field_name("type")
    kind = _KINDS.get(of.type) if of else None
    if kind is None or of is None:
        yield from plain(name, "type", scope, node, "type ")
    elif name:
        end = of.start_byte + len(kind)
        yield Declared(name, kind, scope.container, node, node.start_byte, end, "type ")
        yield Scope(of, join(scope.container, name), kind)


def _named(node: Node, kind: Kind, scope: Scope, data: bytes, prefix: str) -> Found:
    for name in node.children_by_field_name("name"):
        yield from plain(text_of(name, data), kind, scope, node, prefix)


_KINDS: dict[str, Kind] = {"struct_type": "struct", "interface_type": "interface"}
_GROUPS = frozenset(
    (
        "ERROR",
        "const_declaration",
        "field_declaration_list",
        "type_declaration",
        "var_declaration",
        "var_spec_list",
    )
)
_RECEIVER = re.compile(r"(\w+)\s*(?:\[[^()]*\])?\s*\)\s*$")
_EMBEDDED = re.compile(r"(\w+)\s*(?:\[|$)")
