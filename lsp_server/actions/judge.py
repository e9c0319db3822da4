"""Whether what a model made of a piece of code may be offered: better it is nothing than worse.

It must parse and compile, be all of the function and nothing else, name nothing that is not there,
and be without the fault that it was to mend, as far as that can be told here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.actions import troubles
from lsp_server.actions.action import Edit, Mend, Repair, Request
from lsp_server.actions.pieces import Head, Piece
from lsp_server.actions.rewritten import behind, same_node
from lsp_server.actions.troubles import Trouble
from lsp_server.actions.verify import edited, holds
from lsp_server.core.abridged import leaves_out
from lsp_server.core.definitions.base import text_of
from lsp_server.core.docstrings import docstring
from lsp_server.core.syntax import Syntax
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.faults import faults
from lsp_server.workspace.masking import PLACEHOLDER

MAX_CHANGED = 0.5
"""Of a piece's lines; who changes more does not mend one fault."""
MAX_OMITTED = 1
"""Lines that a function may have less."""
FEW_LINES = 4
"""So many may always be changed."""


def flaw(mend: Mend, piece: Piece, head: Head, code: str, edits: Sequence[Edit]) -> str:
    """What is wrong with a correction, as a sentence for a model; empty if nothing."""
    if _omitted_lines(piece, edits) > (MAX_OMITTED if piece.body is not None else 0):
        return "It leaves code out."
    if _changed_lines(piece, edits) > max(FEW_LINES, MAX_CHANGED * (piece.text.count("\n") + 1)):
        return "It changes more than is needed."
    trouble = troubles.told(0, mend.diagnostic, piece.syntax)
    mends_syntax = trouble is not None and trouble.sort == "syntax" and piece.syntax.errors() > 0
    wrong = unsound(mend.request, piece, head, code, edits, mends_syntax=mends_syntax)
    return wrong or (_left(mend.request, trouble, piece, edits) if trouble is not None else "")


def unsound(
    request: Request,
    piece: Piece,
    head: Head,
    code: str,
    edits: Sequence[Edit],
    *,
    mends_syntax: bool = False,
) -> str:
    """What is wrong with new lines of a piece, whatever they are for; empty if nothing.

    `mends_syntax` as in `Repair`.
    """
    if not edits:
        return "Nothing was changed."
    if set(PLACEHOLDER.findall(code)) - set(PLACEHOLDER.findall(piece.text)):
        return "It puts a credential in another place."
    is_emptied = _squeezed(code) == _squeezed(head.text)
    if (leaves_out(code) and not leaves_out(piece.text)) or is_emptied:
        return "It leaves code out."
    if not _squeezed(code).startswith(_squeezed(head.text)):
        return "It changes the header or the docstring."
    after = edited(piece.syntax, edits)
    if after is None or not holds(piece.syntax, Repair(tuple(edits), mends_syntax)):
        return "It does not parse."
    end = _end(piece, after)
    return _not_the_function(piece, after, end) or _unknown(request, piece, after, end)


def _end(piece: Piece, after: Syntax) -> int:
    return piece.end + len(after.data) - len(piece.syntax.data)


def _omitted_lines(piece: Piece, edits: Sequence[Edit]) -> int:
    return sum(piece.syntax.data.count(b"\n", e.start, e.end) - e.new.count("\n") for e in edits)


def _changed_lines(piece: Piece, edits: Sequence[Edit]) -> int:
    data = piece.syntax.data
    return sum(
        max(data.count(b"\n", e.start, e.end), e.new.strip("\n").count("\n")) + 1 for e in edits
    )


def _not_the_function(piece: Piece, after: Syntax, end: int) -> str:
    """Whether the lines are no more the one function that they were, or the same code."""
    if piece.body is None:
        return ""
    node = same_node(after, piece.whole)
    if node is None or behind(after, node, end) != behind(piece.syntax, piece.whole, piece.end):
        return "It is not this function alone."
    if words(node, after) == words(piece.whole, piece.syntax):
        return "Nothing but comments was changed."
    return ""


def words(node: Node, syntax: Syntax) -> list[bytes]:
    """The words and signs of code, comments and its docstring apart."""
    inner = node.child_by_field_name("definition") or node
    doc = docstring(inner.child_by_field_name("body"))
    found: list[bytes] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type.endswith("comment") or each == doc:
            continue
        if each.child_count:
            waiting += reversed(each.children)
        else:
            found.append(syntax.data[each.start_byte : each.end_byte])
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is wrong with a piece, each with how often."""

    faults: Counter[tuple[str, str]]
    """By sort and word."""
    words: Counter[str]

    @classmethod
    def of(cls, request: Request, syntax: Syntax, start: int, end: int) -> _Seen:
        around = request.around
        outline = Outline.of(syntax, around.path, around.library)
        found = [(f.sort, _word(syntax, f.start)) for f in faults(syntax, start, end, outline)]
        text = syntax.data[start:end].decode(errors="replace")
        return cls(Counter(found), Counter(_WORD.findall(text)))


def _word(syntax: Syntax, start: int) -> str:
    return text_of(syntax.tree.root_node.descendant_for_byte_range(start, start + 1), syntax.data)


def _unknown(request: Request, piece: Piece, after: Syntax, end: int) -> str:
    """What is named that is not there."""
    before = _Seen.of(request, piece.syntax, piece.start, piece.end)
    now = _Seen.of(request, after, piece.start, end)
    could_tell = not piece.syntax.tree.root_node.has_error
    for sort, word in now.faults - before.faults:
        if could_tell or word not in before.words:
            return f"Nothing defines {word}." if sort in _NAMES else "A call has wrong arguments."
    return ""


def _left(request: Request, trouble: Trouble, piece: Piece, edits: Sequence[Edit]) -> str:
    """What is left of a trouble, as far as that can be told."""
    after = edited(piece.syntax, edits)
    if after is None or trouble.sort not in _JUDGED:
        return ""
    before = _Seen.of(request, piece.syntax, piece.start, piece.end)
    now = _Seen.of(request, after, piece.start, _end(piece, after))
    word = piece.syntax.data[trouble.start : trouble.end].decode(errors="replace")
    if trouble.sort == "missing":
        told = [key for key in before.faults if key[0] == "missing"]
        is_left = sum(now.faults[key] for key in told) >= sum(before.faults[key] for key in told)
        return "Arguments are still missing." if told and is_left else ""
    told = [key for key in before.faults if key[1] == word]
    if told:
        return f"{word} is still wrong." if any(now.faults[key] for key in told) else ""
    return f"{word} is still there." if now.words[word] == before.words[word] else ""


def _squeezed(text: str) -> str:
    return "".join(text.split())


_NAMES = frozenset(("attribute", "name"))
_JUDGED = frozenset(("attribute", "keyword", "missing", "name", "symbol"))
_WORD = re.compile(r"[^\W\d]\w*")
