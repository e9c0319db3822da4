"""What a stretch of code names that doesn't exist: a suggestion, or lines that stand there.

Only what is certain counts as a fault. Names are looked for in the scopes around, attributes and
arguments where the type or function is known with all its bases (`expressions`). What the
stretch itself defines exists. A text that has errors elsewhere is not judged by its names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from lsp_server.core.definitions.base import text_of
from lsp_server.core.query import captures
from lsp_server.core.scopes import Scopes, builtin_names
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode
from lsp_server.workspace.expressions import ALWAYS, ATTRIBUTES, Callee, Expressions, Outline

JUDGED = frozenset(("javascript", "python", "tsx", "typescript"))
"""Grammars whose names are known well enough."""

Sort = Literal["name", "attribute", "keyword", "extra", "missing"]
"""`keyword` is an argument's name; `extra` and `missing` are arguments too many and too few."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that can't be right."""

    start: int
    """Byte of the text at which the word or argument begins; of `missing` ones, the bracket."""
    sort: Sort
    legal: tuple[str, ...] = ()
    """Names that may stand there; empty if another name would not help."""
    missing: tuple[str, ...] = ()
    """The parameters that get no argument, in their order."""


def first_fault(syntax: Syntax, start: int, end: int, outline: Outline) -> Fault | None:
    """The first fault of what stands from byte `start` to `end` of a text, if that parses."""
    found = faults(syntax, start, end, outline)
    return min(found, key=lambda fault: fault.start, default=None)


def faults(syntax: Syntax, start: int, end: int, outline: Outline) -> list[Fault]:
    """All faults of what stands from byte `start` to `end` of a text, if that parses."""
    if syntax.grammar not in JUDGED or syntax.tree.root_node.has_error:
        return []
    judge = _Judge(syntax, start, end, Expressions(syntax, outline))
    return [fault for node in _touched(syntax, start, end) if (fault := judge.fault(node))]


class _Judge:
    def __init__(self, syntax: Syntax, start: int, end: int, expressions: Expressions) -> None:
        self._syntax = syntax
        self._outside = syntax.data[:start] + b"\n" + syntax.data[end:]
        self._inside = syntax.data[start:end]
        self._start, self._end = start, end
        self._expressions = expressions

    def fault(self, node: Node) -> Fault | None:
        """What is wrong with a node that the stretch touches, its children apart."""
        kind = node.type
        if kind in ("identifier", "property_identifier") and _is_attribute(node):
            return self._attribute(node)
        if kind in ("identifier", "type_identifier", "shorthand_property_identifier"):
            return self._name(node)
        if kind == "call":  # of Python; parameters of other languages are not judged
            return self._call(node)
        return None

    def _name(self, node: Node) -> Fault | None:
        visible = _others(node, self._syntax, self._expressions.scopes)
        if visible is None:
            return None
        constants = _CONSTANTS[self._syntax.grammar == "python"]
        return Fault(node.start_byte, "name", _sorted(visible, constants))

    def _attribute(self, node: Node) -> Fault | None:
        parent = node.parent
        inner = parent and parent.child_by_field_name("object")
        name = text_of(node, self._syntax.data)
        if inner is None or (name.startswith("__") and name.endswith("__")):
            return None
        around = parent and parent.parent
        if around is not None and around.child_by_field_name("left") == parent:
            return None  # it is made here
        if name in ALWAYS[self._syntax.grammar == "python"]:
            return None
        owner = self._expressions.meaning(inner)
        members = owner and self._expressions.members(owner)
        if not owner or not members or name in members.symbols or self._is_set(name):
            return None
        if self._expressions.may_have(owner, name) or self._expressions.has_submodule(owner, name):
            return None
        for path in members.paths:
            if self._expressions.is_own(path):
                if re.search(rb"\.\s*" + re.escape(encode(name)) + rb"\b", self._outside):
                    return None
            elif self._expressions.mentions(path, name):
                return None
        return Fault(node.start_byte, "attribute", _sorted(members.symbols))

    def _is_set(self, name: str) -> bool:
        """Whether the stretch itself makes an attribute of that name."""
        pattern = rb"\.\s*" + re.escape(encode(name)) + rb"\s*(?::[^=\n]*)?=(?!=)"
        return re.search(pattern, self._inside) is not None

    def _call(self, node: Node) -> Fault | None:
        arguments = node.child_by_field_name("arguments")
        function = node.child_by_field_name("function")
        if arguments is None or function is None or arguments.type != "argument_list":
            return None
        callee = self._expressions.callee(function)
        return None if callee is None else self._arguments(arguments, Parameters.of(callee))

    def _arguments(self, arguments: Node, parameters: Parameters) -> Fault | None:
        given = [each for each in arguments.named_children if each.type != "comment"]
        if any(each.type in ("dictionary_splat", "list_splat") for each in given):
            return None
        names = [
            (name, text_of(name, self._syntax.data))
            for each in given
            if each.type == "keyword_argument" and (name := each.child_by_field_name("name"))
        ]
        used = {text for _, text in names}
        for node, text in names:
            if text not in parameters.by_name and not parameters.takes_any_name:
                legal = _sorted(set(parameters.by_name) - used)
                return Fault(node.start_byte, "keyword", legal) if self._is_new(node) else None
        plain = given[: len(given) - len(names)]
        if len(plain) > len(parameters.by_place) and not parameters.takes_any_number:
            extra = plain[len(parameters.by_place)]
            comma = extra.prev_sibling  # behind it another argument would follow
            where = comma if comma is not None and comma.type == "," else extra
            return Fault(where.start_byte, "extra") if self._is_new(where) else None
        missing = parameters.required - set(parameters.by_place[: len(plain)]) - used
        closing = arguments.children[-1] if arguments.child_count else None
        if missing and closing is not None and self._is_new(closing):
            ordered = tuple(name for name in parameters.names if name in missing)
            return Fault(closing.start_byte, "missing", missing=ordered)
        return None

    def _is_new(self, node: Node) -> bool:
        return self._start <= node.start_byte < self._end


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of a function of Python."""

    names: list[str]
    """Of all, in their order."""
    by_place: list[str]
    by_name: list[str]
    required: set[str]
    takes_any_number: bool
    takes_any_name: bool

    @classmethod
    def of(cls, callee: Callee) -> Parameters:
        """Of what a call calls, without the one that is given already."""
        names: list[str] = []
        by_place: list[str] = []
        by_name: list[str] = []
        required: set[str] = set()
        any_number = any_name = named_only = False
        parameters = callee.symbol.parameters
        for written in parameters[1:] if callee.is_bound else parameters:
            name = re.split(r"[:=\s]", written.lstrip("*"), maxsplit=1)[0]
            if written.startswith("**"):
                any_name = True
            elif written.startswith("*"):
                any_number, named_only = any_number or bool(name), True
            elif written == "/":
                by_name.clear()
            else:
                names.append(name)
                by_name.append(name)
                if not named_only:
                    by_place.append(name)
                if "=" not in written:
                    required.add(name)
        return cls(names, by_place, by_name, required, any_number, any_name)


def _touched(syntax: Syntax, start: int, end: int) -> Iterator[Node]:
    """The nodes of which a part stands from `start` to `end`."""
    cursor = syntax.tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        if node.end_byte > start and node.start_byte < end:
            yield node
            if cursor.goto_first_child_for_byte(start) is not None:
                continue
        while node.start_byte >= end or not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            node = cursor.node
            assert node is not None


def _is_attribute(node: Node) -> bool:
    parent = node.parent
    field = ATTRIBUTES.get(parent.type) if parent else None
    return field is not None and parent is not None and parent.child_by_field_name(field) == node


def unbound(syntax: Syntax) -> set[str]:
    """Names that code reads and nothing binds, as far as that can be told from the file alone."""
    if syntax.grammar not in JUDGED:
        return set()
    scopes = Scopes(syntax)
    nodes = captures(syntax, "(identifier) @name").get("name", [])
    return {
        text_of(node, syntax.data)
        for node in nodes
        if not _is_attribute(node) and _others(node, syntax, scopes) is not None
    }


def _others(node: Node, syntax: Syntax, scopes: Scopes) -> Collection[str] | None:
    """The names that are visible where an identifier stands, if it is none of them, and a use."""
    if _is_no_use(node):
        return None
    visible, name = scopes.visible(node), text_of(node, syntax.data)
    if visible is None or name in visible or name in builtin_names(syntax.grammar):
        return None
    return visible


def _is_no_use(node: Node) -> bool:
    """Whether an identifier names something that is elsewhere, or nothing."""
    parent = node.parent
    if parent is None or parent.type in _NO_USES:
        return True
    if _is_in_enum(parent):
        return True
    if parent.type in ("keyword_argument", "import_specifier"):
        return parent.child_by_field_name("name") == node
    return parent.type.startswith("jsx_") and (node.text or b"")[:1].islower()  # of HTML


def _is_in_enum(node: Node | None) -> bool:
    """Whether an enum of TypeScript is around, whose members name each other."""
    while node is not None and node.type not in _STATEMENTS:
        if node.type == "enum_body":
            return True
        node = node.parent
    return False


def _sorted(names: Iterable[str], more: Iterable[str] = ()) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*sorted(names), *sorted(more)]))


_STATEMENTS = frozenset(("expression_statement", "lexical_declaration", "return_statement"))
_CONSTANTS = (("false", "null", "this", "true", "undefined"), ("False", "None", "True"))
"""Of JavaScript, and of Python: what may stand where a name was made up."""
_NO_USES = frozenset(
    (
        "dotted_name", "export_specifier", "import_from_statement", "nested_identifier",
        "nested_type_identifier", "meta_property", "labeled_statement",
    )
)  # fmt: skip
