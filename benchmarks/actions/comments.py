"""Functions of real files without what documents them, and whether a comment is all that is new."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_server.core.docstrings import docstring
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

FEWEST_LINES, MOST_BYTES = 4, 5_000
_ABOVE = ("//", "/*", "*")
"""How the lines of a comment begin above a function, outside of Python."""


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
        whole, body = declared.whole, declared.body
        lines = symbol.last_row - symbol.first_row + 1
        size = whole.end_byte - whole.start_byte
        if symbol.kind not in ("function", "method") or body is None:
            continue
        if lines < FEWEST_LINES or size > MOST_BYTES:
            continue
        row = text.count("\n", 0, declared.start_byte)
        doc = docstring(body) if grammar == "python" else None
        if doc is not None:
            if body.named_child_count == 1:
                continue  # nothing would be left
            end = text.index("\n", doc.end_byte) + 1
            stripped = text[: text.rindex("\n", 0, doc.start_byte) + 1] + text[end:]
        elif grammar == "python":
            stripped = text
        else:
            rows = text.split("\n")
            first = text.count("\n", 0, whole.start_byte)
            above = first
            while above and rows[above - 1].lstrip().startswith(_ABOVE):
                above -= 1
            if above and rows[above - 1].lstrip().startswith(("#[", "@")):
                continue
            stripped = "\n".join([*rows[:above], *rows[first:]])
            row -= first - above
        line = stripped.split("\n")[row]
        after = Syntax.parse(stripped, grammar)
        if after is not None and not after.tree.root_node.has_error:
            yield Bare(symbol.name, stripped, row, len(line) - len(line.lstrip()))


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
