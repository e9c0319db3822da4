"""Places where a module uses what another module of its package defines."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from lsp_server.evaluation.cases.case import Case, Definition
from lsp_server.evaluation.cases.cut import Hole
from lsp_server.evaluation.cases.entities import walk
from lsp_server.evaluation.cases.package import Found, Module, Package, Scopes

_WORDS = """
    add append args clear close copy data decode delete emit encode error exists filter find
    format from get has id index info init items join key keys kind label length load log main
    map match message name next open parse path pop push put read remove reset result run save
    send set size sort split start state status stop strip text title toString type update value
    values version warn write
"""
COMMON = frozenset(_WORDS.split())
"""Names that say nothing of what they name: they are right by chance."""


def uses(package: Package, module: Module) -> Iterator[Case]:
    """Every fair case of a module, from top to bottom."""
    if module.rules.names is None:
        return
    scopes = Scopes(package, module, module.rules.names)
    for node in walk(module.code.root, module.rules.imports):
        if node.type in module.rules.calls:
            yield from _call(scopes, node)
        elif node.type in scopes.names.members:
            yield from _member(scopes, node)


def _call(scopes: Scopes, node: Node) -> Iterator[Case]:
    """A call of an imported function or class, all on one line: its arguments.

    More than one, or by keyword: else the definition hardly says what to write.
    """
    called = node.child_by_field_name(scopes.module.rules.calls[node.type])
    arguments = node.child_by_field_name("arguments")
    if called is None or called.type != "identifier" or arguments is None:
        return
    given = arguments.named_children
    telling = len(given) > 1 or any(node.type == "keyword_argument" for node in given)
    if not telling or arguments.start_point.row != arguments.end_point.row:
        return
    found = scopes.imported(called)
    if found and found.entity and found.entity.called:
        yield from _case(scopes, found, arguments.start_byte + 1, "call")


def _member(scopes: Scopes, node: Node) -> Iterator[Case]:
    """A member of something that another module defines: its name and what follows."""
    owner_field, name_field = scopes.names.members[node.type]
    owner, name = node.child_by_field_name(owner_field), node.child_by_field_name(name_field)
    if owner is None or name is None or owner.end_point.row != name.start_point.row:
        return
    object_ = scopes.owner(owner)
    text = scopes.module.code.of(name)
    found = scopes.package.member(object_, text) if object_ else None
    if found:
        yield from _case(scopes, found, name.start_byte, "member")


def _case(scopes: Scopes, found: Found, start: int, shape: str) -> Iterator[Case]:
    module, entity = scopes.module, found.entity
    if entity is None or found.module.path == module.path or entity.name in COMMON:
        return
    hole = Hole.rest_of_line(module, start)
    if hole.is_fair() and not hole.is_in(module.rules.strings | module.rules.imports):
        gold = Definition(found.module.path, entity.name, entity.row)
        yield hole.case(scopes.package.name, "cross-file", shape, gold)
