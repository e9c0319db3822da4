"""Fit a suggestion to what already stands to the right of the cursor.

Editors close brackets and quotes in advance, so `call(|)` is where most suggestions are asked for,
and models write the closing bracket all the same.
"""

from __future__ import annotations

from os.path import commonprefix

from lsp_server.completion.stop import WORD
from lsp_server.completion.window import CLOSING, Window, rest_of_line
from lsp_server.core.balance import unbalanced
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import encode

QUOTES = "'\"`"
PAIRS = {")": "(", "]": "[", "}": "{"}


def fit_to_line(text: str, window: Window, grammar: str | None) -> tuple[str, int]:
    """Return the suggestion and how many characters right of the cursor it replaces.

    What the suggestion repeats of the rest of the line, its beginning or its end, is cut off, or,
    where it says more behind a repeated bracket, the rest of the line is replaced. Nothing is left
    of a suggestion that would then miss a bracket.
    """
    rest = rest_of_line(window.suffix).rstrip()
    if not rest:
        return text, 0
    text = _without_comment(text, window, grammar)
    closed = _closed_in_vain(text, rest, window, grammar)
    only_closing = CLOSING.fullmatch(rest)
    for length in range(min(len(rest), len(text)), 0, -1):
        if not text.endswith(rest[:length]):
            continue
        shorter = text[:-length]
        whole_word = length == len(rest) and WORD.search(rest)
        quote = only_closing and rest[0] in QUOTES
        if whole_word or quote or _closed_in_vain(shorter, rest, window, grammar) < closed:
            return shorter.rstrip(), 0
    if closed:
        tail = len(commonprefix([text[::-1], rest[::-1]]))
        if tail and _closed_in_vain(text[:-tail], rest, window, grammar) < closed:
            return text[:-tail].rstrip(), 0
    if not closed or not only_closing:
        return text, 0
    return ("", 0) if _misses(text, rest, window, grammar) else (text, len(rest))


def _without_comment(text: str, window: Window, grammar: str | None) -> str:
    """The text without a comment at its end, which would take in what is right of the cursor."""
    marker = "#" if grammar == "python" else "//"
    if grammar is None or marker not in text.rpartition("\n")[2]:
        return text
    start, data = len(encode(window.prefix)), encode(window.prefix + text)
    syntax = Syntax.parse(window.prefix + text, grammar)
    if syntax is None:
        return text
    node = syntax.tree.root_node.descendant_for_byte_range(len(data) - 1, len(data))
    if node is None or "comment" not in node.type or node.start_byte < start:
        return text
    if not data.startswith(marker.encode(), node.start_byte):
        return text  # it has an end of its own
    return data[start : node.start_byte].decode("utf-8", "surrogatepass").rstrip()


def _misses(text: str, rest: str, window: Window, grammar: str | None) -> bool:
    """Whether a bracket of the kinds that the rest closes is open once the rest is replaced."""
    line_start = window.prefix.rpartition("\n")[2]
    whole = window.prefix + text
    syntax = None if grammar is None else Syntax.parse(whole, grammar)
    if syntax is None:
        line = line_start + text
        closers = PAIRS.keys() & set(rest)
        return any(line.count(PAIRS[closer]) > line.count(closer) for closer in closers)
    start = len(encode(window.prefix[: len(window.prefix) - len(line_start)]))
    opened = unbalanced(syntax, start, len(encode(whole))).opened
    return any(PAIRS.get(character) in opened for character in rest)


def _closed_in_vain(text: str, rest: str, window: Window, grammar: str | None) -> int:
    """How many brackets text and rest together close that the line has not opened."""
    line_start = window.prefix.rpartition("\n")[2]
    if grammar is None:
        line = line_start + text + rest
        return max(0, sum(map(line.count, ")]}")) - sum(map(line.count, "([{")))
    before = window.prefix[: len(window.prefix) - len(line_start)]
    ends = [len(encode(before + part)) for part in ("", line_start, line_start + text)]
    syntax = Syntax.parse(before + line_start + text + rest, grammar)
    if syntax is None:
        return 0
    opened = unbalanced(syntax, ends[0], ends[1]).opened
    closed_by_text = unbalanced(syntax, ends[1], ends[2]).closed
    closed_by_rest = unbalanced(syntax, ends[2], ends[2] + len(encode(rest))).closed
    if not closed_by_text or not closed_by_rest:
        return 0
    return max(0, len(closed_by_text) + len(closed_by_rest) - len(opened))
