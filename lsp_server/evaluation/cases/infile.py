"""Places that need nothing but their own file: rests of lines, bodies of blocks, arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby

from tree_sitter import Node

from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.cases.cut import Hole
from lsp_server.evaluation.cases.entities import walk
from lsp_server.evaluation.cases.package import Module, Package


def lines(
    package: Package,
    module: Module,
    *,
    kind: str,
    part: tuple[float, float],
    from_start: bool = False,
) -> Iterator[Case]:
    """Each line of code, cut before a token that begins in a part of it, its indentation apart.

    `from_start`: every second line, as its text has it, is cut before its first token instead.
    """
    whole = Hole(module, 0, len(module.code.data))
    for row, group in groupby(whole.leaves(), key=lambda leaf: leaf.start_point.row):
        leaves = [leaf for leaf in group if leaf.end_byte > leaf.start_byte]
        if not leaves or module.rules.is_text(leaves[0]):
            continue
        first, last = leaves[0].start_byte, leaves[-1].end_byte
        digest = hashlib.sha256(module.code.data[first:last]).digest()
        earliest, latest = (0.0, 0.0) if from_start and digest[1] % 2 else part
        cuts = [
            leaf.start_byte
            for leaf in leaves
            if earliest <= (leaf.start_byte - first) / (last - first) <= latest
        ]
        statement = _statement(leaves[0], row)
        if not cuts or statement in module.rules.imports:
            continue
        hole = Hole.rest_of_line(module, cuts[digest[0] % len(cuts)])
        if hole.is_fair() and not hole.is_in(module.rules.strings | module.rules.imports):
            yield hole.case(package.name, kind, statement)


def blocks(
    package: Package, module: Module, *, kind: str, fewest: int, most: int
) -> Iterator[Case]:
    """Each body of so many lines that begins on a line of its own."""
    for node in walk(module.code.root):
        if node.type not in module.rules.blocks or not node.named_child_count:
            continue
        first, last = node.named_children[0], node.named_children[-1]
        body = module.code.data[first.start_byte : last.end_byte].rstrip()  # Go's has a line end
        hole = Hole(module, first.start_byte, first.start_byte + len(body))
        rows = hole.expected.split("\n")
        if not fewest <= len(rows) <= most or not all(map(str.strip, rows)):
            continue
        header = node.prev_sibling
        if header is None or header.end_point.row == first.start_point.row:
            continue
        if hole.is_fair() and node.parent:
            yield hole.case(package.name, kind, node.parent.type)


def arguments(package: Package, module: Module) -> Iterator[Case]:
    """What stands in the brackets of each call on one line."""
    for node in walk(module.code.root, module.rules.imports):
        given = node.child_by_field_name("arguments") if node.type in module.rules.calls else None
        if given is None or given.start_point.row != given.end_point.row:
            continue
        if not module.code.of(given).startswith("("):
            continue
        hole = Hole(module, given.start_byte + 1, given.end_byte - 1)
        untidy = hole.expected.strip() != hole.expected
        if not untidy and hole.is_fair() and not hole.is_in(module.rules.strings):
            yield hole.case(package.name, "arguments", node.type)


def _statement(leaf: Node, row: int) -> str:
    """The type of the outermost node that begins with a token in its row."""
    node = leaf
    while node.parent and node.parent.start_byte == leaf.start_byte and node.parent.parent:
        node = node.parent
    return node.type if node.start_point.row == row else leaf.type
