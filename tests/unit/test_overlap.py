"""Suggestions beside brackets and quotes that are closed already."""

from __future__ import annotations

import pytest

from lsp_server.completion.overlap import fit_to_line
from lsp_server.completion.window import Window


@pytest.mark.parametrize(
    ("prefix", "text", "rest", "expected"),
    [
        # nothing twice
        ("print(", "a", ")", ("a", 0)),
        ("print(", "len(a)", ")", ("len(a)", 0)),
        ("print(len(", "a)", ")", ("a)", 0)),
        ("x = ", "foo()", "", ("foo()", 0)),
        # closed twice: cut from the end
        ("print(", "a)", ")", ("a", 0)),
        ("def f(", "a, b):", "):", ("a, b", 0)),
        ("x = [", "1, 2]", "]", ("1, 2", 0)),
        ('print("', 'hello")', '")', ("hello", 0)),
        ("print('", "hello'", "')", ("hello", 0)),
        # says more behind the bracket: the rest of the line gives way
        ("def f(", "a, b) -> int:", "):", ("a, b) -> int:", 2)),
        ("x = foo(", "1).bar()", ")", ("1).bar()", 1)),
        # the end of the rest, written once more
        ("y = max(", "a * b, LOW)", " - c, LOW)", ("a * b", 0)),
        ("y = (", "a() + b()", " + c())", ("a() + b()", 0)),
        # one bracket too few: nothing
        ('d = {"a": [', '1], "b": {"c": 4', "]}", ("", 0)),
        # brackets in strings are no brackets
        ("print(", '")"', ")", ('")"', 0)),
        # a comment would take in the rest
        ("f(", "a, b)  # type: ignore", ")", ("a, b", 0)),
        ("f(", "a, '# no comment'", ")", ("a, '# no comment'", 0)),
        ("x = 1  # see ", "issue #3", ")", ("issue #3", 0)),
        # a word twice
        ("x = ", "alpha + beta", "beta", ("alpha + ".rstrip(), 0)),
    ],
)
def test_python(prefix: str, text: str, rest: str, expected: tuple[str, int]) -> None:
    assert fit_to_line(text, Window(prefix, rest + "\nnext\n"), "python") == expected


def test_a_bracket_that_an_earlier_line_opened() -> None:
    window = Window("foo(\n    a,\n    b", ")\n")
    assert fit_to_line("[0]", window, "python") == ("[0]", 0)
    assert fit_to_line("[0])", window, "python") == ("[0]", 0)


def test_several_lines() -> None:
    window = Window("def area(", ")\nnext\n")
    whole = "width, height):\n    return width * height"
    assert fit_to_line(whole, window, "python") == (whole, 1)
    inner = "\n    width,\n    height,\n"
    assert fit_to_line(inner, window, "python") == (inner, 0)
    assert fit_to_line(inner + ")", window, "python") == (inner.rstrip(), 0)


def test_plain_text() -> None:
    assert fit_to_line("a)", Window("see (", ")\n"), None) == ("a", 0)
    assert fit_to_line("a", Window("see (", ")\n"), None) == ("a", 0)
    assert fit_to_line("max(a, b", Window("print(", ")\n"), None) == ("max(a, b", 0)
    assert fit_to_line("max(a, b)", Window("print(", ")\n"), None) == ("max(a, b)", 0)
    assert fit_to_line("max(a, b))", Window("print(", ")\n"), None) == ("max(a, b)", 0)
