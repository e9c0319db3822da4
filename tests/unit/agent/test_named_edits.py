"""Definitions replaced, imports added and names changed: `named_edits.txt` has the cases.

A case names a grammar, what is done and to what; then come the code (`same` as in the case before),
the new source or name, and the lines that change, with their numbers.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from lsp_server.agent.edits.check import new_errors
from lsp_server.agent.edits.imports import insert_import
from lsp_server.agent.edits.rename import rename
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.agent.edits.symbols import replace_symbol
from lsp_server.core.syntax import Syntax

CASES = Path(__file__).with_name("named_edits.txt")


def read_cases() -> list[tuple[str, str, str, str, str, str]]:
    found: list[tuple[str, str, str, str, str, str]] = []
    code = ""
    for part in re.split(r"^=== ", CASES.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        head, _, rest = part.partition("\n")
        grammar, operation, name = head.split(" ", 2)
        shown, new, gives = re.split(r"^--- \w+\n", rest, flags=re.MULTILINE)
        code = code if shown == "same\n" else shown
        found.append((grammar, operation, name, code, new.rstrip("\n"), gives.rstrip("\n")))
    return found


def outcome(grammar: str, operation: str, name: str, code: str, new: str) -> Applied | Refused:
    syntax = Syntax.parse(code, grammar)
    assert syntax
    match operation:
        case "replace":
            return replace_symbol(syntax, name, new)
        case "import":
            return insert_import(syntax, name)
        case _:
            return rename(syntax, name, new)


def shown(code: str, result: Applied | Refused) -> str:
    if isinstance(result, Refused):
        return "refused: " + " ".join((result.reason, *result.names))
    old, new = code.splitlines(), result.text.splitlines()
    lines: list[str] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        if kind != "equal":
            lines += [f"-{row + 1}: {old[row]}" for row in range(start, end)]
            lines += [f"+{row + 1}: {new[row]}" for row in range(new_start, new_end)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("grammar", "operation", "name", "code", "new", "gives"),
    read_cases(),
    ids=lambda value: value if len(value) < 20 and "\n" not in value else "",
)
def test_case(grammar: str, operation: str, name: str, code: str, new: str, gives: str) -> None:
    result = outcome(grammar, operation, name, code, new)
    assert shown(code, result) == gives
    if isinstance(result, Applied):
        after = Syntax.parse(result.text, grammar)
        assert after
        assert new_errors(Syntax.parse(code, grammar), after) == []
        lines = result.text.splitlines()
        assert 0 <= result.first_row <= result.last_row < len(lines)
        rows = [int(row) - 1 for row in re.findall(r"^\+(\d+): .", gives, re.MULTILINE)]
        assert all(result.first_row <= row <= result.last_row for row in rows)


def test_there_are_cases() -> None:
    assert len(read_cases()) > 70


def test_line_ends_stay() -> None:
    code = "def f():\r\n    return 1\r\n\r\n\r\nx = f()\r\n"
    syntax = Syntax.parse(code, "python")
    assert syntax
    replaced = replace_symbol(syntax, "f", "def f():\n    y = 1\n    return y\n")
    assert isinstance(replaced, Applied)
    assert replaced.text == code.replace("return 1", "y = 1\r\n    return y")
    imported = insert_import(syntax, "import a")
    assert isinstance(imported, Applied)
    assert imported.text == "import a\r\n\r\n" + code
