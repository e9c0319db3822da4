"""What expressions in sound code are, as far as that is certain: a module, a type, or one of it.

For judging what was written, so nothing is guessed: a variable has a type if it is bound once, by
an annotation or a call; a type's members are known if those of all its bases are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.completion.resolve import Library, Resolved, Resolver, bases
from lsp_server.core.definitions.base import TYPES, text_of
from lsp_server.core.imports import Import, imports
from lsp_server.core.scopes import Scopes
from lsp_server.core.symbols import Symbol, symbols
from lsp_server.core.syntax import Syntax

DEPTH = 6
"""Bases above bases, and links of a chain of attributes, that are followed."""


@dataclass(frozen=True, slots=True)
class Members:
    """What a type or module has in it."""

    symbols: dict[str, Symbol | None]
    """By name. None: it is there, and no more is known."""
    paths: set[str]
    """Files in which it is defined, its bases included."""

    def with_own(self, own: Sequence[Symbol]) -> Members | None:
        """With these over what is inherited; None if attributes are made up at run time."""
        seen: set[str] = set()
        for symbol in own:
            # Two of one name are overloads, or differ by a condition: which it is isn't known.
            self.symbols[symbol.name] = None if symbol.name in seen else symbol
            seen.add(symbol.name)
        return None if _DYNAMIC & seen else self


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that is called."""

    symbol: Symbol
    is_bound: bool
    """Its first parameter is the instance."""


def is_type(symbol: Symbol) -> bool:
    """Whether it has members of its own; an alias of a type has not."""
    return symbol.kind in TYPES and symbol.kind != "type"


@dataclass(frozen=True, slots=True)
class Outline:
    """A library in which one file is as it stands in the editor."""

    path: str
    """As the library knows the file; empty if it knows it not."""
    own_symbols: list[Symbol]
    own_imports: list[Import]
    library: Library | None

    @classmethod
    def of(cls, syntax: Syntax, path: str, library: Library | None) -> Outline:
        """Read what a text defines and imports."""
        return cls(path, symbols(syntax), imports(syntax), library)

    def in_module(self, path: str) -> list[Symbol]:
        """See Library."""
        if path == self.path:
            return self.own_symbols
        return self.library.in_module(path) if self.library else []

    def imports(self, path: str) -> list[Import]:
        """See Library."""
        if path == self.path:
            return self.own_imports
        return self.library.imports(path) if self.library else []

    def find_module(self, module: str, from_path: str, language: str) -> list[str]:
        """See Library."""
        return self.library.find_module(module, from_path, language) if self.library else []

    def mentions(self, path: str, name: str) -> bool:
        """See Library."""
        return self.library.mentions(path, name) if self.library else True


class Expressions:
    """Of one text. Its outline may be that of an earlier version: what is missing isn't judged."""

    def __init__(self, syntax: Syntax, outline: Outline) -> None:
        self.scopes = Scopes(syntax)
        self._syntax = syntax
        self._path = outline.path
        self._document = outline
        self._resolver = Resolver(outline, syntax.grammar)

    def meaning(self, node: Node, depth: int = DEPTH) -> Resolved | None:
        """What an expression is: of an instance, its type. None if that is not certain."""
        if not depth:
            return None
        data = self._syntax.data
        kind = node.type
        if kind == "this" or (kind == "identifier" and text_of(node, data) in ("self", "cls")):
            return self._enclosing_type(node)
        if kind == "identifier":
            return self._name(node, depth)
        if kind in ("attribute", "member_expression"):
            inner = node.child_by_field_name("object")
            owner = inner and self.meaning(inner, depth - 1)
            name = node.child_by_field_name(_ATTRIBUTE[kind])
            if owner is None or name is None:
                return None
            return self._value(self._resolver.member(owner, text_of(name, data)))
        if kind in ("call", "call_expression", "new_expression"):
            callee = node.child_by_field_name(_CALLEE[kind])
            found = callee and self.meaning(callee, depth - 1)
            return self._resolver.value(found) if found and found.symbol else None
        return None

    def members(self, owner: Resolved) -> Members | None:
        """All that may stand behind the dot of a module or type; None if it isn't all known."""
        return self._members(owner, DEPTH)

    def callee(self, function: Node) -> Callee | None:
        """What a call calls, if its parameters are known."""
        if function.type in _ATTRIBUTE:
            inner = function.child_by_field_name("object")
            name = function.child_by_field_name(_ATTRIBUTE[function.type])
            owner = inner and self.meaning(inner)
            members = owner and self.members(owner)
            if not owner or not members or name is None:
                return None
            symbol = members.symbols.get(text_of(name, self._syntax.data))
            bound = owner.symbol is not None
        else:
            found = self.meaning(function)
            symbol, bound = found.symbol if found else None, False
        if symbol is not None and is_type(symbol):
            made = self.meaning(function)
            members = made and self.members(made)
            symbol = members.symbols.get("__init__") if members else None
            bound = True
        if symbol is None or symbol.kind not in ("function", "method"):
            return None
        return Callee(symbol, bound and "staticmethod" not in symbol.signature)

    def mentions(self, path: str, name: str) -> bool:
        """Whether a file uses a name in any way: it may then set an attribute of that name."""
        return self._document.mentions(path, name)

    def is_own(self, path: str) -> bool:
        """Whether that is the file itself."""
        return path == self._path

    def _members(self, owner: Resolved, depth: int) -> Members | None:
        if not depth:
            return None
        if owner.symbol is None:
            return self._of_module(owner.path)
        if not is_type(owner.symbol) or _OPEN_HEADER.search(owner.symbol.signature):
            return None
        found = Members({}, {owner.path})
        for base in bases(owner.symbol):
            if base in _HARMLESS:
                found.symbols.update(dict.fromkeys(_HARMLESS[base].split()))
                continue
            above = self._resolver.top_level(owner.path, base)
            if above is None or above.symbol is None or above == owner:
                return None
            inherited = self._members(above, depth - 1)
            if inherited is None:
                return None
            found.symbols.update(inherited.symbols)
            found.paths.update(inherited.paths)
        own = [symbol for _, symbol in self._resolver.members(owner, 0)]
        return found.with_own(own)

    def _of_module(self, path: str) -> Members | None:
        found = Members({}, {path})
        for item in self._document.imports(path):
            if item.name == "*":
                return None
            found.symbols[item.alias or item.name or item.module.partition(".")[0]] = None
        return found.with_own([s for s in self._resolver.symbols(path) if not s.container])

    def _name(self, node: Node, depth: int) -> Resolved | None:
        name = text_of(node, self._syntax.data)
        binders = self.scopes.binders(node, name)
        if len(binders) != 1:
            return None
        binder = binders[0]
        if binder.type in _IMPORTS or (binder.parent and binder.parent.type == "import_clause"):
            for item in self._document.own_imports:
                if not item.name and name == (item.alias or item.module):
                    return self._resolver.imported(item, self._path)
            return self._value(self._resolver.top_level(self._path, name))
        if binder.type in _DEFINITIONS:
            outside = binder.parent
            while outside is not None and outside.type in _WRAPPERS:
                outside = outside.parent
            is_top = outside is None or outside.parent is None
            return self._resolver.top_level(self._path, name) if is_top else None
        return self._variable(binder, depth)

    def _variable(self, binder: Node, depth: int) -> Resolved | None:
        """What a variable is, by the one node that binds it."""
        annotation = binder.child_by_field_name("type")
        if annotation is not None:
            return self._annotated(text_of(annotation, self._syntax.data))
        value = binder.child_by_field_name(_VALUE.get(binder.type, ""))
        if value is None or value.type not in ("call", "new_expression"):
            return None
        return self.meaning(value, depth - 1)

    def _annotated(self, annotation: str, path: str | None = None) -> Resolved | None:
        """The type that an annotation names, if it is a plain name."""
        match = _PLAIN_TYPE.fullmatch(annotation.strip())
        if match is None:
            return None
        found = self._resolver.top_level(self._path if path is None else path, match[1])
        return found if found and found.symbol and found.symbol.kind in TYPES else None

    def _value(self, found: Resolved | None) -> Resolved | None:
        """A variable or attribute stands for what it holds."""
        if found is None or found.symbol is None or found.symbol.kind not in _VARIABLES:
            return found
        signature = found.symbol.signature
        told = _ANNOTATED.search(signature) or _MADE.search(signature)
        return self._annotated(told[1], found.path) if told else None

    def _enclosing_type(self, node: Node) -> Resolved | None:
        """The type in whose method a `self` stands; None within a function in that method."""
        functions = 0
        scope = node.parent
        while scope is not None and scope.type not in _TYPE_NODES:
            functions += scope.type in ("function_definition", "method_definition")
            if scope.type in ("function_declaration", "function_expression", "object"):
                return None  # it has a `this` of its own
            scope = scope.parent
        name = scope and scope.child_by_field_name("name")
        if name is None or functions != 1:
            return None
        return self._resolver.top_level(self._path, text_of(name, self._syntax.data))


_ATTRIBUTE = {"attribute": "attribute", "member_expression": "property"}
_CALLEE = {"call": "function", "call_expression": "function", "new_expression": "constructor"}
_VALUE = {"assignment": "right", "variable_declarator": "value"}
_VARIABLES = frozenset(("constant", "field", "variable"))
_TYPE_NODES = frozenset(("class_definition", "class_declaration", "abstract_class_declaration"))
_PLAIN_TYPE = re.compile(r":?\s*[\"']?([A-Za-z_$][\w$]*)[\"']?")
_ANNOTATED = re.compile(r"^[\w.$# ]*\??:\s*[\"']?([A-Za-z_$][\w$]*)[\"']?\s*(?:=|$)")
_MADE = re.compile(r"=\s*(?:new\s+)?([A-Z][\w$]*)\([^()]*\)$")
_OPEN_HEADER = re.compile(r"metaclass\s*=|\([^)]*$")
"""A class with another way of making classes, or whose bases were too many to be kept."""
_DYNAMIC = frozenset(("__getattr__", "__getattribute__"))
_IMPORTS = frozenset(
    ("import_from_statement", "import_statement", "named_imports", "namespace_import")
)
_DEFINITIONS = frozenset(
    (
        "abstract_class_declaration", "class_declaration", "class_definition", "enum_declaration",
        "function_declaration", "function_definition", "generator_function_declaration",
        "interface_declaration",
    )
)  # fmt: skip
_WRAPPERS = frozenset(("decorated_definition", "export_statement"))
_HARMLESS = {"ABC": "", "Enum": "name value", "Generic": "", "Protocol": "", "object": ""}
"""Bases from elsewhere, with what they bring."""
_HARMLESS |= dict.fromkeys(
    ("Exception", "LookupError", "RuntimeError", "TypeError", "ValueError"),
    "args with_traceback add_note",
)
