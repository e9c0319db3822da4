"""Which errors an edit adds to a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from lsp_server.core.syntax import MAX_ERRORS, Syntax


def new_errors(before: Syntax | None, after: Syntax) -> list[str]:
    """Errors and missing tokens that were not there before, as `line:column: what`, from 1.

    Columns are bytes. `before`: None for a new file. An error is an old one if its line reads as
    it did: lines move when others come or go.
    """
    old = (
        Counter(_line(node, before.data) for node in _errors(before))
        if before
        else Counter[bytes]()
    )
    found: list[str] = []
    for node in _errors(after):
        line = _line(node, after.data)
        if old[line]:
            old[line] -= 1
            continue
        row, column = node.start_point.row + 1, node.start_point.column + 1
        what = f"missing {node.type}" if node.is_missing else "does not parse"
        found.append(f"{row}:{column}: {what}")
    return found


def _errors(syntax: Syntax) -> Iterator[Node]:
    """In the order in which they stand, `MAX_ERRORS` at most."""
    count = 0
    waiting = [syntax.tree.root_node]
    while waiting and count < MAX_ERRORS:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            count += 1
            yield node
        if node.has_error:
            waiting += reversed(node.children)


def _line(node: Node, data: bytes) -> bytes:
    """The line that a node starts in, without the space around."""
    start = data.rfind(b"\n", 0, node.start_byte) + 1
    end = data.find(b"\n", node.start_byte)
    return data[start : len(data) if end < 0 else end].strip()
