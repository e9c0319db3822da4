"""Write an import where a file would have it: into a statement, or into the order of a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from posixpath import commonprefix

from tree_sitter import Node

from lsp_server.actions.action import Edit
from lsp_server.actions.fixes.listing import inserted
from lsp_server.actions.verify import edited
from lsp_server.core.definitions.base import text_of
from lsp_server.core.import_place import next_line, place, top_level
from lsp_server.core.imports import Import
from lsp_server.core.standard import is_standard
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text, decode, ending


def added(syntax: Syntax, item: Import) -> tuple[Edit, ...]:
    """The edit that imports something; empty where the file imports in another way."""
    python = syntax.grammar == "python"
    if not python and b"require(" in syntax.data and not top_level(syntax):
        return ()
    edit = _joined(syntax, item) or _line(syntax, item)
    newline = ending(Text.of(decode(syntax.data[:10_000])).lines)
    return (Edit(edit.start, edit.end, edit.new.replace("\n", newline)),)


def all_added(syntax: Syntax, items: Iterable[Import]) -> Edit | None:
    """One edit that imports several things; None if there is nothing to be imported."""
    after = syntax
    for item in items:
        more = edited(after, added(after, item))
        after = after if more is None else more
    old, new = (each.data.splitlines(keepends=True) for each in (syntax, after))
    if old == new:
        return None
    above = len(commonprefix([old, new]))
    below = len(commonprefix([old[above:][::-1], new[above:][::-1]]))
    start = sum(map(len, old[:above]))
    end = len(syntax.data) - sum(map(len, old[len(old) - below :]))
    return Edit(start, end, decode(b"".join(new[above : len(new) - below])))


def _joined(syntax: Syntax, item: Import) -> Edit | None:
    """Into the statement that imports from the same module already."""
    if item.name in ("", "*", "default"):
        return None
    python = syntax.grammar == "python"
    new = f"{item.name} as {item.alias}" if item.alias else item.name
    for node in top_level(syntax):
        field = "module_name" if python else "source"
        if text_of(node.child_by_field_name(field), syntax.data).strip("\"'") != item.module:
            continue
        names = node.children_by_field_name("name") if python else _specifiers(node)
        if names and not any(child.type == "type" for child in node.children):
            return inserted(syntax.data, names, _rank(syntax.data, names, new), new)
    return None


def _specifiers(statement: Node) -> list[Node]:
    waiting, found = list(statement.named_children), list[Node]()
    while waiting:
        node = waiting.pop()
        if node.type == "import_specifier":
            found.append(node)
        elif node.type in ("import_clause", "named_imports"):
            waiting.extend(node.named_children)
    return sorted(found, key=lambda node: node.start_byte)


def _by_kind(name: str) -> tuple[int, str]:
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2), name


_ORDERS: tuple[Callable[[str], object], ...] = (_by_kind, str.casefold, str)


def _rank(data: bytes, names: Sequence[Node], new: str) -> int:
    """Which number a name gets in a list, by the order that the list has; the last if it has none.

    An order is what sorts the list: constants, classes, others; or letters alone.
    """
    known = [text_of(node, data) for node in names]
    for order in _ORDERS:
        keys: list[object] = [order(name) for name in known]
        if all(one <= other for one, other in pairwise(keys)):  # type: ignore[operator]
            return sum(key < order(new) for key in keys)  # type: ignore[operator]
    return len(known)


def _line(syntax: Syntax, item: Import) -> Edit:
    """As a statement of its own, in the order of the group that it belongs to."""
    statement = _python(item) if syntax.grammar == "python" else _script(syntax, item)
    groups = _groups(syntax) if syntax.grammar == "python" else []
    section = _section(item.module)
    for group in reversed(groups):
        if _section(_module(group[0], syntax.data)) != section:
            continue
        mine = _key(statement)
        for node in group:
            if _key(text_of(node, syntax.data)) > mine:
                return Edit(node.start_byte, node.start_byte, f"{statement}\n")
        return _below(syntax.data, group[-1], f"{statement}\n")
    for group in groups:
        if _section(_module(group[0], syntax.data)) > section:
            start = group[0].start_byte
            return Edit(start, start, f"{statement}\n\n")
    if groups:
        return _below(syntax.data, groups[-1][-1], f"\n{statement}\n")
    start, lines = place(syntax, statement)
    return _on_its_own(syntax.data, start, lines)


def _below(data: bytes, node: Node, lines: str) -> Edit:
    return _on_its_own(data, next_line(data, node.end_byte), lines)


def _on_its_own(data: bytes, start: int, lines: str) -> Edit:
    """Lines at a place, which may be behind a last line that has no end."""
    is_open = start > 0 and data[start - 1 : start] not in (b"\n", b"\r")
    return Edit(start, start, ("\n" if is_open else "") + lines)


def _groups(syntax: Syntax) -> list[list[Node]]:
    """The imports at the top of the file, those without a blank line between them together."""
    groups: list[list[Node]] = []
    end = -2
    nodes = top_level(syntax)
    seen = False
    kinds = {node.id for node in nodes}
    for node in syntax.tree.root_node.named_children:
        if node.id in kinds:
            seen = True
            row = node.start_point.row
            if groups and row <= end + 1:
                groups[-1].append(node)
            else:
                groups.append([node])
            end = node.end_point.row
        elif node.type.endswith("comment"):
            end = node.end_point.row if node.start_point.row <= end + 1 else end
        elif seen:
            break
    return groups


def _module(node: Node, data: bytes) -> str:
    """What a statement imports, or imports from."""
    if node.type == "future_import_statement":
        return "__future__"
    name = node.child_by_field_name("module_name") or node.child_by_field_name("name")
    return text_of(name, data)


def _section(module: str) -> int:
    """0 for `__future__`, 1 for the standard library, 2 for packages, 3 for the file's own."""
    if module == "__future__":
        return 0
    return 3 if module.startswith(".") else 1 if is_standard(module) else 2


def _key(statement: str) -> tuple[bool, str]:
    words = statement.split()
    return words[0] == "from", words[1].casefold()


def _python(item: Import) -> str:
    alias = f" as {item.alias}" if item.alias else ""
    if item.name:
        return f"from {item.module} import {item.name}{alias}"
    return f"import {item.module}{alias}"


def _script(syntax: Syntax, item: Import) -> str:
    head = syntax.data[:10_000]
    quote = '"' if head.count(b'"') > head.count(b"'") else "'"
    imports = top_level(syntax)
    bare = any(not text_of(node, syntax.data).endswith(";") for node in imports)
    end = "" if bare else ";"
    source = f"{quote}{item.module}{quote}{end}"
    if item.name == "default":
        return f"import {item.alias} from {source}"
    if item.name in ("", "*"):
        return f"import * as {item.alias} from {source}"
    alias = f" as {item.alias}" if item.alias else ""
    return f"import {{ {item.name}{alias} }} from {source}"
