"""From what a model wrote to the smallest edits that make it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from lsp_server.actions.action import Edit
from lsp_server.actions.pieces import Head, Piece
from lsp_server.core.hunks import Hunk, hunks
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text, body, decode, encode, ending


def rewritten(piece: Piece, head: Head, code: str) -> str:
    """The piece's new lines, out of a model's code: only the function, indented as it was.

    `head`: what the model was shown of what is kept; its long form takes its place.
    """
    code = code.replace("\r\n", "\n")
    if head.shown and code.startswith(head.shown):
        code = head.text + code[len(head.shown) :]
    return _alone(piece, _indented(code.strip("\n"), _space(piece.text)).rstrip())


def edits(piece: Piece, code: str) -> tuple[Edit, ...]:
    """What makes the piece's lines those of a code; lines that are blank or comments stay.

    Lines that differ in white space at their end are the same.
    """
    lines = Text.of(decode(piece.syntax.data[piece.start : piece.end])).lines
    base = [body(line).rstrip() for line in lines]
    side = [line.rstrip() for line in code.split("\n")]
    found = hunks(base, side)
    found = [Hunk(0, len(base), tuple(side))] if found is None else found
    kept = (hunk for hunk in found if not _only_omits(base[hunk.start : hunk.end], hunk.new))
    return tuple(_edits(piece, lines, kept))


def _edits(piece: Piece, lines: Sequence[str], changed: Iterator[Hunk[str]]) -> Iterator[Edit]:
    starts = [piece.start]
    for line in lines:
        starts.append(starts[-1] + len(encode(line)))
    line_end = ending(Text.of(decode(piece.syntax.data)).lines)
    for hunk in changed:
        new = line_end.join(hunk.new)
        start, is_last = starts[hunk.start], hunk.end == len(lines)
        if hunk.start == hunk.end:
            new = f"{line_end}{new}" if is_last else f"{new}{line_end}"
            yield Edit(start, start, new)
        elif not hunk.new:
            # The line's ending goes with it; of the last lines it is the one before them.
            if is_last and hunk.start:
                start -= len(_ending(lines[hunk.start - 1]))
            yield Edit(start, starts[hunk.end], "")
        else:
            last = lines[hunk.end - 1]
            yield Edit(start, starts[hunk.end] - len(_ending(last)), new)


def _ending(line: str) -> str:
    return line[len(body(line)) :]


def _only_omits(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether a change only leaves out comments, or changes blank lines: nobody asked for that."""
    return not any(new) and all(not line or _COMMENT.match(line) for line in old)


def _alone(piece: Piece, code: str) -> str:
    """The code up to the end of the function that it is to be, and what stood behind that."""
    if piece.body is None:
        return code
    after = piece.syntax.edit(piece.start, piece.end, encode(code))
    node = None if after is None else same_node(after, piece.whole)
    if after is None or node is None or node.has_error:
        return code
    behind = piece.syntax.data[piece.whole.end_byte : piece.end]
    return decode(after.data[piece.start : node.end_byte] + behind).replace("\r\n", "\n")


def same_node(syntax: Syntax, before: Node) -> Node | None:
    """The node of the same type that begins at the same byte of another text."""
    start = before.start_byte
    node = syntax.tree.root_node.descendant_for_byte_range(start, start + 1)
    while node is not None and (node.type != before.type or node.start_byte != start):
        node = node.parent
    return node


def _indented(code: str, space: str) -> str:
    """Code with `space` in front of the first line, and all others moved as far."""
    had = _space(code)
    if had == space:
        return code
    lines = code.split("\n")
    return "\n".join(space + line.removeprefix(had) if line.strip() else line for line in lines)


def _space(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]


_COMMENT = re.compile(r"\s*(#|//)")
