"""Functions of real files without what documents them, and whether a comment is all that is new."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.core.definitions import Declared
from lsp_server.core.docstrings import docstring
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

FEWEST_LINES, MOST_BYTES = 4, 5_000
_COMMENT = ("//", "/*", "*")
"""How the lines of a comment begin above a function, outside of Python."""
_DRESS = ("#[", "@")
"""How attributes and decorators begin."""


@dataclass(frozen=True, slots=True)
class Bare:
    """A file in which one function has no documentation."""

    name: str
    text: str
    row: int
    column: int
    """Of the function's header, from 0; the column in characters of ASCII text."""


def bare(text: str, grammar: str) -> Iterator[Bare]:
    """Each function and method of a file, not too short, with its documentation taken away."""
    syntax = Syntax.parse(text, grammar)
    if syntax is None or syntax.tree.root_node.has_error or not text.isascii() or "\r" in text:
        return
    for symbol, declared in definitions(syntax):
        lines = symbol.last_row - symbol.first_row + 1
        size = declared.whole.end_byte - declared.whole.start_byte
        if symbol.kind not in ("function", "method") or declared.body is None:
            continue
        if lines < FEWEST_LINES or size > MOST_BYTES:
            continue
        without = _without_docstring if grammar == "python" else _without_comment
        if (found := without(text, declared)) is None:
            continue
        stripped, row = found
        line = stripped.split("\n")[row]
        if parses(stripped, grammar):
            yield Bare(symbol.name, stripped, row, len(line) - len(line.lstrip()))


def _without_docstring(text: str, declared: Declared) -> tuple[str, int] | None:
    """The file, and the row of the function's header; None if nothing would be left of it."""
    row = text.count("\n", 0, declared.start_byte)
    doc = docstring(declared.body)
    if doc is None:
        return text, row
    if declared.body is None or declared.body.named_child_count == 1:
        return None
    end = text.index("\n", doc.end_byte) + 1
    return text[: text.rindex("\n", 0, doc.start_byte) + 1] + text[end:], row


def _without_comment(text: str, declared: Declared) -> tuple[str, int] | None:
    """The same by the comment above; None where something stands between the two."""
    rows = text.split("\n")
    first = text.count("\n", 0, declared.whole.start_byte)
    above = first
    while above and rows[above - 1].lstrip().startswith(_COMMENT):
        above -= 1
    if above and rows[above - 1].lstrip().startswith(_DRESS):
        return None
    row = text.count("\n", 0, declared.start_byte) - (first - above)
    return "\n".join([*rows[:above], *rows[first:]]), row


def parses(text: str, grammar: str) -> bool:
    """Whether a whole file does."""
    syntax = Syntax.parse(text, grammar)
    if syntax is None or syntax.tree.root_node.has_error:
        return False
    return grammar != "python" or _tree(text) is not None


def only_comment_is_new(before: str, after: str, grammar: str) -> bool:
    """Whether a text is another one with one comment, or one docstring, put in."""
    size = len(after) - len(before)
    if size <= 0:
        return False
    start = 0
    while start < len(before) and before[start] == after[start]:
        start += 1
    # What is put in may begin as what stands behind it does, so it may lie further left.
    while start >= 0 and after[start + size :] == before[start:]:
        if _is_comment(after[start : start + size].strip(), grammar):
            return grammar != "python" or _same_program(before, after)
        if start == 0 or after[start - 1] != after[start + size - 1]:
            return False
        start -= 1
    return False


def _is_comment(text: str, grammar: str) -> bool:
    if grammar == "python":
        try:
            return isinstance(ast.literal_eval(text), str)
        except (SyntaxError, ValueError):
            return False
    if text.startswith("/*"):
        return text.find("*/") == len(text) - 2
    return bool(text) and all(line.lstrip().startswith("//") for line in text.split("\n"))


def _same_program(before: str, after: str) -> bool:
    """Whether two programs are the same but for docstrings."""
    one, other = _tree(before), _tree(after)
    return one is not None and other is not None and _bare(one) == _bare(other)


def _bare(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                del node.body[0]
    return ast.dump(tree)


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None
