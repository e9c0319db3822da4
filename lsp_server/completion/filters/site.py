"""The place of a suggestion, as the filters look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from lsp_server.completion.window import CLOSING, Window, rest_of_line
from lsp_server.core.balance import Inside, unbalanced
from lsp_server.core.syntax import Syntax

TAB = 8
"""Columns to which a tab goes."""


@dataclass(frozen=True)
class Site:
    """What stands around the cursor; what takes a parse is found out when it is asked for."""

    window: Window
    grammar: str | None
    _parsed: dict[str, Syntax | None] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def line_start(self) -> str:
        """What stands left of the cursor on its line."""
        return self.window.prefix.rpartition("\n")[2]

    @cached_property
    def rest(self) -> str:
        """What stands right of the cursor on its line."""
        return rest_of_line(self.window.suffix)

    @property
    def closes_only(self) -> bool:
        """Whether nothing but closing characters stands right of the cursor, or nothing at all."""
        return CLOSING.fullmatch(self.rest) is not None

    @cached_property
    def above(self) -> list[str]:
        """The lines above the cursor's that are not blank, without white space at their ends."""
        return _meant(self.window.prefix.split("\n")[:-1])

    @cached_property
    def below(self) -> list[str]:
        """The lines below the cursor's, likewise."""
        return _meant(self.window.suffix.split("\n")[1:])

    @cached_property
    def inside(self) -> Inside:
        """What the cursor is in; code where that can't be told."""
        return self.inside_after("")

    def inside_after(self, text: str) -> Inside:
        """What the end of `text` is in if it stands at the cursor."""
        syntax = self._parse(text)
        if syntax is None:
            return "code"
        end = len(syntax.data)
        inside = unbalanced(syntax, 0, end).inside
        if inside == "code" and not syntax.data.endswith((b"*/", b"\n")):
            last = syntax.tree.root_node.descendant_for_byte_range(max(0, end - 1), end)
            if last is not None and "comment" in last.type and last.end_byte == end:
                return "comment"
        return inside

    def is_within(self, text: str) -> bool:
        """Whether the end of `text` is in round or square brackets, a string or a comment."""
        if self.inside_after(text) != "code":
            return True
        syntax = self._parse(text)
        opened = () if syntax is None else unbalanced(syntax, 0, len(syntax.data)).opened
        return "(" in opened or "[" in opened

    def errors(self, text: str) -> int:
        """Errors and missing tokens of the window with `text` at the cursor; 0 if untold."""
        whole = self.window.prefix + text + self.window.suffix
        syntax = None if self.grammar is None else Syntax.parse(whole, self.grammar)
        return 0 if syntax is None else syntax.errors()

    def _parse(self, text: str) -> Syntax | None:
        """The prefix with `text`, parsed once however many filters ask."""
        if self.grammar is not None and text not in self._parsed:
            self._parsed[text] = Syntax.parse(self.window.prefix + text, self.grammar)
        return self._parsed.get(text)

    def at_cursor(self, lines: list[str]) -> str:
        """Whole lines as a suggestion, whose first line is indented already."""
        first = lines[0].removeprefix(self.line_start)
        return "\n".join([first, *lines[1:]])

    def row_starts(self, lines: list[str]) -> list[str]:
        """The text before each of a suggestion's lines."""
        ends = accumulate(f"{line}\n" for line in lines)
        return ["", *ends][: len(lines)]


def width(line: str) -> int:
    """Columns of the white space at the start."""
    expanded = line.expandtabs(TAB)
    return len(expanded) - len(expanded.lstrip(" "))


def _meant(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]
