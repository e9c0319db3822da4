"""What Python modules define, import and bind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

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

_FUNCTIONS = frozenset(("function_definition", "lambda"))
_CLOSED = _FUNCTIONS | {"class_definition"}
_TARGETS = {
    "as_pattern": "alias",
    "assignment": "left",
    "for_in_clause": "left",
    "for_statement": "left",
    "named_expression": "name",
}
"""Nodes that bind names, and the field of the names."""


def define(code: Code) -> dict[str, Entity]:
    """Functions, classes and variables at the top level."""
    return by_name(_entities(code, code.root))


def _entities(code: Code, scope: Node) -> Iterator[Entity]:
    for child in scope.named_children:
        node = child.child_by_field_name("definition") or child
        name = node.child_by_field_name("name")
        if node.type == "function_definition" and name:
            returned = reference(code.of(node.child_by_field_name("return_type")))
            is_property = "property" in code.of(child).partition("def ")[0]
            yield Entity(code.of(name), name.start_point.row, called=not is_property, type=returned)
        elif node.type == "class_definition" and name:
            yield _class(code, node, name)
        elif node.type == "expression_statement" and node.named_child_count:
            yield from _variable(code, node.named_children[0], {})


def _class(code: Code, node: Node, name: Node) -> Entity:
    body = node.child_by_field_name("body")
    heritage = node.child_by_field_name("superclasses")
    bases = [base.child_by_field_name("value") or base for base in _named(heritage)]
    members = list(_entities(code, body)) if body else []
    for child in _named(body):
        method = child.child_by_field_name("definition") or child
        if method.type == "function_definition":
            bound = bind(code, method)
            for inner in walk(method, _CLOSED):
                members.extend(_variable(code, inner, bound, "self."))
    return Entity(
        code.of(name),
        name.start_point.row,
        called=True,
        members=by_name(members),
        bases=tuple(code.of(base) for base in bases if base.type == "identifier"),
        is_class=True,
    )


def _variable(code: Code, node: Node, bound: dict[str, str], owner: str = "") -> Iterator[Entity]:
    """What an assignment defines: a name, or with an owner an attribute of it."""
    left = node.child_by_field_name("left") if node.type == "assignment" else None
    if left is None or left.type != ("attribute" if owner else "identifier"):
        return
    text = code.of(left)
    if text.startswith(owner) and "." not in text[len(owner) :]:
        right = node.child_by_field_name("right")
        annotated = reference(code.of(node.child_by_field_name("type")))
        known = annotated or _made(code, right) or bound.get(code.of(right), "")
        yield Entity(text[len(owner) :], left.end_point.row, type=known)


def _made(code: Code, value: Node | None) -> str:
    """A reference to what a call of a plain name gives."""
    called = value.child_by_field_name("function") if value and value.type == "call" else None
    return f"{code.of(called)}()" if called and called.type == "identifier" else ""


def _named(node: Node | None) -> list[Node]:
    return node.named_children if node else []


def imported(code: Code) -> dict[str, Import]:
    """What `from ... import` binds in the whole file, and `import ... as`."""
    found: dict[str, Import] = {}
    for node in walk(code.root):
        if node.type not in ("import_from_statement", "import_statement"):
            continue
        module = code.of(node.child_by_field_name("module_name"))
        for item in node.children_by_field_name("name"):
            name = code.of(item.child_by_field_name("name") or item)
            local = code.of(item.child_by_field_name("alias")) or name
            if module:
                found[local] = Import(module, name)
            elif "." not in local:
                found[local] = Import(name)
    return found


def exported(_code: Code) -> dict[str, Import]:
    """Nothing: what a module of Python imports can be imported from it by the same name."""
    return {}


def bind(code: Code, function: Node) -> dict[str, str]:
    """Parameters, and what the body assigns."""
    bound: dict[str, str] = {}
    for parameter in _named(function.child_by_field_name("parameters")):
        name = parameter.child_by_field_name("name") or parameter
        if name is parameter and parameter.named_child_count:
            name = parameter.named_children[0]
        note(bound, code.of(name), reference(code.of(parameter.child_by_field_name("type"))))
    for node in walk(function, _CLOSED):
        target = _TARGETS.get(node.type)
        left = node.child_by_field_name(target) if target else None
        if left is None or left.type in ("attribute", "subscript"):
            continue
        known = ""
        if node.type == "assignment":
            annotated = reference(code.of(node.child_by_field_name("type")))
            known = annotated or _made(code, node.child_by_field_name("right"))
        for leaf in walk(left):
            if leaf.type == "identifier":
                note(bound, code.of(leaf), known if leaf == left else "")
    return bound


def locate(module: str, path: str, paths: frozenset[str]) -> str | None:
    """Find the file of a module: relative to the importing file, or from a folder around it.

    That is the outermost folder, or one that is in no package, such as `src`.
    """
    name = module.lstrip(".")
    up = len(module) - len(name)
    folders = PurePosixPath(path).parents
    if up:
        bases = [folders[up - 1]] if up <= len(folders) else []
    else:
        outside = [each for each in folders if f"{each}/__init__.py" not in paths]
        bases = [folders[-1], PurePosixPath("src"), *outside]
    for base in bases:
        stem = base.joinpath(*filter(None, name.split("."))).as_posix()
        for found in (f"{stem}.py", f"{stem}/__init__.py".removeprefix("./")):
            if found in paths:
                return found
    return None


RULES = Rules(
    calls={"call": "function"},
    blocks=frozenset(("block",)),
    strings=frozenset(("string", "concatenated_string")),
    imports=frozenset(("import_statement", "import_from_statement", "future_import_statement")),
    names=Names(
        functions=_FUNCTIONS,
        classes=frozenset(("class_definition",)),
        members={"attribute": ("object", "attribute")},
        this=frozenset(("self",)),
        define=define,
        imported=imported,
        exported=exported,
        bind=bind,
        locate=locate,
    ),
)
