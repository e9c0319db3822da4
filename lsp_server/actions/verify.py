"""Whether a text is sound with edits in it.

All of it is parsed, incrementally; of Python what stands around the edits is compiled too, since
tree-sitter lets much pass. Only so much of it, for the compiler holds the interpreter's lock.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from tree_sitter import Node

from lsp_server.actions.action import Edit, Repair
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode

MAX_COMPILED = 8_000
"""Bytes; about 3 ms."""


def edited(syntax: Syntax, edits: Sequence[Edit]) -> Syntax | None:
    """The syntax of the text with edits that are sorted; None if it can't be parsed."""
    draft = syntax.draft()
    for edit in reversed(edits):
        draft = draft.edit(edit.start, edit.end, encode(edit.new))
    return draft.parse()


def holds(syntax: Syntax, repair: Repair) -> bool:
    """Whether a text is sound with a repair, or no worse where it is broken elsewhere."""
    after = edited(syntax, repair.edits)
    if after is None or not repair.edits:
        return False
    if after.errors() > max(0, syntax.errors() - repair.mends_syntax):
        return False
    if syntax.grammar != "python" or after.errors():
        return True
    start, end = _around(after, repair.edits)
    return compiles(after.data[start:end])


def compiles(code: bytes) -> bool:
    """Whether Python takes some lines for code, as they are or as the inside of a block."""
    try:
        text = code.decode()
    except UnicodeDecodeError:
        return False
    if text[:1] in (" ", "\t"):
        text = f"if True:\n{text}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<fix>", "exec", ONLY_SYNTAX, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _around(syntax: Syntax, edits: Sequence[Edit]) -> tuple[int, int]:
    """The whole lines of the largest statement around the edits that is not too long.

    Between statements these are the lines that were edited, and within one that is too long none.
    """
    start = edits[0].start
    end = edits[-1].end + sum(len(encode(each.new)) - each.end + each.start for each in edits)
    end = max(start, end)
    node: Node | None = syntax.tree.root_node.descendant_for_byte_range(start, end)
    best = (start, end) if node is None or node.parent is None else None
    while node is not None and node.end_byte - node.start_byte <= MAX_COMPILED:
        if node.parent is None:
            return 0, len(syntax.data)
        if node.parent.type in ("block", "module"):
            best = node.start_byte, node.end_byte
        node = node.parent
    if best is None:
        return 0, 0
    first = syntax.data.rfind(b"\n", 0, best[0]) + 1
    last = syntax.data.find(b"\n", max(best[0], best[1] - 1))
    return first, len(syntax.data) if last < 0 else last + 1


ONLY_SYNTAX = 0x400  # ast.PyCF_ONLY_AST, which `return` outside of a function doesn't trouble
