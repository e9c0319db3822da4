"""What expressions in sound code are, as far as that is certain: a module, a type, or one of it.

For judging what was written, so nothing is guessed: a variable has a type if it is bound once, by
an annotation or a call; a type's members are known if those of all its bases are, and if nothing
hints at members that are made at run time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from tree_sitter import Node

from lsp_server.core.definitions.base import TYPES, text_of
from lsp_server.core.imports import Import, imports
from lsp_server.core.scopes import Scopes
from lsp_server.core.symbols import Symbol, symbols
from lsp_server.core.syntax import Syntax
from lsp_server.workspace.resolve import Library, Resolved, Resolver, bases

DEPTH = 6
"""Bases above bases, and links of a chain of attributes, that are followed."""
REMEMBERED = 4
"""Texts whose outlines are kept: one is asked for its context, and soon judged."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression is."""

    found: Resolved
    """Of an instance, its type."""
    is_instance: bool = False
    """One of the type, and not the type, module or function itself."""
    is_certain: bool = True
    """Not of a derived type, as `self` and what an annotation says may be."""


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
    """Its first parameter is given already."""


@dataclass(frozen=True)
class Outline:
    """A library in which one file is as it stands in the editor."""

    path: str
    """As the library knows the file; empty if it knows it not."""
    syntax: Syntax
    library: Library | None

    @classmethod
    def of(cls, syntax: Syntax, path: str, library: Library | None) -> Outline:
        """Of a text, which is read when it is asked about."""
        return cls(path, syntax, library)

    @cached_property
    def own_symbols(self) -> list[Symbol]:
        """What the text defines."""
        return _symbols(self.syntax)

    @cached_property
    def own_imports(self) -> list[Import]:
        """What the text imports."""
        return _imports(self.syntax)

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

    def has_member(self, name: str) -> bool:
        """See Library."""
        if any(symbol.container and symbol.name == name for symbol in self.own_symbols):
            return True
        return self.library is not None and self.library.has_member(name)


@lru_cache(REMEMBERED)
def _symbols(syntax: Syntax) -> list[Symbol]:
    return symbols(syntax)


@lru_cache(REMEMBERED)
def _imports(syntax: Syntax) -> list[Import]:
    return imports(syntax)


class Expressions:
    """Of one text. Its outline may be that of an earlier version: what is missing isn't judged."""

    def __init__(self, syntax: Syntax, outline: Outline) -> None:
        self.scopes = Scopes(syntax)
        self._syntax = syntax
        self._path = outline.path
        self._document = outline
        self._resolver = Resolver(outline, syntax.grammar)
        self._is_python = syntax.grammar == "python"

    def meaning(self, node: Node, depth: int = DEPTH) -> Meaning | None:
        """What an expression is; None if that is not known."""
        if not depth:
            return None
        kind = node.type
        if kind in ("this", "identifier"):
            name = self._text(node)
            if name in ("self", "cls", "this"):
                found = self._enclosing_type(node)
                if found is None or (kind == "identifier" and not self._is_first(node, name)):
                    return None
                return Meaning(found, is_instance=name != "cls", is_certain=False)
            return self._name(node, name, depth)
        if kind in ATTRIBUTES:
            inner = node.child_by_field_name("object")
            owner = inner and self.meaning(inner, depth - 1)
            name_node = node.child_by_field_name(ATTRIBUTES[kind])
            if owner is None or name_node is None:
                return None
            return self._value(self._resolver.member(owner.found, self._text(name_node)))
        if kind in CALLEES:
            function = node.child_by_field_name(CALLEES[kind])
            called = function and self.meaning(function, depth - 1)
            return self._called(called) if called else None
        return None

    def members(self, owner: Meaning) -> Members | None:
        """All that may stand behind the dot of a module, a type or an instance.

        None if it isn't all known.
        """
        symbol = owner.found.symbol
        if symbol is not None and symbol.kind == "enum" and owner.is_instance:
            return None
        members = self._members(owner.found, DEPTH)
        if members is None or any(self._makes_members(path) for path in members.paths):
            return None
        return members

    def may_have(self, owner: Meaning, name: str) -> bool:
        """Whether something that a type is derived from it may have such a member."""
        symbol = owner.found.symbol
        certain = owner.is_certain and not (symbol and symbol.decorated)
        return not certain and self._document.has_member(name)

    def callee(self, function: Node) -> Callee | None:
        """What a call calls, if its parameters are known."""
        symbol: Symbol | None
        if function.type in ATTRIBUTES:
            inner = function.child_by_field_name("object")
            name = function.child_by_field_name(ATTRIBUTES[function.type])
            owner = inner and self.meaning(inner)
            members = owner and self.members(owner)
            if not owner or not members or name is None:
                return None
            symbol = members.symbols.get(self._text(name))
            if owner.found.symbol is not None:
                if symbol is None or is_type(symbol):
                    return None
                if not owner.is_instance and not _BY_TYPE.match(symbol.signature):
                    return None  # which of its parameters are given isn't known
                return self._plain(symbol, is_bound="staticmethod" not in symbol.signature)
        else:
            meant = self.meaning(function)
            if meant is None or meant.is_instance or not meant.is_certain:
                return None
            symbol = meant.found.symbol
        if symbol is None or not is_type(symbol):
            return None if symbol is None else self._plain(symbol, is_bound=False)
        made = self.meaning(function)
        members = made and self.members(made)
        if symbol.decorated or not members or "__new__" in members.symbols:
            return None
        constructor = members.symbols.get("__init__")
        return None if constructor is None else self._plain(constructor, is_bound=True)

    def mentions(self, path: str, name: str) -> bool:
        """Whether a file uses a name in any way: it may then set an attribute of that name."""
        return self._document.mentions(path, name)

    def is_own(self, path: str) -> bool:
        """Whether that is the file itself."""
        return path == self._path

    def has_submodule(self, owner: Meaning, name: str) -> bool:
        """Whether a module is a package with a module of that name."""
        path = owner.found.path
        return owner.found.symbol is None and bool(
            self._document.find_module(f".{name}", path, self._syntax.grammar)
        )

    def _plain(self, symbol: Symbol, *, is_bound: bool) -> Callee | None:
        """A function whose parameters are as written."""
        changed = symbol.decorated and not symbol.signature.startswith("@")
        if changed or symbol.kind not in ("function", "method"):
            return None
        return Callee(symbol, is_bound)

    def _members(self, owner: Resolved, depth: int) -> Members | None:
        if not depth:
            return None
        symbol = owner.symbol
        if symbol is None:
            return self._of_module(owner.path)
        if not is_type(symbol) or _OPEN_HEADER.search(symbol.signature):
            return None
        found = Members({}, {owner.path})
        for base in bases(symbol):
            above = self._resolver.top_level(owner.path, base)
            inherited = None
            if above is not None and above.symbol is not None and above != owner:
                inherited = self._members(above, depth - 1)
            elif self._is_python and base in _HARMLESS and not _is_foreign(base, symbol):
                inherited = Members(dict.fromkeys(_HARMLESS[base].split()), set())
            if inherited is None:
                return None
            found.symbols.update(inherited.symbols)
            found.paths.update(inherited.paths)
        own = [member for _, member in self._resolver.members(owner, 0)]
        if not self._is_python and not own:
            return None  # an index signature, perhaps
        return found.with_own(own)

    def _of_module(self, path: str) -> Members | None:
        found = Members({}, {path})
        imported = self._document.imports(path)
        if not imported and not self._resolver.symbols(path):
            return None  # it may have been left out of the index
        for item in imported:
            if item.name == "*":
                return None
            found.symbols[item.alias or item.name or item.module.partition(".")[0]] = None
        return found.with_own([s for s in self._resolver.symbols(path) if not s.container])

    def _makes_members(self, path: str) -> bool:
        """Whether a file may set attributes by names that are not written in it."""
        if path == self._path:
            return _MAKES.search(self._syntax.data) is not None
        return any(self._document.mentions(path, name) for name in _MAKERS)

    def _name(self, node: Node, name: str, depth: int) -> Meaning | None:
        binders = self.scopes.binders(node, name)
        if len(binders) != 1:
            return None
        binder = binders[0]
        if binder.type in _IMPORTS or (binder.parent and binder.parent.type == "import_clause"):
            for item in self._document.own_imports:
                if not item.name and name == (item.alias or item.module):
                    module = self._resolver.imported(item, self._path)
                    return None if module is None else Meaning(module)
            return self._value(self._resolver.top_level(self._path, name))
        if binder.type in _DEFINITIONS:
            found = self._resolver.top_level(self._path, name) if _is_outermost(binder) else None
            return None if found is None else Meaning(found)
        return self._variable(binder, depth)

    def _variable(self, binder: Node, depth: int) -> Meaning | None:
        """What a variable is, by the one node that binds it."""
        bound = binder.child_by_field_name(_BOUND.get(binder.type, ""))
        if bound is None and binder.named_child_count:
            bound = binder.named_child(0)
        if bound is None or bound.type != "identifier":
            return None
        annotation = binder.child_by_field_name("type")
        if annotation is not None:
            return self._annotated(self._text(annotation), self._path)
        value = binder.child_by_field_name(_VALUE.get(binder.type, ""))
        return self.meaning(value, depth - 1) if value and value.type in CALLEES else None

    def _annotated(self, annotation: str, path: str) -> Meaning | None:
        """One of the type that an annotation names, if it is a plain name."""
        match = _PLAIN_TYPE.fullmatch(annotation.strip())
        if match is None:
            return None
        found = self._resolver.top_level(path, match[1])
        if found is None or found.symbol is None or found.symbol.kind not in TYPES:
            return None
        return Meaning(found, is_instance=True, is_certain=False)

    def _value(self, found: Resolved | None) -> Meaning | None:
        """A variable or attribute stands for what it holds."""
        if found is None or found.symbol is None or found.symbol.kind not in _VARIABLES:
            return None if found is None else Meaning(found)
        signature = found.symbol.signature
        told = _ANNOTATED.search(signature) or _MADE.search(signature)
        return self._annotated(told[1], found.path) if told else None

    def _called(self, called: Meaning) -> Meaning | None:
        """What a call gives."""
        symbol = called.found.symbol
        if symbol is None or called.is_instance:
            return None
        if is_type(symbol):
            return replace(called, is_instance=True)
        returned = _RETURNED.search(symbol.signature)
        if symbol.decorated or "async " in symbol.signature or returned is None:
            return None
        return self._annotated(returned[1], called.found.path)

    def _is_first(self, node: Node, name: str) -> bool:
        """Whether a name is that of a method's first parameter, and nothing else there."""
        binders = self.scopes.binders(node, name)
        parent = binders[0].parent if len(binders) == 1 else None
        return parent is not None and parent.type == "parameters"

    def _enclosing_type(self, node: Node) -> Resolved | None:
        """The type in whose method a `self` stands; None within a function in that method."""
        functions = 0
        scope = node.parent
        while scope is not None and scope.type not in _TYPE_NODES:
            functions += scope.type in ("function_definition", "method_definition")
            if scope.type in _OWN_THIS:
                return None
            scope = scope.parent
        name = scope and scope.child_by_field_name("name")
        if scope is None or name is None or functions > 1 or not _is_outermost(scope):
            return None
        text = self._text(name)
        return None if text.endswith("Mixin") else self._resolver.top_level(self._path, text)

    def _text(self, node: Node) -> str:
        return text_of(node, self._syntax.data)


def is_type(symbol: Symbol) -> bool:
    """Whether it has members of its own; an alias of a type has not."""
    return symbol.kind in TYPES and symbol.kind != "type"


def _is_foreign(base: str, symbol: Symbol) -> bool:
    """Whether a base of a type has such a name in a module that isn't Python's own."""
    return re.search(rf"(?<!\babc)(?<!\benum)(?<!\btyping)\.{base}\b", symbol.signature) is not None


def _is_outermost(definition: Node) -> bool:
    """Whether a definition stands at the top level of its file."""
    outside = definition.parent
    while outside is not None and outside.type in _WRAPPERS:
        outside = outside.parent
    return outside is None or outside.parent is None


ATTRIBUTES = {"attribute": "attribute", "member_expression": "property"}
"""Nodes of attributes, with the field that holds the name."""
CALLEES = {"call": "function", "call_expression": "function", "new_expression": "constructor"}
"""Nodes of calls, with the field that holds what is called."""
_VALUE = {"assignment": "right", "variable_declarator": "value"}
_BOUND = {
    "assignment": "left",
    "optional_parameter": "pattern",
    "required_parameter": "pattern",
    "typed_default_parameter": "name",
    "variable_declarator": "name",
}
_VARIABLES = frozenset(("constant", "field", "variable"))
_TYPE_NODES = frozenset(("class_definition", "class_declaration", "abstract_class_declaration"))
_OWN_THIS = frozenset(
    (
        "class", "function_declaration", "function_expression", "generator_function",
        "generator_function_declaration", "object",
    )
)  # fmt: skip
_PLAIN_TYPE = re.compile(r":?\s*[\"']?([A-Za-z_$][\w$]*)[\"']?")
_ANNOTATED = re.compile(r"^[\w.$# ]*\??:\s*[\"']?([A-Za-z_$][\w$]*)[\"']?\s*(?:=|$)")
_MADE = re.compile(r"=\s*(?:new\s+)?([A-Z][\w$]*)\([^()]*\)$")
_RETURNED = re.compile(r"(?:->|\)\s*:)\s*[\"']?([A-Za-z_$][\w$]*)[\"']?$")
_OPEN_HEADER = re.compile(r"metaclass\s*=|\([^)]*$")
"""A class with another way of making classes, or whose bases were too many to be kept."""
_BY_TYPE = re.compile(r"@(?:classmethod|staticmethod)\b")
_DYNAMIC = frozenset(("__getattr__", "__getattribute__"))
_MAKERS = ("setattr", "__dict__", "vars", "globals", "assign", "defineProperty")
_MAKES = re.compile(rb"\b(?:setattr|vars|globals)\(|__dict__|Object\.(?:assign|defineProp)")
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
_HARMLESS = {
    "ABC": "register",
    "Enum": "name value _name_ _value_",
    "Generic": "",
    "Protocol": "",
    "object": "",
}
"""Bases from elsewhere, with what they bring."""
_HARMLESS |= dict.fromkeys(
    ("Exception", "LookupError", "RuntimeError", "TypeError", "ValueError"),
    "args with_traceback add_note",
)
ALWAYS = (
    (
        "apply", "bind", "call", "constructor", "hasOwnProperty", "isPrototypeOf", "length",
        "name", "propertyIsEnumerable", "prototype", "toLocaleString", "toString", "valueOf",
    ),
    ("mro",),
)  # fmt: skip
"""What all types have, in JavaScript and in Python."""
