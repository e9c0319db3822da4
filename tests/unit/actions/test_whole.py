"""What is found wrong with a whole file without any tool."""

from __future__ import annotations

import pytest

from lsp_server.actions.whole import syntax_errors, wrong
from tests.unit.actions.cases import request

CASES: list[tuple[str, str, list[tuple[str, str]]]] = [
    ("a.py", "import os\n\n\ndef f(a):\n    return b + len(aa)\n",
     [("import os", "Imported but unused."), ("b", "`b` is not defined."),
      ("aa", "`aa` is not defined.")]),
    ("a.py", "def f(a, b): ...\n\n\nf(1)\nf(1, c=2)\n",
     [(")", "Arguments missing for parameters `b`."), ("c", "No parameter named `c`.")]),
    ("a.py", "class A:\n    x = 1\n\n\nA().y\n", [("y", "There is no attribute `y` here.")]),
    ("a.py", "é = 1\nx = (\n", [("x = (", "SyntaxError: '(' was never closed")]),
    ("a.py", "def f():\nreturn 1\n",
     [("return 1", "IndentationError: expected an indented block after function definition on "
       "line 1")]),
    ("a.py", "type X = int\nprint(f'{X['b']}')\n", []),  # of a newer Python
    ("a.py", "x = 1\n" * 3_000 + "y\n", [("y", "`y` is not defined.")]),
    ("a.py", "", []),
    ("a.ts", "const a = {\nfoo(;\n", [("= {\nfoo(", "This does not parse.")]),
    ("a.ts", "export function f(a: number) {\n  return b;\n}\n", [("b", "`b` is not defined.")]),
    ("a.go", "package main\n\nfunc main() { x( }\n", [("(", "This does not parse.")]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "found"), CASES)
def test_what_is_wrong(path: str, text: str, found: list[tuple[str, str]]) -> None:
    asked = request(text, path)
    data = text.encode()
    told = [(data[each.start : each.end].decode(), each.message) for each in wrong(asked)]
    assert told == found
    is_broken = any("parse" in message or "Error" in message for _, message in found)
    assert (syntax_errors(asked.syntax) > 0) == is_broken
