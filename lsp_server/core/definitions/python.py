"""What Python code defines."""

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
    plain,
    text_of,
)


def read(node: Node, scope: Scope, data: bytes) -> Found:
    """What `node` defines, and the scopes in it."""
    whole, decorators = node, ""
    if node.type == "decorated_definition":
        inner = node.child_by_field_name("definition")
        if inner is None:
            return
        decorators = data[node.start_byte : inner.start_byte].decode(errors="replace")
        node = inner
    if node.type == "expression_statement":
        yield from _assignment(node, scope, data)
    elif node.type in _GROUPS:
        yield scope.inside(node)
    elif scope.kind == CONSTRUCTOR:
        return
    elif node.type == "function_definition":
        yield from _function(node, whole, decorators, scope, data)
    elif node.type == "class_definition":
        end = node.child_by_field_name("superclasses") or node.child_by_field_name("name")
        for item in bodied(node, "class", scope, data, whole=whole):
            yield _headed(item, end) if isinstance(item, Declared) else item
    elif node.type == "type_alias_statement":
        name = re.match(r"\w+", text_of(node.child_by_field_name("left"), data))
        yield from plain(name[0] if name else "", "type", scope, node)


def _function(node: Node, whole: Node, decorators: str, scope: Scope, data: bytes) -> Found:
    in_class = scope.kind == "class"
    is_property = in_class and _PROPERTY.search(decorators) is not None
    kind: Kind = "field" if is_property else "method" if in_class else "function"
    shown = _SHOWN_DECORATOR.search(decorators) if in_class else None
    end = node.child_by_field_name("return_type") or node.child_by_field_name("parameters")
    for item in bodied(node, kind, scope, data, whole=whole):
        if not isinstance(item, Declared):
            continue
        prefix = f"@{shown[1]} " if shown else ""
        yield replace(_headed(item, end), prefix=prefix, once=is_property)
        if item.body and in_class and item.name in _CONSTRUCTORS:
            yield Scope(item.body, scope.container, CONSTRUCTOR)


def _headed(item: Declared, end: Node | None) -> Declared:
    """The same with a header that ends with a node, before a colon and comments."""
    return replace(item, end_byte=end.end_byte) if end else item


def _assignment(node: Node, scope: Scope, data: bytes) -> Found:
    assignment = node.named_child(0)
    left = assignment.child_by_field_name("left") if assignment else None
    if assignment is None or left is None or assignment.type != "assignment":
        return
    annotation = text_of(assignment.child_by_field_name("type"), data)
    for target in left.named_children if left.type in _SEVERAL else [left]:
        name = text_of(target, data)
        if scope.kind == CONSTRUCTOR:
            if not name.startswith("self."):
                continue
            name = name[len("self.") :]
        constant = name.isupper() or _FINAL.match(annotation) is not None
        kind: Kind = "field" if scope.kind else "constant" if constant else "variable"
        if name.isidentifier():
            yield from plain(name, kind, scope, assignment)


_GROUPS = frozenset(
    (
        "ERROR",
        "block",
        "elif_clause",
        "else_clause",
        "except_clause",
        "finally_clause",
        "for_statement",
        "if_statement",
        "try_statement",
        "with_statement",
    )
)
_SEVERAL = ("pattern_list", "tuple_pattern")
_CONSTRUCTORS = ("__init__", "__post_init__")
_PROPERTY = re.compile(r"@\s*([\w.]*property|[\w.]+\.setter)\b")
_SHOWN_DECORATOR = re.compile(r"@\s*(?:\w+\.)?(\w*property|staticmethod|classmethod)\b")
_FINAL = re.compile(r"(typing\.)?Final\b")
