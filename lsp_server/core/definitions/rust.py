"""What Rust code defines."""

from __future__ import annotations

import re
from dataclasses import replace

from tree_sitter import Node

from lsp_server.core.definitions.base import (
    TYPES,
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
    in_type = scope.kind in TYPES
    match node.type:
        case "impl_item":
            body = node.child_by_field_name("body")
            name = _TYPE.search(text_of(node.child_by_field_name("type"), data))
            if body and name:
                yield Scope(body, join(scope.container, name[1]), "struct")
        case "function_item" | "function_signature_item":
            yield from bodied(node, "method" if in_type else "function", scope, data)
        case "mod_item" if node.child_by_field_name("body"):
            yield from bodied(node, "module", scope, data)
        case "macro_definition":
            name_node = node.child_by_field_name("name")
            for item in plain(text_of(name_node, data), "macro", scope, node):
                if name_node and isinstance(item, Declared):
                    yield replace(item, end_byte=name_node.end_byte)
        case "field_declaration":
            name_text = text_of(node.child_by_field_name("name"), data)
            yield from plain(name_text, "field", scope, node)
        case "enum_variant":
            name_text = text_of(node.child_by_field_name("name"), data)
            yield from plain(name_text, "member", scope, node)
        case "const_item" | "static_item":
            yield from bodied(node, "field" if in_type else "constant", scope, data)
        case kind if kind in _KINDS:
            yield from bodied(node, _KINDS[kind], scope, data)
        case "ERROR" | "foreign_mod_item" | "declaration_list":
            yield scope.inside(node)


_KINDS: dict[str, Kind] = {
    "associated_type": "type",
    "enum_item": "enum",
    "struct_item": "struct",
    "trait_item": "trait",
    "type_item": "type",
    "union_item": "struct",
}
_TYPE = re.compile(r"(\w+)\s*(?:<.*)?$", re.DOTALL)
"""The last name of a path: `Foo` in `a::Foo<T>`."""
