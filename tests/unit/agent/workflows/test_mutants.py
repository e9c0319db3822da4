"""Small changes of a function: the one that mends a fault is among them, and all are code."""

from __future__ import annotations

import ast

import pytest

from lsp_server.agent.desk import File
from lsp_server.agent.workflows.mutants import MAX_MUTANTS, mutants
from lsp_server.agent.workflows.names import Source
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

SCALED = '''\
class Scale:
    @staticmethod
    def scaled(values, factor, offset=0, strict=False):
        """Values < 1 and 2 more."""
        found = []
        for number, value in enumerate(values):
            if value < factor and number != 3:
                found.append(value * factor - 1)
        rest = values[1:]
        return divide(found, rest)
'''


def source(text: str, name: str) -> Source:
    syntax = Syntax.parse(text, "python")
    assert syntax is not None
    symbol, declared = next(each for each in definitions(syntax) if each[0].name == name)
    return Source(File("a.py", text, None), syntax, symbol, declared)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("value < factor", "value <= factor"),
        ("value < factor", "value > factor"),
        ("value < factor", "value < offset"),
        ("number != 3", "number == 3"),
        ("number != 3", "number != 2"),
        ("factor and number", "factor or number"),
        ("value * factor", "value / factor"),
        ("value * factor", "factor * factor"),
        ("factor - 1", "factor + 1"),
        ("values[1:]", "values[1:-1]"),
        ("if value < factor and number != 3", "if (strict or (value < factor and number != 3))"),
        ("divide(found, rest)", "divide(rest, found)"),
        ("strict=False", "strict=True"),
    ],
)
def test_the_opposite_of_a_mistake_is_among_them(right: str, wrong: str) -> None:
    assert SCALED.count(right) == 1
    faulty = source(SCALED.replace(right, wrong), "scaled")
    wanted = ast.dump(ast.parse(SCALED))
    start = SCALED.index("    @staticmethod")
    found = [ast.dump(ast.parse(SCALED[:start] + code)) for code in mutants(faulty)]
    assert wanted in found


def test_what_was_worked_out_is_returned() -> None:
    text = "def total(values):\n    found = 0\n    for each in values:\n        found += each\n"
    found = list(mutants(source(text, "total")))
    assert any(code == f"{text}    return found" for code in (each.rstrip() for each in found))
    assert "def f(x):\n    return g(x)" in list(mutants(source("def f(x):\n    g(x)", "f")))


def test_all_are_code_none_twice_and_texts_stay() -> None:
    faulty = source(SCALED, "scaled")
    found = list(mutants(faulty))
    assert 30 < len(found) <= MAX_MUTANTS
    assert len({*found}) == len(found)
    assert faulty.text not in found
    for code in found:
        ast.parse("class Scale:\n" + code)
        assert '"""Values < 1 and 2 more."""' in code
        assert code.startswith("    @staticmethod\n")


def test_other_languages_have_none() -> None:
    syntax = Syntax.parse("function f(a) { return a < 1 }", "javascript")
    assert syntax is not None
    symbol, declared = definitions(syntax)[0]
    assert not list(mutants(Source(File("a.js", "", None), syntax, symbol, declared)))
