"""What a model is shown of a function, and what becomes of what it writes."""

from __future__ import annotations

import pytest

from lsp_server.agent.desk import File
from lsp_server.agent.workflows.gaps import MARK, gaps
from lsp_server.agent.workflows.lean import head, lean, restored
from lsp_server.agent.workflows.names import Source
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

LONG = '''\
class A:
    @staticmethod
    def f(a, b=1):
        """Say what it does.

        >>> f(1)
        2
        >>> f(2)
        3
        """
        if a > b:
            return (
                a
            )
        elif a:
            for c in a:
                print(c)
        else:
            b = 2
        return b
'''


@pytest.fixture
def source() -> Source:
    syntax = Syntax.parse(LONG, "python")
    assert syntax
    found = {symbol.name: (symbol, declared) for symbol, declared in definitions(syntax)}
    return Source(File("a.py", LONG, None), syntax, *found["f"])


def test_a_long_docstring_is_shown_short_and_put_back(source: Source) -> None:
    shown = lean(source)
    assert '"""Say what it does.\n        """\n        if a > b:' in shown
    assert ">>>" not in shown
    assert restored(source, shown) == source.text


@pytest.mark.parametrize("doc", ['"""Another."""', ""])
def test_a_docstring_is_not_for_the_model_to_change(source: Source, doc: str) -> None:
    code = f"def f(a, b=1):\n    {doc}\n    return a\n"
    text = restored(source, code)
    assert ">>> f(2)" in text
    assert "Another" not in text
    syntax = Syntax.parse(text, "python")
    assert syntax
    assert not syntax.tree.root_node.has_error


def test_the_head_ends_with_the_docstring(source: Source) -> None:
    assert head(source).startswith("    @staticmethod\n    def f(a, b=1):\n")
    assert head(source).endswith('"""Say what it does.\n        """')


def test_each_line_of_a_function_is_taken_out_once(source: Source) -> None:
    found = gaps(source)
    lines = [gap.shown.split(MARK)[0].count("\n") for gap in found]
    assert len(set(lines)) == len(found) == 6
    for gap in found:
        assert gap.filled("pass").count("\n") == source.text.count("\n")
        assert ">>>" not in gap.begun
        assert ">>>" not in gap.shown
        assert not gap.begun.endswith("        ") or gap.begun.rstrip(" ") != gap.begun
    taken = {line.strip() for gap in found for line in source.text.split("\n")
             if gap.filled("") .count(line.strip()) < source.text.count(line.strip())}  # fmt: skip
    assert {"if a > b:", "elif a:", "for c in a:", "print(c)", "b = 2", "return b"} <= taken
