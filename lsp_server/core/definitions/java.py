"""What Java code defines."""

from __future__ import annotations

from dataclasses import replace

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
    for item in _read(node, scope, data):
        yield item if isinstance(item, Scope) else _without_annotations(item, node)


def _read(node: Node, scope: Scope, data: bytes) -> Found:
    match node.type:
        case kind if kind in _KINDS:
            yield from bodied(node, _KINDS[kind], scope, data)
            parameters = node.child_by_field_name("parameters")
            if kind == "record_declaration" and parameters:
                name = text_of(node.child_by_field_name("name"), data)
                yield Scope(parameters, join(scope.container, name), "class")
        case "formal_parameter" if scope.kind == "class":  # of a record
            yield from plain(text_of(node.child_by_field_name("name"), data), "field", scope, node)
        case "enum_constant":
            name = text_of(node.child_by_field_name("name"), data)
            yield from plain(name, "member", scope, node)
        case "field_declaration" | "constant_declaration":
            for declarator in node.children_by_field_name("declarator"):
                name = text_of(declarator.child_by_field_name("name"), data)
                yield from plain(name, "field", scope, node)
        case "enum_body_declarations" | "ERROR":
            yield scope.inside(node)


def _without_annotations(item: Declared, node: Node) -> Declared:
    """The same with a header that starts behind the annotations."""
    modifiers = node.named_child(0)
    if modifiers is None or modifiers.type != "modifiers":
        return item
    plain_modifiers = (
        child.start_byte for child in modifiers.children if "annotation" not in child.type
    )
    return replace(item, start_byte=next(plain_modifiers, modifiers.end_byte))


_KINDS: dict[str, Kind] = {
    "annotation_type_declaration": "interface",
    "annotation_type_element_declaration": "method",
    "class_declaration": "class",
    "compact_constructor_declaration": "method",
    "constructor_declaration": "method",
    "enum_declaration": "enum",
    "interface_declaration": "interface",
    "method_declaration": "method",
    "record_declaration": "class",
}
