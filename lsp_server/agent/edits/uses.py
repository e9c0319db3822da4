"""Rename what another file defines, where this one uses it.

    rename_uses(syntax, "parse", "parse_line", Uses(by_name=True, modules=("text",)))

Which uses are meant, only the caller can know: by what the file imports, and from where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.agent.edits.rename import rename
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.core.definitions.base import text_of
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode


@dataclass(frozen=True, slots=True)
class Uses:
    """How a file refers to the thing."""

    by_name: bool = False
    """It imports the name itself, so that its scopes tell where that is meant."""
    aliased: bool = False
    """It imports the name as another one: only the import is renamed."""
    everything: bool = False
    """It imports all of the module: every free use of the name is meant."""
    modules: tuple[str, ...] = ()
    """What it calls the modules that have it: `text` in `text.parse`."""
    any_member: bool = False
    """No other type has a member of this name: each `.name` is meant."""
    is_module: Callable[[str], bool] = lambda _: False
    """Whether a dotted path in a string names a module that has it."""


def rename_uses(syntax: Syntax, old: str, new: str, uses: Uses) -> Applied | Refused:
    """The file with its uses renamed. Refused if there are none, or where it can't be told."""
    text = decode(syntax.data)
    if uses.by_name:
        applied = rename(syntax, old, new)
        if isinstance(applied, Refused):
            return applied
        again = Syntax.parse(applied.text, syntax.grammar)
        if again is None:
            return Refused("The file is too large.")
        syntax, text = again, applied.text
    pieces: list[bytes] = []
    done = 0
    data = syntax.data
    for start, end, written in sorted(_places(syntax, old, new, uses)):
        if start >= done:
            pieces += [data[done:start], written.encode()]
            done = end
    if pieces:
        text = decode(b"".join([*pieces, data[done:]]))
    if not pieces and not uses.by_name:
        return Refused("The file has no use of the name that is surely meant.")
    return Applied(text, 1.0, "rename", 0, 0)


def _places(syntax: Syntax, old: str, new: str, uses: Uses) -> list[tuple[int, int, str]]:
    """Where the name stands otherwise than as the file's scopes tell; known of Python only."""
    if syntax.grammar != "python":
        return []
    data = syntax.data
    found = [
        (node.start_byte, node.end_byte, new)
        for node in captures(syntax, "(identifier) @name").get("name", [])
        if text_of(node, data) == old and _is_meant(node, data, uses)
    ]
    for node in captures(syntax, "(string (string_content) @text)").get("text", []):
        module, dot, last = text_of(node, data).rpartition(".")
        if dot and last == old and uses.is_module(module):
            found.append((node.end_byte - len(old.encode()), node.end_byte, new))
    return found


def _is_meant(node: Node, data: bytes, uses: Uses) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "attribute":
        if parent.child_by_field_name("attribute") != node:
            return uses.everything
        whole = text_of(parent.child_by_field_name("object"), data)
        return whole in uses.modules or uses.any_member
    if parent.type == "dotted_name" and parent.parent is not None:
        return uses.aliased and parent.parent.type == "aliased_import"
    if uses.any_member and parent.type == "function_definition":
        return _is_method(parent)
    return uses.everything and parent.type not in ("keyword_argument", "parameters")


def _is_method(function: Node) -> bool:
    scope = function.parent
    if scope is not None and scope.type == "decorated_definition":
        scope = scope.parent
    return (
        scope is not None and scope.parent is not None and scope.parent.type == "class_definition"
    )
