"""What JavaScript and TypeScript code defines."""

from __future__ import annotations

import re
from dataclasses import replace

from tree_sitter import Node

from lsp_server.core.definitions.base import (
    CONSTRUCTOR,
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
    whole = node
    if node.type == "export_statement":
        exported = node.child_by_field_name("declaration") or node.child_by_field_name("value")
        if exported is None:
            return
        node = exported
        if node.type in _FUNCTIONS or node.type == "class":  # without a name
            kind: Kind = "class" if node.type == "class" else "function"
            yield from _bodied(node, kind, scope, data, "default", whole)
            return
    if node.type in ("expression_statement", "ambient_declaration"):
        if not node.named_child_count:
            return
        node = node.named_children[0]
    if node.type == "assignment_expression":
        yield from _assignment(node, scope, data)
    elif scope.kind == CONSTRUCTOR:
        if node.type in ("if_statement", "statement_block"):
            yield scope.inside(node)
    elif node.type in _KINDS:
        yield from _bodied(node, _KINDS[node.type], scope, data, "", whole)
    else:
        yield from _other(node, whole, scope, data)


def _other(node: Node, whole: Node, scope: Scope, data: bytes) -> Found:
    name = text_of(node.child_by_field_name("name"), data)
    match node.type:
        case "lexical_declaration" | "variable_declaration":
            for declarator in node.named_children:
                if declarator.type == "variable_declarator":
                    yield from _variable(declarator, node, whole, scope, data)
        case "public_field_definition" | "field_definition" | "property_signature" | "pair":
            key = node.child_by_field_name("property") or node.child_by_field_name("key")
            value = node.child_by_field_name("value")
            name = (name or text_of(key, data)).strip("\"'")
            if value and value.type in _FUNCTIONS:
                yield from _valued(name, "method", scope, node, node, value)
            elif node.type != "pair":
                yield from plain(name, "field", scope, node)
        case "enum_assignment":
            yield from plain(name, "member", scope, node)
        case "property_identifier" if scope.kind == "enum":
            yield from plain(text_of(node, data), "member", scope, node)
        case "type_alias_declaration":
            yield from plain(name, "type", scope, node)
            value = node.child_by_field_name("value")
            if value and value.type == "object_type":
                yield Scope(value, join(scope.container, name), "type")
        case "required_parameter" | "optional_parameter":
            if _is_property(node):
                name = text_of(node.child_by_field_name("pattern"), data)
                yield from plain(name, "field", scope, node)
        case "ERROR" | "statement_block":
            yield scope.inside(node)


def _bodied(node: Node, kind: Kind, scope: Scope, data: bytes, name: str, whole: Node) -> Found:
    called = name or text_of(node.child_by_field_name("name"), data)
    if kind == "module":
        called = called.strip("\"'")
    for item in bodied(node, kind, scope, data, name=called, whole=whole):
        yield item
        if isinstance(item, Declared) and item.name == "constructor" and kind == "method":
            if item.body:
                yield Scope(item.body, scope.container, CONSTRUCTOR)
            if item.parameters:
                yield Scope(item.parameters, scope.container, "class")


def _variable(declarator: Node, statement: Node, whole: Node, scope: Scope, data: bytes) -> Found:
    name_node = declarator.child_by_field_name("name")
    value = declarator.child_by_field_name("value")
    keyword = text_of(statement.child(0), data)
    if name_node is None or name_node.type != "identifier":
        return  # taken apart: it names what something else defines
    name = text_of(name_node, data)
    if value and value.type in _FUNCTIONS:
        yield from _valued(name, "function", scope, whole, declarator, value, f"{keyword} ")
    elif value and value.type == "class":
        for item in bodied(value, "class", scope, data, name=name, whole=whole):
            if isinstance(item, Declared):
                item = replace(item, start_byte=declarator.start_byte, prefix=f"{keyword} ")
            yield item
    elif value is None or not _REQUIRE.match(data, value.start_byte):
        kind: Kind = "constant" if keyword == "const" else "variable"
        for item in plain(name, kind, scope, declarator, f"{keyword} "):
            yield replace(item, whole=whole) if isinstance(item, Declared) else item
        if value and value.type == "object":
            yield Scope(value, join(scope.container, name), "class")


def _valued(
    name: str, kind: Kind, scope: Scope, whole: Node, node: Node, value: Node, prefix: str = ""
) -> Found:
    """A function that is the value of something with a name."""
    body = value.child_by_field_name("body")
    if name:
        yield Declared(
            name,
            kind,
            scope.container,
            whole,
            node.start_byte,
            body.start_byte if body else node.end_byte,
            prefix,
            value.child_by_field_name("parameters") or value.child_by_field_name("parameter"),
            body,
        )


def _assignment(node: Node, scope: Scope, data: bytes) -> Found:
    """`this.x = …` in a constructor, else functions given to exports and prototypes."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None or left.type != "member_expression":
        return
    *owners, name = text_of(left, data).split(".")
    if not _WORD.fullmatch(name):
        return
    if scope.kind == CONSTRUCTOR:
        if owners == ["this"]:
            yield from plain(name, "field", scope, node)
        return
    if (owners[-1], name) == ("module", "exports"):
        if right.type == "object":
            yield Scope(right, scope.container, "module")
        return
    owners = [owner for owner in owners if owner not in ("exports", "module", "prototype")]
    inside = Scope(node, ".".join(owners))
    if right.type in _FUNCTIONS:
        yield from _valued(name, "method" if owners else "function", inside, node, node, right)
    elif not owners:
        yield from plain(name, "variable", inside, node)


def _is_property(parameter: Node) -> bool:
    return any(child.type in ("accessibility_modifier", "readonly") for child in parameter.children)


_FUNCTIONS = frozenset(("arrow_function", "function", "function_expression", "generator_function"))
_KINDS: dict[str, Kind] = {
    "abstract_class_declaration": "class",
    "abstract_method_signature": "method",
    "class_declaration": "class",
    "enum_declaration": "enum",
    "function_declaration": "function",
    "function_signature": "function",
    "generator_function_declaration": "function",
    "interface_declaration": "interface",
    "internal_module": "module",
    "method_definition": "method",
    "method_signature": "method",
    "module": "module",
}
_REQUIRE = re.compile(rb"(require|import)\s*\(|await\s+import\s*\(")
_WORD = re.compile(r"[\w$]+")
