"""A function with one of its lines taken out, for a model to write that line anew.

A small model that sees a faulty line copies it. One that does not see it writes what belongs there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.agent.workflows.lean import shortened
from lsp_server.agent.workflows.names import Source
from lsp_server.core.docstrings import docstring

MARK = "# ???"
MAX_GAPS = 14


@dataclass(frozen=True, slots=True)
class Gap:
    """Where a line was, in the source of a function."""

    before: str
    """Ends with the indentation of the line."""
    after: str
    """Begins with the end of the line."""
    begun: str
    """As `before`, without the docstring, for the model to go on from. It ends before a last space,
    which belongs to the model's next token."""
    shown: str
    """The function with a mark in the line's place, and a short docstring."""

    def filled(self, line: str) -> str:
        """The function with another line there."""
        return f"{self.before}{line.strip()}{self.after}"


def gaps(source: Source) -> list[Gap]:
    """One for each statement of Python that is on one line, and for each head of a block."""
    body = source.declared.body
    if body is None or source.syntax.grammar != "python":
        return []
    lines = source.text.split("\n")
    first = source.declared.whole.start_point.row
    doc = docstring(body)
    hidden = range(doc.start_point.row - first, doc.end_point.row - first + 1) if doc else range(0)
    rows = sorted({node.start_point.row - first for node in _statements(body)} - {*hidden})
    found: list[Gap] = []
    for row in rows[:MAX_GAPS]:
        space = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        above = [line for n, line in enumerate(lines[:row]) if n not in hidden]
        after = "".join(f"\n{line}" for line in lines[row + 1 :])
        before = "".join(f"{line}\n" for line in lines[:row]) + space
        begun = "".join(f"{line}\n" for line in above) + space
        marked = f"{before}{MARK}{after}"
        found.append(Gap(before, after, begun.removesuffix(" "), shortened(source, marked)))
    return found


def _statements(block: Node) -> Iterator[Node]:
    """Statements in one row, and the heads in one row of those that have blocks."""
    waiting = [block]
    while waiting:
        for node in waiting.pop().named_children:
            last = node.end_point.row
            if _has_block(node):
                waiting.append(node)
                inner = node.child_by_field_name("body") or node.child_by_field_name("consequence")
                last = inner.start_point.row - 1 if inner and node.type in _HEADS else -1
            elif not node.type.endswith("_statement"):
                continue
            if node.start_point.row == last:
                yield node


def _has_block(node: Node) -> bool:
    return node.type == "block" or any(
        each.type == "block" or each.type in _CLAUSES for each in node.named_children
    )


_HEADS = ("if_statement", "for_statement", "while_statement", "elif_clause", "with_statement")
_CLAUSES = ("elif_clause", "else_clause", "except_clause", "finally_clause")
