"""Take out imports that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from lsp_server.actions.action import Edit, Request
from lsp_server.actions.fixes.base import Fix
from lsp_server.actions.imported import Entry, Statement, statement_at, unused_in
from lsp_server.actions.troubles import Trouble
from lsp_server.core.import_place import next_line
from lsp_server.core.syntax import Syntax


def unused_import(trouble: Trouble, request: Request) -> Iterator[Fix]:
    """Remove the names that a diagnostic points at, or all that are unused in the statement.

    What is used after all stays, whatever a tool says.
    """
    syntax = request.syntax
    statement = statement_at(syntax, trouble.start)
    if statement is None:
        return
    unused = unused_in(syntax, statement, careful=trouble.diagnostic is None)
    whole = trouble.start <= statement.node.start_byte
    if not whole:
        unused = [
            entry
            for entry in unused
            if entry.node.start_byte < trouble.end and trouble.start < entry.node.end_byte
        ]
    edits = _without(syntax, statement, unused) if unused else None
    if edits:
        names = " and ".join(f"`{entry.bound}`" for entry in unused)
        yield Fix(f"Remove the unused import of {names}", edits)


def _without(
    syntax: Syntax, statement: Statement, entries: Sequence[Entry]
) -> tuple[Edit, ...] | None:
    """The edits that take entries out of a statement; None if it shares its line with others."""
    if len(entries) == len(statement.entries):
        return _without_statement(syntax.data, statement.node)
    gone = {entry.node.id for entry in entries}
    edits: list[Edit] = []
    for siblings in _groups(statement.entries):
        removed = [node.id in gone for node in siblings]
        if all(removed):
            group = siblings[0].parent
            is_list = group is not None and group.type == "named_imports"
            edits.append(_with_comma(group if group and is_list else siblings[0]))
            continue
        kept = removed.index(False)
        for place, node in enumerate(siblings):
            if not removed[place]:
                kept = place
            elif place < kept or (kept < place < len(siblings) - 1 and not all(removed[place:])):
                edits.append(Edit(node.start_byte, siblings[place + 1].start_byte, ""))
            else:
                edits.append(Edit(siblings[place - 1].end_byte, node.end_byte, ""))
    return tuple(sorted(edits, key=lambda edit: edit.start))


def _groups(entries: Sequence[Entry]) -> list[list[Node]]:
    """Entries that stand side by side in one list."""
    groups: dict[int, list[Node]] = {}
    for entry in entries:
        assert entry.node.parent is not None
        groups.setdefault(entry.node.parent.id, []).append(entry.node)
    return list(groups.values())


def _with_comma(node: Node) -> Edit:
    """Remove one of `a, { b }`."""
    before, after = node.prev_sibling, node.next_sibling
    if before is not None and before.prev_sibling is not None:
        return Edit(before.prev_sibling.end_byte, node.end_byte, "")
    end = after.next_sibling.start_byte if after and after.next_sibling else node.end_byte
    return Edit(node.start_byte, end, "")


def _without_statement(data: bytes, node: Node) -> tuple[Edit, ...] | None:
    start = data.rfind(b"\n", 0, node.start_byte) + 1
    end = next_line(data, node.end_byte)
    rest = data[node.end_byte : end].strip().lstrip(b";").strip()
    if data[start : node.start_byte].strip() or (rest and not rest.startswith((b"#", b"//"))):
        return None
    return (Edit(start, end, ""),)
