"""What readers of all grammars share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

Kind = Literal[
    "class",
    "constant",
    "enum",
    "field",
    "function",
    "interface",
    "macro",
    "member",
    "method",
    "module",
    "struct",
    "trait",
    "type",
    "variable",
]
"""`field` is a type's attribute or property, `member` one of an enum's values, `module` a
namespace."""

CONSTRUCTOR = "constructor"
"""The kind of scope that a constructor's body is: only attributes that it sets count."""

TYPES = frozenset(("class", "enum", "interface", "struct", "trait", "type"))
"""Kinds that have members."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A node in whose children definitions stand."""

    node: Node
    container: str = ""
    kind: str = ""
    """Kind of what it is the body of; empty at the top level."""
    comments: tuple[Node, ...] = ()
    """Above the node; they are about a definition in its first row."""

    def inside(self, node: Node) -> Scope:
        """A node that groups definitions of this scope."""
        return Scope(node, self.container, self.kind)


@dataclass(frozen=True, slots=True)
class Declared:
    """A definition found in the tree; its signature is `prefix` and the bytes of its header."""

    name: str
    kind: Kind
    container: str
    whole: Node
    """With decorators and other wrappers."""
    start_byte: int
    end_byte: int
    """Of the header."""
    prefix: str = ""
    parameters: Node | None = None
    body: Node | None = None
    once: bool = False
    """To be left out where the container has one of that name and kind already."""


Found = Iterator[Declared | Scope]
Reader = Callable[[Node, Scope, bytes], Found]


def text_of(node: Node | None, data: bytes) -> str:
    """The code of a node; empty if there is none."""
    return data[node.start_byte : node.end_byte].decode(errors="replace") if node else ""


def join(container: str, name: str) -> str:
    """The dotted path of a name in a container."""
    return f"{container}.{name}" if container else name


def bodied(
    node: Node, kind: Kind, scope: Scope, data: bytes, *, whole: Node | None = None, name: str = ""
) -> Found:
    """A definition with the usual fields `name`, `parameters` and `body`, and the scope in it."""
    called = name or text_of(node.child_by_field_name("name"), data)
    if not called:
        return
    body = node.child_by_field_name("body")
    yield Declared(
        called,
        kind,
        scope.container,
        whole or node,
        node.start_byte,
        body.start_byte if body else node.end_byte,
        parameters=node.child_by_field_name("parameters"),
        body=body,
    )
    if body and (kind in TYPES or kind == "module"):
        yield Scope(body, join(scope.container, called), kind)


def plain(name: str, kind: Kind, scope: Scope, node: Node, prefix: str = "") -> Found:
    """A definition without a body, whose header is all of it; nothing if it has no name."""
    if name:
        yield Declared(
            name, kind, scope.container, node, node.start_byte, node.end_byte, prefix, once=True
        )
