"""What C and C++ code defines.

A name stands at the bottom of its declarator: `*name[3]`, `(*name)(int)`, `Type::name(int)`.
"""

from __future__ import annotations

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

MAX_DECLARATORS = 50
"""How deep a name may stand."""


def read(node: Node, scope: Scope, data: bytes) -> Found:
    """What `node` defines, and the scopes in it."""
    whole, first_byte = node, node.start_byte
    while node.type == "template_declaration" and node.named_child_count:
        node = node.named_children[-1]
    for item in _read(node, scope, data):
        if isinstance(item, Declared) and item.whole == node != whole:
            yield replace(item, whole=whole, start_byte=first_byte)
        else:
            yield item


def _read(node: Node, scope: Scope, data: bytes) -> Found:
    match node.type:
        case "function_definition" | "declaration" | "field_declaration":
            yield from _type(node.child_by_field_name("type"), scope, data)
            yield from _declaration(node, scope, data)
        case "type_definition":
            yield from _typedef(node, scope, data)
        case kind if kind in _KINDS:
            yield from _type(node, scope, data)
        case "enumerator":
            name = text_of(node.child_by_field_name("name"), data)
            yield from plain(name, "member", scope, node)
        case "alias_declaration" | "concept_definition":
            yield from plain(text_of(node.child_by_field_name("name"), data), "type", scope, node)
        case "preproc_def" | "preproc_function_def":
            yield from _macro(node, data)
        case "namespace_definition":
            name = text_of(node.child_by_field_name("name"), data).replace("::", ".")
            body = node.child_by_field_name("body")
            if body:
                container = join(scope.container, name) if name else scope.container
                yield Scope(body, container, "module")
        case kind if kind in _GROUPS:
            yield scope.inside(node)


def _type(
    node: Node | None, scope: Scope, data: bytes, name: str = "", whole: Node | None = None
) -> Found:
    """A struct, class, union or enum that is defined here; one without a name is its fields."""
    kind = _KINDS.get(node.type) if node else None
    body = node.child_by_field_name("body") if node else None
    if node is None or kind is None or body is None:
        return
    if name or node.child_by_field_name("name"):
        yield from bodied(node, kind, scope, data, name=name, whole=whole)
    else:
        yield Scope(body, scope.container, kind)


def _typedef(node: Node, scope: Scope, data: bytes) -> Found:
    of = node.child_by_field_name("type")
    names = [text_of(_name(each)[0], data) for each in node.children_by_field_name("declarator")]
    defines = of is not None and of.type in _KINDS and of.child_by_field_name("body") is not None
    if of and defines and of.child_by_field_name("name") is None and names and names[0]:
        # `typedef struct { ... } name;`: the members are those of the name.
        for item in _type(of, scope, data, name=names[0], whole=node):
            if isinstance(item, Declared):
                tag = text_of(of.child(0), data)
                item = replace(item, prefix=f"typedef {tag} {names[0]}", end_byte=item.start_byte)
            yield item
        return
    yield from _type(of, scope, data)
    for name in names:
        for item in plain(name, "type", scope, node):
            yield item


def _declaration(node: Node, scope: Scope, data: bytes) -> Found:
    in_type = scope.kind in TYPES
    body = node.child_by_field_name("body")
    for declarator in node.children_by_field_name("declarator"):
        name_node, function = _name(declarator)
        name, container = _qualified(text_of(name_node, data), scope)
        if not name:
            continue
        kind: Kind = "field" if in_type else "variable"
        if function:
            kind = "method" if in_type or container != scope.container else "function"
        yield Declared(
            name,
            kind,
            container,
            node,
            node.start_byte,
            declarator.end_byte if function and body else node.end_byte,
            parameters=function.child_by_field_name("parameters") if function else None,
            once=function is None,
        )


def _name(declarator: Node) -> tuple[Node | None, Node | None]:
    """The node of the name, and the function that it is the name of, if it is one."""
    function: Node | None = None
    node: Node | None = declarator
    for _ in range(MAX_DECLARATORS):
        if node is None or node.type in _NAMES:
            return node, function
        if node.type == "function_declarator":
            function = node
        elif node.type == "parenthesized_declarator":
            function = None  # `(*name)(int)` is a variable
        node = node.child_by_field_name("declarator") or (
            node.named_child(node.named_child_count - 1) if node.named_child_count else None
        )
    return None, None


def _qualified(name: str, scope: Scope) -> tuple[str, str]:
    """`Type::name` is in the container `Type`."""
    *owners, last = name.split("::")
    for owner in owners:
        scope = Scope(scope.node, join(scope.container, owner.partition("<")[0].strip()))
    return last.strip(), scope.container


def _macro(node: Node, data: bytes) -> Found:
    name = text_of(node.child_by_field_name("name"), data)
    has_value = node.child_by_field_name("value") is not None
    if has_value or node.type == "preproc_function_def":  # else it guards a header
        for item in plain(name, "macro", Scope(node), node):
            if isinstance(item, Declared):
                yield replace(item, parameters=node.child_by_field_name("parameters"))


_KINDS: dict[str, Kind] = {
    "class_specifier": "class",
    "enum_specifier": "enum",
    "struct_specifier": "struct",
    "union_specifier": "struct",
}
_GROUPS = frozenset(
    (
        "ERROR",
        "declaration_list",
        "linkage_specification",
        "preproc_elif",
        "preproc_elifdef",
        "preproc_else",
        "preproc_if",
        "preproc_ifdef",
    )
)
_NAMES = frozenset(
    (
        "destructor_name",
        "field_identifier",
        "identifier",
        "operator_name",
        "qualified_identifier",
        "type_identifier",
    )
)
