"""What a stretch of code leaves open: brackets, a string, a block comment.

Only tokens of the tree count, not characters in strings, comments and regular expressions. A
string or comment that isn't closed has no node of its own in the tree: tree-sitter goes on behind
its first character as if the rest were code. So an opening quote makes everything up to its
closing quote text, or up to the line's end where the language ends the string there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tree_sitter import Node

from lsp_server.core.syntax import Syntax

Inside = Literal["code", "string", "comment"]


@dataclass(frozen=True, slots=True)
class Balance:
    """What is open at the end of a stretch of code."""

    opened: tuple[str, ...]
    """Brackets `( [ {` that it opens and doesn't close, outermost first."""
    closed: tuple[str, ...]
    """Brackets `) ] }` that close something opened before it, in their order."""
    inside: Inside
    """What the end lies in: a string or block comment that is not closed before it, or code.
    The code in a template's `${}` is code."""


def unbalanced(syntax: Syntax, start_byte: int, end_byte: int) -> Balance:
    """Say what is open at `end_byte` that was not at `start_byte`.

    `start_byte` should lie in code. The `${` and `}` of a template and the braces of a replacement
    field count as `{` and `}`. A bracket left open within a pair that is closed counts as closed.
    Limit: an unclosed raw string of Rust is taken as code; the tree shows nothing of its start.
    """
    scan = _Scan(syntax)
    inside: Inside = "code"
    for token, parent in _tokens(syntax.tree.root_node, start_byte, end_byte):
        scan.pass_lines(token.start_byte)
        if scan.in_comment(token, end_byte):
            inside = "comment"
            break
        if token.end_byte <= end_byte:
            scan.take(token, parent)
        elif token.type in _QUOTED:
            inside = "string"
    scan.pass_lines(end_byte)
    if scan.in_text and inside == "code":
        inside = "string"
    opened = tuple(_OPENERS[item.closer] for item in scan.stack if not item.is_quote)
    return Balance(opened, tuple(scan.closed), inside)


@dataclass(frozen=True, slots=True)
class _Open:
    """An open bracket or quote."""

    closer: str
    """The bracket, or the kind of token, that closes it."""
    end_byte: int
    is_quote: bool = False
    formatted: bool = False
    """A Python string whose braces hold code."""


@dataclass(slots=True)
class _Scan:
    """What is open after the tokens taken so far."""

    syntax: Syntax
    stack: list[_Open] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    fragile: int | None = None
    """Where in `stack` the outermost quote is that a line's end closes."""

    @property
    def in_text(self) -> bool:
        return bool(self.stack) and self.stack[-1].is_quote

    def pass_lines(self, position: int) -> None:
        """Drop a string that ended with its line before `position`, and what was opened in it."""
        if self.fragile is not None:
            start = self.stack[self.fragile].end_byte
            if _LINE_END.search(self.syntax.data, start, position):
                self._cut(self.fragile)

    def in_comment(self, token: Node, end_byte: int) -> bool:
        """Whether `token` starts a block comment that isn't closed before `end_byte`."""
        if self.in_text or self.syntax.grammar == "python":
            return False
        finished = "comment" in token.type and token.end_byte <= end_byte
        return not finished and self.syntax.data.startswith(b"/*", token.start_byte, end_byte)

    def take(self, token: Node, parent: Node) -> None:
        """Count a token if it is a quote or a bracket."""
        kind = token.type
        if token.is_missing:
            return
        if kind == "string_start":
            start = self.syntax.data[token.start_byte : token.end_byte].lower()
            formatted = b"f" in start or b"t" in start
            mark = start.lstrip(b"bfrtu").decode()
            quote = _Open(mark, token.end_byte, is_quote=True, formatted=formatted)
            self._open_quote(quote, lasts=len(mark) == 3 or not parent.has_error)
        elif kind == "string_end":  # in an open string, words in other quotes look like strings
            self._close(self.syntax.data[token.start_byte : token.end_byte].decode())
        elif not token.is_named and _QUOTE.fullmatch(kind):
            self._take_quote(token, parent)
        elif not token.is_named and (not self.in_text or self._interpolates(kind)):
            for character in kind:
                if character in _CLOSERS:
                    self.stack.append(_Open(_CLOSERS[character], token.end_byte))
                elif character in _OPENERS:
                    self._close(character)

    def _take_quote(self, token: Node, parent: Node) -> None:
        """Count a quote that looks the same at both ends of a string."""
        rust = self.syntax.grammar == "rust"
        closer = token.type if token.type in _LASTING else token.type[-1]
        if rust and closer == "'":
            return  # of a lifetime or label
        if self.in_text and self.stack[-1].closer == closer:
            self._close(closer)
        elif parent.is_error or parent.start_byte == token.start_byte:
            quote = _Open(closer, token.end_byte, is_quote=True)
            lasts = rust or closer in _LASTING or "R" in token.type or not parent.has_error
            self._open_quote(quote, lasts=lasts)

    def _interpolates(self, kind: str) -> bool:
        return kind == "${" or (kind == "{" and self.stack[-1].formatted)

    def _open_quote(self, quote: _Open, *, lasts: bool) -> None:
        if self.in_text:
            return
        if not lasts and self.fragile is None:
            self.fragile = len(self.stack)
        self.stack.append(quote)

    def _close(self, closer: str) -> None:
        for index in reversed(range(len(self.stack))):
            if self.stack[index].closer == closer:
                self._cut(index)
                return
            if self.stack[index].is_quote:
                return  # nothing in a template closes what stands before the template
        if closer in _OPENERS:
            self.closed.append(closer)

    def _cut(self, index: int) -> None:
        del self.stack[index:]
        if self.fragile is not None and self.fragile >= index:
            self.fragile = None


def _tokens(root: Node, start_byte: int, end_byte: int) -> Iterator[tuple[Node, Node]]:
    """Tokens that overlap the range, each with its parent."""
    cursor = root.walk()
    parents = [root]
    while (node := cursor.node) and node.start_byte < end_byte:
        if node.end_byte > start_byte:
            if node.child_count == 0 or node.type in _OPAQUE:
                yield node, parents[-1]
            elif cursor.goto_first_child_for_byte(start_byte) is not None:
                parents.append(node)
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            parents.pop()


_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_OPENERS = {closer: opener for opener, closer in _CLOSERS.items()}
_OPAQUE = frozenset(("block_comment", "line_comment", "raw_string_literal"))
_QUOTE = re.compile('(u8|[LuU])?R?["\']|`|"{3}')
_LASTING = ("`", '"""')
_QUOTED = frozenset(
    ("char_literal", "character_literal", "raw_string_literal", "rune_literal", "system_lib_string")
)
"""Strings and characters that can be one token, with their quotes."""
_LINE_END = re.compile(rb"(?<!\\)(?<!\\\r)\n")
