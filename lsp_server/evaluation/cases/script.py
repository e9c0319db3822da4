"""What modules of JavaScript and TypeScript define, import and bind."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from tree_sitter import Node

from lsp_server.evaluation.cases.entities import (
    Code,
    Entity,
    Import,
    Names,
    Rules,
    by_name,
    note,
    reference,
    walk,
)

_FUNCTIONS = frozenset(
    (
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    )
)
_CLASSES = frozenset(("abstract_class_declaration", "class", "class_declaration"))
_CLOSED = _FUNCTIONS | _CLASSES
_TYPES = frozenset(("interface_declaration", "type_alias_declaration"))
_MEMBERS = frozenset(
    (
        "enum_assignment",
        "field_definition",
        "method_definition",
        "method_signature",
        "abstract_method_signature",
        "pair",
        "property_signature",
        "public_field_definition",
    )
)


def define(code: Code) -> dict[str, Entity]:
    """Functions, classes, interfaces, enumerations and variables at the top level."""
    return by_name(entity for node in code.root.named_children for entity in _top(code, node))


def _top(code: Code, node: Node) -> Iterator[Entity]:
    if node.type == "export_statement":
        declared = node.child_by_field_name("declaration") or node.child_by_field_name("value")
        if declared:
            yield from _top(code, declared)
        return
    name = node.child_by_field_name("name")
    if node.type in ("lexical_declaration", "variable_declaration"):
        for declarator in node.named_children:
            yield from _variable(code, declarator)
    elif name and node.type in _CLASSES | _TYPES | _FUNCTIONS | {"enum_declaration"}:
        is_class = node.type in _CLASSES
        body = node.child_by_field_name("body") or node.child_by_field_name("value")
        holds = node.type not in _FUNCTIONS
        yield Entity(
            code.of(name),
            name.start_point.row,
            called=is_class or not holds,
            members=by_name(_members(code, body)) if holds and body else {},
            bases=tuple(_bases(code, node)) if holds else (),
            type=reference(code.of(node.child_by_field_name("return_type"))),
            is_class=holds,
        )


def _variable(code: Code, declarator: Node) -> Iterator[Entity]:
    name = declarator.child_by_field_name("name")
    value = declarator.child_by_field_name("value")
    if name is None or name.type != "identifier":
        return
    while value and value.type in ("as_expression", "satisfies_expression"):
        value = value.named_children[0]
    is_object = value is not None and value.type == "object"
    yield Entity(
        code.of(name),
        name.start_point.row,
        called=value is not None and value.type in _FUNCTIONS,
        members=by_name(_members(code, value)) if value and is_object else {},
        type=reference(code.of(declarator.child_by_field_name("type"))) or _made(code, value),
        is_class=is_object,
    )


def _members(code: Code, body: Node) -> Iterator[Entity]:
    for node in body.named_children:
        name = node
        if node.type in _MEMBERS:
            name = _field(node, "name", "property", "key") or node
        elif node.type not in ("property_identifier", "shorthand_property_identifier"):
            continue
        typed = node.child_by_field_name("type") or node.child_by_field_name("return_type")
        known = reference(code.of(typed)) or _made(code, node.child_by_field_name("value"))
        called = node.type.startswith(("method", "abstract_method"))
        yield Entity(code.of(name), name.start_point.row, called=called, type=known)
        if code.of(name) == "constructor":
            yield from _constructed(code, node)


def _constructed(code: Code, constructor: Node) -> Iterator[Entity]:
    """What a constructor defines: parameters with a modifier, and what it assigns to `this`."""
    bound = bind(code, constructor)
    for node in walk(constructor, _CLOSED):
        name = node.child_by_field_name("pattern")
        if name and any(child.type == "accessibility_modifier" for child in node.children):
            yield Entity(code.of(name), name.start_point.row, type=bound.get(code.of(name), ""))
        left = node.child_by_field_name("left")
        if left and node.type == "assignment_expression" and left.type == "member_expression":
            owner, _, text = code.of(left).partition(".")
            right = node.child_by_field_name("right")
            if owner == "this" and "." not in text:
                known = _made(code, right) or bound.get(code.of(right), "")
                yield Entity(text, left.end_point.row, type=known)


def _bases(code: Code, node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type in ("class_heritage", "extends_type_clause"):
            for inner in walk(child):
                if inner.type in ("identifier", "type_identifier"):
                    yield code.of(inner)
                    break


def _made(code: Code, value: Node | None) -> str:
    """A reference to what `new Name(...)`, `name(...)` or `await name(...)` gives."""
    while value and value.type == "await_expression":
        value = value.named_children[0]
    made = _field(value, "constructor", "function") if value else None
    return f"{code.of(made)}()" if made and made.type == "identifier" else ""


def _field(node: Node, *fields: str) -> Node | None:
    found = (node.child_by_field_name(name) for name in fields)
    return next((child for child in found if child), None)


def imported(code: Code) -> dict[str, Import]:
    """What import statements bind."""
    found: dict[str, Import] = {}
    for node in code.root.named_children:
        if node.type != "import_statement":
            continue
        module = code.of(node.child_by_field_name("source")).strip("\"'")
        for item in walk(node):
            if item.type == "import_specifier":
                name = code.of(item.child_by_field_name("name"))
                found[code.of(item.child_by_field_name("alias")) or name] = Import(module, name)
            elif item.type == "namespace_import":
                found[code.of(item.named_children[-1])] = Import(module)
            elif item.type == "identifier" and item.parent and item.parent.type == "import_clause":
                found[code.of(item)] = Import(module, "default")
    return found


def exported(code: Code) -> dict[str, Import]:
    """Re-exports, names given in an export, and the default export."""
    found: dict[str, Import] = {}
    for node in code.root.named_children:
        if node.type != "export_statement":
            continue
        module = code.of(node.child_by_field_name("source")).strip("\"'")
        words = [child.type for child in node.children]
        if "*" in words and module:
            earlier = found.get("*", Import("")).module
            found["*"] = Import(f"{earlier}\n{module}".strip())
        if "default" in words:
            value = node.child_by_field_name("value") or node.child_by_field_name("declaration")
            named = value.child_by_field_name("name") if value else None
            found["default"] = Import("", code.of(named or value))
        for item in walk(node, _CLOSED):
            if item.type == "export_specifier":
                name = code.of(item.child_by_field_name("name"))
                found[code.of(item.child_by_field_name("alias")) or name] = Import(module, name)
    return found


def bind(code: Code, function: Node) -> dict[str, str]:
    """Parameters, and what the body declares."""
    bound: dict[str, str] = {}
    single = function.child_by_field_name("parameter")
    parameters = function.child_by_field_name("parameters")
    for parameter in [single] if single else parameters.named_children if parameters else []:
        name = _field(parameter, "pattern", "left") or parameter
        typed = reference(code.of(parameter.child_by_field_name("type")))
        _note_pattern(code, bound, name, typed)
    for node in walk(function, _CLOSED):
        if node.type == "variable_declarator":
            typed = reference(code.of(node.child_by_field_name("type")))
            known = typed or _made(code, node.child_by_field_name("value"))
            _note_pattern(code, bound, node.child_by_field_name("name"), known)
        elif node.type in ("for_in_statement", "catch_clause"):
            _note_pattern(code, bound, _field(node, "left", "parameter"), "")
    return bound


def _note_pattern(code: Code, bound: dict[str, str], pattern: Node | None, known: str) -> None:
    for leaf in walk(pattern) if pattern else ():
        if leaf.type in ("identifier", "shorthand_property_identifier_pattern"):
            note(bound, code.of(leaf), known if leaf == pattern else "")


def locate(module: str, path: str, paths: frozenset[str]) -> str | None:
    """Find the file of a relative module; `.js` may stand for a file of TypeScript."""
    if not module.startswith("."):
        return None
    stem = posixpath.normpath(posixpath.join(posixpath.dirname(path), module))
    bare = stem.removesuffix(".js").removesuffix(".mjs")
    suffixes = (".ts", ".tsx", ".js", ".mjs", "/index.ts", "/index.js", ".jsx", "/index.tsx")
    return next((p for p in (stem, *(bare + end for end in suffixes)) if p in paths), None)


RULES = Rules(
    calls={"call_expression": "function", "new_expression": "constructor"},
    blocks=frozenset(("statement_block",)),
    strings=frozenset(("string", "template_string", "regex")),
    imports=frozenset(("import_statement",)),
    names=Names(
        functions=_FUNCTIONS,
        classes=_CLASSES,
        members={"member_expression": ("object", "property")},
        this=frozenset(("this",)),
        define=define,
        imported=imported,
        exported=exported,
        bind=bind,
        locate=locate,
    ),
)
