"""Fit a suggestion to what already stands to the right of the cursor.

Editors close brackets and quotes in advance, so `call(|)` is where most suggestions are asked for,
and models write the closing bracket all the same.
"""

from __future__ import annotations

from lsp_server.completion.stop import CLOSING, WORD, rest_of_line
from lsp_server.completion.window import Window
from lsp_server.core.balance import unbalanced
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode


def fit_to_line(text: str, window: Window, grammar: str | None) -> tuple[str, int]:
    """Return the suggestion and how many characters right of the cursor it replaces.

    What the suggestion repeats of the rest of the line is cut from its end, or, where it says more
    behind the repeated bracket, the rest of the line is replaced.
    """
    rest = rest_of_line(window.suffix).rstrip()
    if not rest or "\n" in text:
        return text, 0
    if not _closes_twice(text, rest, window, grammar):
        # No bracket is closed twice; a word or a quote may still stand twice.
        if text.endswith(rest) and (WORD.search(rest) or rest[0] in "'\"`"):
            return text[: -len(rest)].rstrip(), 0
        return text, 0
    for length in range(min(len(rest), len(text)), 0, -1):
        if text.endswith(rest[:length]):
            return text[:-length], 0
    if CLOSING.fullmatch(rest):
        return text, len(rest)
    return text, 0


def _closes_twice(text: str, rest: str, window: Window, grammar: str | None) -> bool:
    """Whether text and rest together close more brackets than the line has opened."""
    line_start = window.prefix.rpartition("\n")[2]
    if grammar is None:
        return bool(CLOSING.fullmatch(rest)) and text.endswith(rest)
    before = window.prefix[: len(window.prefix) - len(line_start)]
    ends = [len(encode(before + part)) for part in ("", line_start, line_start + text)]
    syntax = Syntax.parse(before + line_start + text + rest, grammar)
    if syntax is None:
        return False
    opened = unbalanced(syntax, ends[0], ends[1]).opened
    closed_by_text = unbalanced(syntax, ends[1], ends[2]).closed
    closed_by_rest = unbalanced(syntax, ends[2], ends[2] + len(encode(rest))).closed
    if not closed_by_text or not closed_by_rest:
        return False
    return len(closed_by_text) + len(closed_by_rest) > len(opened)
