"""What types a function of Python or TypeScript gives its parameters and its result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.core.definitions.base import text_of
from lsp_server.core.syntax import Syntax

TYPED = frozenset(("python", "tsx", "typescript"))
"""Grammars of languages in which types are written, but need not be."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Of a function."""

    name: str
    """As written, without white space: `a`, `*args`, `{b,c}`."""
    at: int
    """The byte where its type begins, if it gets one."""
    type: Node | None
    """Without the colon of Python; with that of TypeScript."""
    value: Node | None
    """What it is by default."""
    is_open: bool
    """It has no type, and nothing else tells it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """From the bracket before the parameters to the end of the result's type."""

    syntax: Syntax
    function: Node
    start: int
    end: int
    parameters: tuple[Parameter, ...]
    result: Node | None
    result_at: int
    """The byte where the result's type begins, if it gets one."""
    is_open: bool
    """The result has no type, and needs one."""

    @classmethod
    def of(cls, syntax: Syntax, function: Node) -> Signature | None:
        """None if the parameters have no brackets, or the language has no such types."""
        listed = function.child_by_field_name("parameters")
        if listed is None or syntax.grammar not in TYPED:
            return None
        result = function.child_by_field_name("return_type")
        read = _python if syntax.grammar == "python" else _script
        return cls(
            syntax,
            function,
            listed.start_byte,
            result.end_byte if result else listed.end_byte,
            tuple(read(function, listed, syntax.data)),
            result,
            listed.end_byte,
            result is None and syntax.grammar == "python",
        )

    def lacks_types(self) -> bool:
        """Whether there is something to be typed."""
        return self.is_open or any(each.is_open for each in self.parameters)

    def untyped(self) -> list[bytes]:
        """The words and signs of the function with no types of parameters and result."""
        found: list[bytes] = []
        waiting: list[tuple[Node, bool]] = [(self.function, True)]
        while waiting:
            node, may_be_typed = waiting.pop()
            if not node.child_count:
                found.append(self.syntax.data[node.start_byte : node.end_byte])
                continue
            inner: list[tuple[Node, bool]] = []
            for number, child in enumerate(node.children):
                field = node.field_name_for_child(number)
                if may_be_typed and field in ("type", "return_type"):
                    if self.syntax.grammar == "python":
                        inner.pop()  # the colon or the arrow
                    continue
                listed = field == "parameters" and node == self.function
                is_parameter = node.type in _LISTS and may_be_typed
                inner.append((child, listed or is_parameter))
            waiting += reversed(inner)
        return found


def _python(function: Node, listed: Node, data: bytes) -> Iterator[Parameter]:
    for number, node in enumerate(listed.named_children):
        if node.type not in _PARAMETERS:  # `/`, `*`, a comment
            continue
        typed = node.child_by_field_name("type")
        named = node.child_by_field_name("name") or node
        if node.type == "typed_parameter":
            named = node.named_children[0]
        value = node.child_by_field_name("value")
        name = _squeezed(named, data)
        is_self = number == 0 and name in _SELVES and _in_class(function)
        yield Parameter(name, named.end_byte, typed, value, typed is None and not is_self)


def _script(_: Node, listed: Node, data: bytes) -> Iterator[Parameter]:
    for node in listed.named_children:
        named = node.child_by_field_name("pattern")
        if named is None:
            continue
        mark = next((child for child in node.children if child.type == "?"), named)
        typed = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        is_open = typed is None and value is None and named.type != "this"
        yield Parameter(_squeezed(named, data), mark.end_byte, typed, value, is_open)


def _in_class(function: Node) -> bool:
    around = function.parent
    while around is not None and around.type in ("block", "decorated_definition"):
        around = around.parent
    return around is not None and around.type == "class_definition"


def _squeezed(node: Node, data: bytes) -> str:
    return "".join(text_of(node, data).split())


_PARAMETERS = frozenset(
    (
        "default_parameter", "dictionary_splat_pattern", "identifier", "list_splat_pattern",
        "typed_default_parameter", "typed_parameter",
    )
)  # fmt: skip
_LISTS = frozenset(("formal_parameters", "parameters"))
_SELVES = frozenset(("cls", "mcs", "self"))
