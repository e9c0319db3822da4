"""What documents a function: where it stands in each language, and how it is written there."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from lsp_server.actions.pieces import Piece
from lsp_server.core.docstrings import docstring
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode

WIDTH = 96
MAX_LINES = 30
_MARKERS = {"go": "//", "rust": "///"}
"""Of languages in which each line has its own; others have blocks."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a comment goes that documents a function."""

    at: int
    """Byte of the start of a line, or in Python of the end of the header."""
    space: str
    """The indentation of the comment."""
    marker: str
    """What it begins with: `\"\"\"`, `/**`, `///` or `//`."""

    @property
    def opening(self) -> str:
        """What is there before the first word."""
        if self.marker == "/**":
            return f"{self.space}/**\n{self.space} *"
        return f"{self.space}{self.marker}"

    def comment(self, lines: Sequence[str]) -> str:
        """The whole comment, without the last line's ending."""
        if self.marker == '"""':
            quote = 'r"""' if any("\\" in line for line in lines) else '"""'
            if len(lines) == 1:
                return f'{self.space}{quote}{lines[0]}"""'
            first, *rest = lines
            return "\n".join(
                [f"{self.space}{quote}{first}", *map(self._inside, rest), f'{self.space}"""']
            )
        if self.marker == "/**":
            inner = [f"{self.space} * {line}".rstrip() for line in lines]
            return "\n".join([f"{self.space}/**", *inner, f"{self.space} */"])
        return "\n".join(f"{self.space}{self.marker} {line}".rstrip() for line in lines)

    def _inside(self, line: str) -> str:
        return f"{self.space}{line}" if line else ""


def spot(piece: Piece) -> Spot | None:
    """Where the comment of a function goes; None if it has one, or can have none."""
    syntax, body = piece.syntax, piece.body
    if body is None or syntax.tree.root_node.has_error:
        return None
    if syntax.grammar == "python":
        first = body.start_byte
        space = syntax.data[syntax.data.rfind(b"\n", 0, first) + 1 : first]
        colon = next((each for each in _function(piece).children if each.type == ":"), None)
        if docstring(body) is not None or space.strip() or colon is None:
            return None
        line_end = syntax.data.find(b"\n", colon.end_byte)
        at = len(syntax.data[:line_end].rstrip(b"\r"))
        return Spot(at, decode(space), '"""')
    node = _statement(piece.whole)
    start = syntax.data.rfind(b"\n", 0, node.start_byte) + 1
    space = syntax.data[start : node.start_byte]
    if node.type in _NAMELESS or space.strip() or _comment_above(node) is not None:
        return None
    return Spot(start, decode(space), _MARKERS.get(syntax.grammar, "/**"))


def example(piece: Piece) -> str:
    """How another function of the file is documented: its header in Python, and the comment."""
    syntax = piece.syntax
    for _, declared in definitions(syntax):
        if declared.body is None or declared.whole == piece.whole:
            continue
        if syntax.grammar == "python":
            doc = docstring(declared.body)
            if doc is not None and declared.kind in ("function", "method"):
                return decode(syntax.data[declared.start_byte : doc.end_byte])[:MAX_EXAMPLE]
        elif (comment := _comment_above(_statement(declared.whole))) is not None:
            return decode(syntax.data[comment.start_byte : comment.end_byte])[:MAX_EXAMPLE]
    return ""


def lines_of(written: str, where: Spot) -> list[str]:
    """What a comment says that a model has written, line by line, without its marks."""
    text = re.split(r'"""|\*/|```', written, maxsplit=1)[0]
    bare = [line.removeprefix(where.space).rstrip() for line in text.split("\n")]
    if where.marker != '"""':
        bare = [_MARK.sub("", line) for line in bare]
    wrapped: list[str] = []
    for line in textwrap.dedent("\n".join(bare)).strip().split("\n"):
        inner = line[: len(line) - len(line.lstrip())]
        width = max(40, WIDTH - len(where.space))
        wrapped += textwrap.wrap(line, width, subsequent_indent=inner) or [""]
    if wrapped:
        wrapped[-1] = wrapped[-1].rstrip("\\").rstrip('"').rstrip()
    return wrapped[:MAX_LINES]


def is_comment(syntax: Syntax, start: int, end: int) -> bool:
    """Whether all lines of a stretch are comments."""
    root = syntax.tree.root_node
    for offset in _line_starts(syntax.data, start, end):
        node = root.descendant_for_byte_range(offset, offset + 1)
        while node is not None and not node.type.endswith("comment"):
            node = node.parent
        if node is None or node.end_byte > end + 1:
            return False
    return True


def _line_starts(data: bytes, start: int, end: int) -> Iterator[int]:
    """Of each line that is not blank, its first byte that is no white space."""
    while start < end:
        line_end = data.find(b"\n", start, end)
        line_end = end if line_end < 0 else line_end
        line = data[start:line_end]
        if line.strip():
            yield start + len(line) - len(line.lstrip())
        start = line_end + 1


def _function(piece: Piece) -> Node:
    return piece.whole.child_by_field_name("definition") or piece.whole


def _statement(node: Node) -> Node:
    """What a function is the value of, or is wrapped in; with what stands above it."""
    while node.parent is not None and node.parent.type in _WRAPPERS:
        node = node.parent
    while (above := node.prev_named_sibling) is not None and above.type in _DRESS:
        node = above
    return node


def _comment_above(node: Node) -> Node | None:
    above = node.prev_named_sibling
    if above is None or not above.type.endswith("comment"):
        return None
    end = above.end_point
    last = end.row - (end.column == 0)
    return above if node.start_point.row - last <= 1 else None


MAX_EXAMPLE = 600
_MARK = re.compile(r"^\s*(/\*\*?|\*(?!\*)|///?)[ \t]?")
_WRAPPERS = frozenset(
    (
        "assignment_expression", "export_statement", "expression_statement", "lexical_declaration",
        "public_field_definition", "template_declaration", "variable_declaration",
        "variable_declarator",
    )
)  # fmt: skip
_DRESS = frozenset(("attribute_item", "decorator"))
_NAMELESS = frozenset(("arrow_function", "function_expression", "generator_function"))
