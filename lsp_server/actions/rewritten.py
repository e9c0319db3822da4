"""From what a model wrote to the smallest edits that make it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from lsp_server.actions.action import Edit
from lsp_server.actions.pieces import Head, Piece
from lsp_server.core.abridged import leaves_out
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
    return _settled(piece, _indented(code.strip("\n"), _space(piece.text)).rstrip())


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
    line_end = ending(lines if len(lines) > 1 else Text.of(decode(piece.syntax.data)).lines)
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


def _settled(piece: Piece, code: str) -> str:
    """The code up to the end of the line that the function ends in which it is to be.

    Models like to say in comments what they have done; those are left out.
    """
    after = piece.syntax.edit(piece.start, piece.end, encode(code))
    if after is None:
        return code
    end = piece.start + len(encode(code))
    node = same_node(after, piece.whole) if piece.body is not None else None
    if node is not None and not node.has_error:
        line_end = after.data.find(b"\n", node.end_byte, end)
        end = end if line_end < 0 else line_end
    kept, done = b"", piece.start
    for comment in _comments(after, piece.start, end):
        last = min(comment.end_byte, end)  # before `\r\n` it has the `\r`
        text = decode(after.data[comment.start_byte : last])
        if text in piece.text or leaves_out(text):
            continue
        before = after.data[done : comment.start_byte]
        kept += before.rstrip(b" \t")
        done = last
        if kept.endswith(b"\n") and after.data[done : done + 1] == b"\n":
            done += 1  # it had its line for itself
    return decode(kept + after.data[done:end]).rstrip().replace("\r\n", "\n")


def _comments(syntax: Syntax, start: int, end: int) -> list[Node]:
    """Comments in a stretch, in their order."""
    found: list[Node] = []
    waiting = [syntax.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.type.endswith("comment"):
            if start <= node.start_byte < end:
                found.append(node)
        elif node.end_byte > start and node.start_byte < end:
            waiting += reversed(node.children)
    return found


def behind(syntax: Syntax, node: Node, end: int) -> bytes:
    """What stands between a node and a byte in the same line, comments apart.

    To which node a comment belongs at the end of one differs with what follows.
    """
    return re.sub(rb"(#|//).*", b"", syntax.data[node.end_byte : end]).strip()


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
