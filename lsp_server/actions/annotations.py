"""Which of the types that a model gives are put into a function: those that are types, of things
that exist or can be imported.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tree_sitter import Node

from lsp_server.actions.action import Edit, Request
from lsp_server.actions.fixes.importing import all_added
from lsp_server.actions.fixes.origins import origins
from lsp_server.actions.imported import postpones_types, statement_at
from lsp_server.actions.returned import may_return
from lsp_server.actions.rewritten import same_node
from lsp_server.actions.signatures import Signature
from lsp_server.actions.verify import edited
from lsp_server.core.definitions.base import text_of
from lsp_server.core.imports import Import
from lsp_server.core.scopes import Scopes, builtin_names
from lsp_server.core.symbols import Symbol
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.faults import faults

_Use = Literal["owner", "text", "type"]
"""`owner`: what is before a dot; `text`: a type in quotes."""


class Unusable(Exception):
    """Of what a model gave is nothing left. Says why, as a sentence for it."""


def typed(request: Request, before: Signature, given: Signature) -> tuple[Edit, ...]:
    """The edits that put the types of `given` into `before`, and import what they name.

    `given`: of the same text with another header. Raises Unusable.
    """
    types = _Types(request, before, given)
    edits = tuple(types.edits())
    if not edits:
        raise Unusable(types.reason or "It has no types.")
    if not _is_same(before, edits):
        raise Unusable("With these types it is other code.")
    imports = all_added(before.syntax, types.imports)
    if imports is not None and imports.end > before.function.start_byte:
        raise Unusable("It names what is not imported above.")
    return edits if imports is None else (imports, *edits)


@dataclass
class _Types:
    """Those that are usable, of one answer."""

    request: Request
    before: Signature
    given: Signature
    reason: str = ""
    """Why the last one that is not used isn't."""

    def __post_init__(self) -> None:
        self.imports: dict[Import, None] = {}

    def edits(self) -> Iterator[Edit]:
        """In their order."""
        by_name = {each.name: each for each in self.given.parameters}
        data, is_python = self.before.syntax.data, self._is_python
        for each in self.before.parameters:
            other = by_name.get(each.name)
            if not each.is_open or other is None or other.type is None:
                continue
            is_none = text_of(each.value, data) == "None"
            text = self._usable(other.type, is_none=is_none)
            if not text:
                continue
            if is_python and each.value is not None:
                yield Edit(each.at, each.value.start_byte, f": {text} = ")
            else:
                yield Edit(each.at, each.at, f": {text}")
        result, body = self.given.result, self.before.function.child_by_field_name("body")
        if self.before.is_open and result is not None and body is not None:
            if not may_return(body, text_of(result, self.given.syntax.data)):
                self.reason = "The type of the result does not fit."
            elif text := self._usable(result):
                yield Edit(self.before.result_at, self.before.result_at, f" -> {text}")

    def _usable(self, node: Node, *, is_none: bool = False) -> str:
        """A type as it is to be written; empty if it is of no use."""
        text = " ".join(text_of(node, self.given.syntax.data).removeprefix(":").split())
        if text in _SAYS_NOTHING:
            return ""
        wanted: list[Import] = []
        if not self._is_type(node) or not self._exists(node, wanted):
            return ""
        if self._is_python:
            if is_none and not _OPTIONAL.search(text):
                is_text = text[0] in "'\""
                text = f"{text[:-1]} | None{text[-1]}" if is_text else f"{text} | None"
            if self._is_late(node):
                if '"' in text or "'" in text:
                    return ""
                text = f'"{text}"'
        self.imports.update(dict.fromkeys(wanted))
        return text

    def _is_type(self, node: Node) -> bool:
        """Whether it is made of names and what joins types; TypeScript's grammar knows others."""
        if not self._is_python:
            return True
        for each in _below(node):
            if each.type in _IN_LITERALS and _in_literal(each, self.given.syntax.data):
                continue
            is_union = any(child.type == "|" for child in each.children)
            if (
                each.type not in _OF_TYPES
                or (each.type == "binary_operator" and not is_union)
                or (each.type == "list" and not _is_argument(each))
            ):
                self.reason = "It has types that are none."
                return False
        return True

    def _exists(self, node: Node, wanted: list[Import]) -> bool:
        """Whether all that a type names exists; what must be imported for that is `wanted`."""
        for name, use in _names(node, self.given.syntax.data):
            if not (self._is_known(name, use) or self._is_imported(name, use, wanted)):
                self.reason = f"Nothing defines the type {name}."
                return False
        return not any(node.start_byte <= at < node.end_byte for at in self._wrong_attributes)

    def _is_imported(self, name: str, use: _Use, wanted: list[Import]) -> bool:
        """Whether a name that is not there can be imported."""
        is_there = name in self._known or name in self._own
        if use == "text" or is_there or not (name[:1].isupper() or name in _TYPES):
            return False
        found, is_sure = origins(name, self.before.start, self.request)
        if is_sure and bool(found[0].name) == (use == "type"):
            wanted.append(found[0])
            return True
        return False

    def _is_known(self, name: str, use: _Use) -> bool:
        """Whether the file or the language has a name, and it may be that of a type."""
        if name in self._own:
            return self._own[name].kind not in _NO_TYPES
        if name in self._known:
            return use != "type" or name not in self._modules or not self._is_python
        if name in builtin_names(self._grammar):
            return not self._is_python or isinstance(getattr(builtins, name, None), type)
        return self._visible is None

    def _is_late(self, node: Node) -> bool:
        """Whether a type is not there yet when the function is made, so that it must be a text."""
        if postpones_types(self.before.syntax):
            return False
        row = self.before.function.start_point.row
        for name, use in _names(node, self.given.syntax.data):
            own = self._own.get(name)
            is_below = own is not None and own.last_row >= row
            if use != "text" and (is_below or name in self._only_checked):
                return True
        return False

    @property
    def _grammar(self) -> str:
        return self.before.syntax.grammar

    @property
    def _is_python(self) -> bool:
        return self._grammar == "python"

    @cached_property
    def _own(self) -> dict[str, Symbol]:
        """What the file itself defines at its top level."""
        symbols = self.request.outline().own_symbols
        return {each.name: each for each in symbols if not each.container}

    @cached_property
    def _visible(self) -> frozenset[str] | None:
        """What is known in all of the file. A function's own names are no types."""
        node = self.before.function
        while node.parent is not None and node.parent.parent is not None:
            node = node.parent
        return Scopes(self.before.syntax).visible(node)

    @property
    def _known(self) -> frozenset[str]:
        return self._visible or frozenset()

    @cached_property
    def _modules(self) -> frozenset[str]:
        """Modules that the file imports, as it names them."""
        items = self.request.outline().own_imports
        return frozenset(
            each.alias or each.module.partition(".")[0] for each in items if not each.name
        )

    @cached_property
    def _only_checked(self) -> frozenset[str]:
        """Names that are imported for type checkers only."""
        syntax, found = self.before.syntax, set[str]()
        for each in syntax.tree.root_node.named_children:
            block = each.child_by_field_name("consequence")
            condition = text_of(each.child_by_field_name("condition"), syntax.data)
            if block is None or not condition.endswith("TYPE_CHECKING"):
                continue
            for inner in block.named_children:
                statement = statement_at(syntax, inner.start_byte)
                found.update(entry.bound for entry in (statement.entries if statement else ()))
        return frozenset(found)

    @cached_property
    def _wrong_attributes(self) -> list[int]:
        """Where `given` takes from a module what it has not."""
        given, around = self.given, self.request.around
        outline = Outline.of(given.syntax, around.path, around.library)
        found = faults(given.syntax, given.start, given.end, outline)
        return [each.start for each in found if each.sort == "attribute"]


def _is_same(before: Signature, edits: tuple[Edit, ...]) -> bool:
    """Whether the function is the same code with the edits, but for types."""
    after = edited(before.syntax, edits)
    if after is None or after.tree.root_node.has_error:
        return False
    node = same_node(after, before.function)
    now = Signature.of(after, node) if node is not None else None
    return now is not None and now.untyped() == before.untyped()


def _names(node: Node, data: bytes) -> Iterator[tuple[str, _Use]]:
    """The names in a type, what stands behind a dot apart, and what they are used for."""
    for each in _below(node):
        parent, text = each.parent, text_of(each, data)
        if each.type in ("string_content", "string_fragment"):
            if not _in_literal(each, data):
                simple = _WORD.findall(text) if _SIMPLE.fullmatch(text) else [text]
                yield from ((word, "text") for word in simple)
        elif each.type == "type_identifier":
            if parent is None or parent.type != "nested_type_identifier":
                yield text, "type"
        elif each.type == "identifier" and parent is not None:
            if parent.type in _DOTTED:
                if parent.child_by_field_name(_DOTTED[parent.type]) == each:
                    yield text, "owner"
            elif parent.type not in ("required_parameter", "optional_parameter"):
                yield text, "type"


def _below(node: Node) -> Iterator[Node]:
    """A node and all named ones in it."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += reversed(each.named_children)


def _is_argument(node: Node) -> bool:
    """Whether a list stands where parameters of a type do, as in `Callable[[int], str]`."""
    around = node.parent
    if around is not None and around.type == "type":
        return around.parent is not None and around.parent.type == "type_parameter"
    return around is not None and around.type in ("list", "subscript")


def _in_literal(node: Node, data: bytes) -> bool:
    """Whether a value stands for itself, as those in `Literal[]` do; in TypeScript all do."""
    around: Node | None = node
    while around is not None:
        if around.type == "literal_type":
            return True
        if around.type == "generic_type":
            return text_of(around.named_child(0), data).rpartition(".")[2] == "Literal"
        around = around.parent
    return False


_SIMPLE = re.compile(r"[\w.\[\], |]+")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_DOTTED = {"attribute": "object", "nested_type_identifier": "module"}
_TYPES = frozenset(("date", "datetime", "defaultdict", "deque", "timedelta"))
"""Those of the standard library that begin small: so do its functions."""
_SAYS_NOTHING = frozenset(("Any", "any", "typing.Any"))
_OPTIONAL = re.compile(r"\b(None|Optional|Any|object)\b")
_NO_TYPES = frozenset(("function", "method", "module"))
_OF_TYPES = frozenset(
    (
        "attribute", "binary_operator", "ellipsis", "generic_type", "identifier", "list",
        "member_type", "none", "string", "string_content", "string_end", "string_start",
        "subscript", "type", "type_parameter", "union_type",
    )
)  # fmt: skip
_IN_LITERALS = frozenset(("false", "integer", "true"))
