"""What is wrong with a whole file, in words, as far as it can be told without any other tool."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from tree_sitter import Node

from lsp_server.actions.action import Diagnostic, Request
from lsp_server.actions.checks import between
from lsp_server.actions.troubles import Trouble
from lsp_server.actions.verify import ONLY_SYNTAX
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text, decode

MAX_ERRORS = 20
"""Places that don't parse; they follow from few."""
_NOT_PARSED = "This does not parse."


def wrong(request: Request) -> list[Diagnostic]:
    """What is wrong, in the order in which it stands; of a file that doesn't parse, that alone."""
    syntax = request.syntax
    broken = list(_broken(syntax))
    if broken:
        return broken
    troubles = between(request, None, 0, len(syntax.data))
    troubles.sort(key=lambda trouble: trouble.start)
    return [
        Diagnostic(trouble.start, trouble.end, _said(trouble, syntax))
        for trouble in troubles
        if trouble.sort != "syntax"  # Python is told by its own compiler
    ]


def syntax_errors(syntax: Syntax) -> int:
    """How much of a text doesn't parse; 0 if it does."""
    if syntax.grammar == "python":
        return max(1, syntax.errors()) if _python(syntax) else 0
    return syntax.errors()


def _broken(syntax: Syntax) -> Iterator[Diagnostic]:
    if syntax.grammar == "python":
        if told := _python(syntax):
            yield told
    elif syntax.tree.root_node.has_error:
        for number, node in enumerate(_errors(syntax)):
            if number == MAX_ERRORS:
                return
            yield Diagnostic(node.start_byte, node.end_byte, _NOT_PARSED)


def _python(syntax: Syntax) -> Diagnostic | None:
    """What the compiler says; syntax of a newer Python, which the parser alone knows, is right."""
    text = decode(syntax.data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<file>", "exec", ONLY_SYNTAX, dont_inherit=True)
        except SyntaxError as error:
            if not syntax.tree.root_node.has_error and not isinstance(error, IndentationError):
                return None
            lines = Text.of(text).lines
            row = min(max(1, error.lineno or 1), len(lines)) - 1
            start = len("".join(lines[:row]).encode("utf-8", "surrogatepass"))
            line = lines[row].rstrip()
            end = start + len(line.encode("utf-8", "surrogatepass"))
            start += len(line) - len(line.lstrip())
            return Diagnostic(start, end, f"{type(error).__name__}: {error.msg}")
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _errors(syntax: Syntax) -> Iterator[Node]:
    waiting = [syntax.tree.root_node]
    while waiting:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            waiting += reversed(node.children)


def _said(trouble: Trouble, syntax: Syntax) -> str:
    name = decode(syntax.data[trouble.start : trouble.end])
    match trouble.sort:
        case "name":
            return f"`{name}` is not defined."
        case "attribute":
            return f"There is no attribute `{name}` here."
        case "keyword":
            return f"No parameter named `{name}`."
        case "missing":
            return f"Arguments missing for parameters {', '.join(f'`{n}`' for n in trouble.names)}."
        case _:
            return "Imported but unused."
