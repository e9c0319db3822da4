"""What a file imports, one entry for each name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.core.definitions.base import text_of
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax

MAX_IMPORTS = 2_000
"""Of one file."""


@dataclass(frozen=True, slots=True)
class Import:
    """A name that a file takes from elsewhere."""

    module: str
    """As the language writes it, without quotes: `..a.b`, `./x`, `a/b.h`, `crate::a`, `java.util`.
    For a class of Java it is the class itself, `java.util.List`."""
    name: str
    """What is taken from the module: empty for the module itself, `*` for everything in it,
    `default` for the default export."""
    alias: str
    """What it is called here, if that is another name."""


def imports(syntax: Syntax) -> list[Import]:
    """All imports in the order in which they stand, also those inside functions; each once."""
    found: dict[Import, None] = {}
    nodes = captures(syntax, _QUERIES[syntax.grammar]).get("import", [])
    for node in sorted(nodes, key=lambda node: node.start_byte):
        for item in _READERS[syntax.grammar](node, syntax.data):
            found[item] = None
        if len(found) >= MAX_IMPORTS:
            break
    return list(found)[:MAX_IMPORTS]


def _python(node: Node, data: bytes) -> Iterator[Import]:
    module = _squeezed(node.child_by_field_name("module_name"), data)
    of_module = node.type == "import_from_statement"
    for each in node.children_by_field_name("name"):
        name, alias = each, ""
        if each.type == "aliased_import":
            inner = each.child_by_field_name("name")
            if inner is None:
                continue
            name, alias = inner, text_of(each.child_by_field_name("alias"), data)
        text = _squeezed(name, data)
        yield Import(module, text, alias) if of_module else Import(text, "", alias)
    if any(child.type == "wildcard_import" for child in node.named_children):
        yield Import(module, "*", "")


def _javascript(node: Node, data: bytes) -> Iterator[Import]:
    if node.type == "call_expression":
        yield from _required(node, data)
        return
    source = node.child_by_field_name("source")
    clauses = node.named_children
    if source is None:  # import a = require("b")
        for clause in clauses:
            if clause.type == "import_require_clause":
                module = _unquoted(clause.child_by_field_name("source"), data)
                yield Import(module, "*", text_of(clause.named_child(0), data))
        return
    module = _unquoted(source, data)
    found = [item for clause in clauses for item in _clause(clause, module, data)]
    if not found:
        everything = node.type == "export_statement"
        found = [Import(module, "*" if everything else "", "")]
    yield from found


def _clause(clause: Node, module: str, data: bytes) -> Iterator[Import]:
    match clause.type:
        case "namespace_import" | "namespace_export":
            yield Import(module, "*", text_of(clause.named_child(0), data))
        case "identifier":
            yield Import(module, "default", text_of(clause, data))
        case "import_specifier" | "export_specifier":
            name = text_of(clause.child_by_field_name("name"), data).strip("\"'")
            yield Import(module, name, text_of(clause.child_by_field_name("alias"), data))
        case "import_clause" | "named_imports" | "export_clause":
            for child in clause.named_children:
                yield from _clause(child, module, data)


def _required(call: Node, data: bytes) -> Iterator[Import]:
    """`require("x")` and `import("x")`, with the names that they are given."""
    if text_of(call.child_by_field_name("function"), data) not in ("require", "import"):
        return
    arguments = call.child_by_field_name("arguments")
    first = arguments.named_child(0) if arguments else None
    if first is None or first.type != "string":
        return
    module = _unquoted(first, data)
    owner = call.parent
    name = owner.child_by_field_name("name") if owner else None
    if owner is None or owner.type != "variable_declarator" or name is None:
        yield Import(module, "*", "")
    elif name.type == "identifier":
        yield Import(module, "*", text_of(name, data))
    else:
        for part in name.named_children:
            if part.type == "shorthand_property_identifier_pattern":
                yield Import(module, text_of(part, data), "")
            elif part.type == "pair_pattern":
                key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                yield Import(module, text_of(key, data), text_of(value, data))


def _go(node: Node, data: bytes) -> Iterator[Import]:
    module = _unquoted(node.child_by_field_name("path"), data)
    called = text_of(node.child_by_field_name("name"), data)
    yield Import(module, "*" if called == "." else "", "" if called == "." else called)


def _java(node: Node, data: bytes) -> Iterator[Import]:
    path = next((child for child in node.named_children if "identifier" in child.type), None)
    module = _squeezed(path, data)
    last = module.rpartition(".")[2]
    if any(child.type == "asterisk" for child in node.named_children):
        yield Import(module, "*", "")
    elif any(child.type == "static" for child in node.children):
        yield Import(module.rpartition(".")[0], last, "")
    else:
        yield Import(module, last, "")


def _rust(node: Node, data: bytes) -> Iterator[Import]:
    if node.type == "mod_item":
        if node.child_by_field_name("body") is None:
            yield Import("self::" + text_of(node.child_by_field_name("name"), data), "", "")
        return
    argument = node.child_by_field_name("argument")
    # Trees within trees; a stack, since they may be nested to any depth.
    stack = [(argument, "")] if argument else []
    while stack:
        tree, path = stack.pop()
        match tree.type:
            case "scoped_use_list":
                prefix = _under(path, _squeezed(tree.child_by_field_name("path"), data))
                branches = tree.child_by_field_name("list")
                if branches and len(prefix) < _MAX_PATH:
                    stack += [(branch, prefix) for branch in reversed(branches.named_children)]
            case "use_list":
                stack += [(branch, path) for branch in reversed(tree.named_children)]
            case "use_as_clause":
                alias = text_of(tree.child_by_field_name("alias"), data)
                yield _used(_under(path, _squeezed(tree.child_by_field_name("path"), data)), alias)
            case "use_wildcard":
                inner = _squeezed(tree.named_child(0), data) if tree.named_child_count else ""
                yield Import(_under(path, inner), "*", "")
            case "self":
                yield Import(path, "", "")
            case _ if not tree.type.endswith("comment"):
                yield _used(_under(path, _squeezed(tree, data)), "")


def _used(path: str, alias: str) -> Import:
    module, _, name = path.rpartition("::")
    if name == "self":
        return Import(module, "", alias)
    return Import(module, name, alias) if module else Import(name, "", alias)


def _under(path: str, rest: str) -> str:
    return f"{path}::{rest}" if path and rest else path or rest


def _c(node: Node, data: bytes) -> Iterator[Import]:
    yield Import(text_of(node.child_by_field_name("path"), data).strip('"<>'), "", "")


def _unquoted(node: Node | None, data: bytes) -> str:
    return text_of(node, data).strip("\"'`")


def _squeezed(node: Node | None, data: bytes) -> str:
    return _SPACE.sub("", text_of(node, data))


_SPACE = re.compile(r"\s+")
_MAX_PATH = 1_000
_JS_QUERY = """
(import_statement) @import
(export_statement source: (_)) @import
(call_expression function: [(identifier) (import)] arguments: (arguments . (string))) @import
"""
_C_QUERY = "(preproc_include) @import"
_QUERIES = {
    "c": _C_QUERY,
    "cpp": _C_QUERY,
    "go": "(import_spec) @import",
    "java": "(import_declaration) @import",
    "javascript": _JS_QUERY,
    "python": "(import_statement) @import (import_from_statement) @import",
    "rust": "(use_declaration) @import (mod_item) @import",
    "tsx": _JS_QUERY,
    "typescript": _JS_QUERY,
}
_READERS: dict[str, Callable[[Node, bytes], Iterator[Import]]] = {
    "c": _c,
    "cpp": _c,
    "go": _go,
    "java": _java,
    "javascript": _javascript,
    "python": _python,
    "rust": _rust,
    "tsx": _javascript,
    "typescript": _javascript,
}
