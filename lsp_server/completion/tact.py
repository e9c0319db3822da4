"""Where nobody wants to be interrupted, whatever the model would say."""

from __future__ import annotations

import re

from lsp_server.core.balance import unbalanced
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.structure import STRINGS
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, encode

PROSE_WORDS = 4
"""A string with so many words of letters left of the cursor is prose."""
_WORD = re.compile(r"(?<![\w./\\{}<>=])[^\W\d_]{2,}(?![\w/\\{}<>=(])")


def splits_word(snapshot: Snapshot, cursor: Point) -> bool:
    """Whether the cursor stands within a word, which is being changed by hand."""
    line = snapshot.text.lines[cursor.row]
    around = line[max(0, cursor.column - 1) : cursor.column], line[cursor.column :][:1]
    return all(character.isalnum() or character == "_" for character in around)


def is_in_prose(snapshot: Snapshot, cursor: Point) -> bool:
    """Whether the cursor is in a string that is written for people, as far as syntax tells."""
    if snapshot.syntax is None:
        return False
    return len(_WORD.findall(_string_before(snapshot, snapshot.syntax, cursor))) >= PROSE_WORDS


def _string_before(snapshot: Snapshot, syntax: Syntax, cursor: Point) -> str:
    """What of the string that the cursor is in stands left of it; empty outside of strings."""
    at = snapshot.text.byte_offset(cursor)
    node = syntax.tree.root_node.descendant_for_byte_range(max(0, at - 1), at)
    while node is not None:
        if node.type in STRINGS and node.start_byte < at < node.end_byte:
            return syntax.data[node.start_byte : at].decode(errors="replace")
        node = node.parent
    left = snapshot.text.lines[cursor.row][: cursor.column]
    if unbalanced(syntax, at - len(encode(left)), at).inside != "string":
        return ""
    return left[min(left.find(quote) for quote in "\"'`" if quote in left) :]
