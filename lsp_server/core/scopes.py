"""Which names are bound around a place, in Python and in JavaScript and its kin.

A scope is a function, a class or the whole file. Finer ones (blocks, comprehensions, lambdas) count
as part of the one around them: a name is then sometimes taken for visible where it isn't. It should
never be the other way round.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain

from tree_sitter import Node

from lsp_server.core.definitions.base import text_of
from lsp_server.core.syntax import Syntax

MAX_NODES = 50_000
"""Nodes that are looked at in one text; beyond, nothing is said."""


class Scopes:
    """Of one text; what a scope binds is read once."""

    def __init__(self, syntax: Syntax) -> None:
        self._grammar = _GRAMMARS.get(syntax.grammar)
        self._syntax = syntax
        self._data = syntax.data
        self._is_told = not syntax.tree.root_node.has_error and _is_module(syntax)
        self._bound: dict[int, dict[str, list[Node]]] = {}
        """By the id of a scope's node: its names, each with the nodes that bind it."""
        self._visited = 0

    def visible(self, node: Node) -> frozenset[str] | None:
        """The names that a name at `node` may be, those of the language apart (`builtin_names`).

        None where that can't be told: in another language, in a text that doesn't parse, below an
        import of everything, or in a very large file.
        """
        scopes = self._around(node)
        return None if scopes is None else frozenset().union(*scopes)

    def binders(self, node: Node, name: str) -> list[Node]:
        """The nodes that bind a name in the innermost scope that has it: parameters, assignments.

        Empty if none does, if functions bind it from within, or where `visible` says nothing.
        """
        if name in self._reached:
            return []
        return next((scope[name] for scope in self._around(node) or () if name in scope), [])

    def _around(self, node: Node) -> list[Mapping[str, list[Node]]] | None:
        """What is bound in each scope around a node, the innermost first."""
        grammar = self._grammar
        if grammar is None or not self._is_told:
            return None
        found: list[Mapping[str, list[Node]]] = []
        innermost, child, scope = True, node, node.parent
        while scope is not None:
            if scope.type in grammar.classes or scope.type in grammar.functions:
                body = scope.child_by_field_name("body")
                if scope.type in grammar.functions:
                    found.append(self._names(scope, grammar))
                elif innermost and body is not None:
                    found.append(self._names(body, grammar))
                innermost = innermost and child != body
            elif scope.parent is None:
                found.append(self._of_file(scope, grammar))
            child, scope = scope, scope.parent
        told = self._visited < MAX_NODES and not any(_EVERYTHING in names for names in found)
        return found if told else None

    def _of_file(self, root: Node, grammar: _Grammar) -> dict[str, list[Node]]:
        """What a file binds, also by statements within functions that reach out of them."""
        names = self._names(root, grammar)
        for name in self._reached:
            names.setdefault(name, [])
        return names

    @cached_property
    def _reached(self) -> frozenset[str]:
        """Names that functions bind outside of them (`global`, `nonlocal`)."""
        if self._syntax.grammar != "python":
            return frozenset()
        names: set[str] = set()
        # A query would go through the whole tree.
        for match in chain.from_iterable(each.finditer(self._data) for each in _REACHING_OUT):
            word = self._syntax.tree.root_node.descendant_for_byte_range(*match.span())
            statement = word and word.parent
            if statement is not None and statement.type in _REACHING_STATEMENTS:
                names.update(_names_in(statement, self._data))
        return frozenset(names)

    def _names(self, scope: Node, grammar: _Grammar) -> dict[str, list[Node]]:
        """The names that a scope binds, with what binds them."""
        if scope.id not in self._bound:
            names: dict[str, list[Node]] = {}
            waiting = [scope]
            while waiting and self._visited < MAX_NODES:
                node = waiting.pop()
                self._visited += 1
                kind = node.type
                if kind in _LEAVES:
                    continue
                if kind in grammar.binding:
                    for name, binder in grammar.bound_by(node, self._data):
                        names.setdefault(name, []).append(binder)
                if node is scope or not (kind in grammar.functions or kind in grammar.classes):
                    waiting.extend(node.named_children)
            self._bound[scope.id] = names
        return self._bound[scope.id]


@cache
def builtin_names(grammar: str) -> frozenset[str]:
    """Names that the language, or where its programs run, gives to every file."""
    if grammar == "python":
        return frozenset(dir(builtins)) | _PYTHON_MODULE | _NEWER_PYTHON
    if grammar in _GRAMMARS:
        text = files("lsp_server.core").joinpath("script_globals.txt").read_text(encoding="utf-8")
        return frozenset(text.split())
    return frozenset()


def _is_module(syntax: Syntax) -> bool:
    """Whether a file names all that it uses: a plain script shares its names with others."""
    if syntax.grammar == "python":
        return True
    kinds = {child.type for child in syntax.tree.root_node.named_children}
    return bool(kinds & _MODULE) or b"require(" in syntax.data or b"module.exports" in syntax.data


class _Grammar:
    """What binds names in one language's trees."""

    def __init__(
        self, functions: str, classes: str, named: str, fields: dict[str, str], whole: str
    ) -> None:
        self.functions = frozenset(functions.split())
        self.classes = frozenset(classes.split())
        self.fields = dict.fromkeys(named.split(), ("name",))
        """Of nodes that bind all names in some of their fields."""
        for kind, field in fields.items():
            self.fields[kind] = (*self.fields.get(kind, ()), field)
        self.whole = frozenset(whole.split())
        """Nodes in which every name is bound."""
        self.binding = self.whole | self.fields.keys() | {_WILDCARD}
        """All nodes that bind names."""

    def bound_by(self, node: Node, data: bytes) -> Iterator[tuple[str, Node]]:
        """The names that this node binds in its scope, those within it apart, and what does so."""
        kind = node.type
        if kind == _WILDCARD:
            yield _EVERYTHING, node
        elif kind in self.whole:
            for child in node.named_children:
                for name in _names_in(child, data):
                    yield name, child
        for field in self.fields.get(kind, ()):
            for target in node.children_by_field_name(field):
                for name in _names_in(target, data):
                    yield name, node


def _names_in(target: Node, data: bytes) -> Iterator[str]:
    """Names that a pattern binds: not those of attributes, types and defaults in it."""
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if node.type in _NAMES:
            yield text_of(node, data)
        elif node.type in _IMPORTED:
            alias = node.child_by_field_name("alias")
            name = alias or node.child_by_field_name("name")
            if name is not None:
                waiting.append(name)
        elif node.type == "dotted_name" and node.named_child_count:
            yield text_of(node.named_child(0), data)  # `import a.b` binds `a`
        elif node.type in _WITH_VALUE:
            first = node.child_by_field_name(_WITH_VALUE[node.type]) or node.named_child(0)
            if first is not None:
                waiting.append(first)
        elif node.type not in _NO_TARGETS:
            waiting.extend(node.named_children)


_EVERYTHING = "*"
_WILDCARD = "wildcard_import"
_MODULE = frozenset(("export_statement", "import_statement"))
_REACHING_OUT = re.compile(rb"global(?=\s)"), re.compile(rb"nonlocal(?=\s)")
_REACHING_STATEMENTS = frozenset(("global_statement", "nonlocal_statement"))
_LEAVES = frozenset(("comment", "identifier", "integer", "string_content"))
_NAMES = frozenset(("identifier", "shorthand_property_identifier_pattern", "type_identifier"))
_IMPORTED = frozenset(("aliased_import", "import_specifier"))
_WITH_VALUE = {
    "assignment_pattern": "left",
    "default_parameter": "name",
    "object_assignment_pattern": "left",
    "optional_parameter": "pattern",
    "pair_pattern": "value",
    "required_parameter": "pattern",
    "typed_default_parameter": "name",
    "typed_parameter": "",
}
"""Nodes that bind one part of them, by its field; without one, it is the first."""
_NO_TARGETS = frozenset(
    ("attribute", "call", "member_expression", "string", "subscript", "subscript_expression")
)
_SCRIPT = _Grammar(
    functions="arrow_function function_declaration function_expression generator_function "
    "generator_function_declaration method_definition",
    classes="abstract_class_declaration class class_declaration",
    named="abstract_class_declaration class class_declaration enum_declaration "
    "function_declaration function_expression function_signature generator_function "
    "generator_function_declaration interface_declaration internal_module "
    "module type_alias_declaration variable_declarator import_alias",
    fields={
        "abstract_class_declaration": "type_parameters",
        "arrow_function": "parameter",
        "assignment_expression": "left",
        "augmented_assignment_expression": "left",
        "catch_clause": "parameter",
        "class": "type_parameters",
        "class_declaration": "type_parameters",
        "for_in_statement": "left",
        "index_signature": "name",
        "mapped_type_clause": "name",
        "type_parameter": "name",
    },
    whole="formal_parameters import_clause import_require_clause infer_type",
)
_GRAMMARS = {
    "python": _Grammar(
        functions="function_definition",
        classes="class_definition",
        named="class_definition function_definition named_expression",
        fields={
            "assignment": "left",
            "class_definition": "type_parameters",
            "augmented_assignment": "left",
            "for_in_clause": "left",
            "for_statement": "left",
            "function_definition": "type_parameters",
            "import_from_statement": "name",
            "import_statement": "name",
            "type_alias_statement": "left",
        },
        whole="as_pattern_target case_pattern global_statement lambda_parameters "
        "nonlocal_statement parameters",
    ),
    "javascript": _SCRIPT,
    "tsx": _SCRIPT,
    "typescript": _SCRIPT,
}
_PYTHON_MODULE = frozenset(
    (
        "_", "__annotations__", "__builtins__", "__cached__", "__class__", "__dict__", "__file__",
        "__module__", "__path__", "__qualname__", "WindowsError", "reveal_type",
    )
)  # fmt: skip
_NEWER_PYTHON = frozenset(
    (
        "BaseExceptionGroup", "EncodingWarning", "ExceptionGroup", "PythonFinalizationError",
        "aiter", "anext",
    )
)  # fmt: skip
"""A user's Python may be newer than the one that runs the server."""
