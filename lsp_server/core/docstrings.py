"""Docstrings of Python, and how a model is shown long ones: each token costs it time."""

from __future__ import annotations

from tree_sitter import Node

SHORT = 5
"""Lines of a docstring that is shown whole."""


def docstring(body: Node | None) -> Node | None:
    """The docstring's string in the body of a function."""
    first = body.named_child(0) if body and body.named_child_count else None
    inner = first.named_child(0) if first and first.type == "expression_statement" else None
    return inner if inner and inner.type == "string" else None


def short(text: str) -> str:
    """A docstring, with its quotes, as it is shown: of a long one only the first paragraph."""
    lines = text.split("\n")
    if len(lines) <= SHORT:
        return text
    quote = text[-3:]
    first = next((n for n, line in enumerate(lines) if n and not line.strip()), SHORT)
    kept = lines[: min(first, SHORT)]
    indent = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    return "\n".join([*kept, f"{indent}{quote}"])
