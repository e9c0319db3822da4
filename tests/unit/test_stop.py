"""Where suggestions end. The text comes in pieces of every size, to the same result."""

from __future__ import annotations

import pytest

from lsp_server.completion.stop import Limits, Stopper
from lsp_server.completion.window import Window

UNLIMITED = Limits(max_lines=50)


def kept(
    prefix: str,
    generated: str,
    suffix: str = "\n",
    *,
    grammar: str | None = "python",
    limits: Limits = UNLIMITED,
    complete: bool = True,
) -> str:
    """What is kept of `generated`, the same whatever pieces it comes in."""
    results = set()
    for size in (1, 3, 1000):
        stopper = Stopper(Window(prefix, suffix), grammar, limits)
        for start in range(0, len(generated), size):
            stopper.feed(generated[start : start + size])
            if stopper.done:
                break
        else:
            stopper.finish(complete=complete)
        results.add(stopper.text)
    [result] = results
    return result


@pytest.mark.parametrize(
    ("prefix", "generated", "expected"),
    [
        ("x = ", "1\ny = 2\n", "1"),
        ("x = ", "foo(\n    1,\n    2,\n)\ny = 3\n", "foo(\n    1,\n    2,\n)"),
        ("x = ", '"""a\n(b\n"""\ny = 3\n', '"""a\n(b\n"""'),
        ("x = ", "')'  # (\ny = 3\n", "')'  # ("),
        ("def f():\n    ", "return 1\n\n\ndef g():\n", "return 1"),
        ("def f():", "\n    a()\n    return 2\nx\n", "\n    a()\n    return 2"),
        ("foo(", "1,\n    2)\nbar()\n", "1,\n    2)"),
        ("values = [", "\n    1,\n    2,\n]\nx = 1\n", "\n    1,\n    2,\n]"),
        ("x = 1", "\ny = 2\nz = 3\n", "\ny = 2"),
        ("", "", ""),
        ("x", "   \n", ""),
    ],
)
def test_a_statement_ends_where_nothing_is_open(prefix: str, generated: str, expected: str) -> None:
    assert kept(prefix, generated) == expected


@pytest.mark.parametrize(
    ("prefix", "generated", "expected"),
    [
        ("", "if x:\n    a()\n\n    b()\nc()\n", "if x:\n    a()\n\n    b()"),
        ("if x:\n    ", "for y in x:\n        a()\n    b()\n", "for y in x:\n        a()"),
        (
            "",
            "if x:\n    a()\nelif y:\n    b()\nelse:\n    c()\nd()\n",
            "if x:\n    a()\nelif y:\n    b()\nelse:\n    c()",
        ),
        (
            "",
            "try:\n    a()\nexcept E:\n    b()\nexceptional()\n",
            "try:\n    a()\nexcept E:\n    b()",
        ),
        ("", "d = {\n    1: 2,\n}\ne = 1\n", "d = {\n    1: 2,\n}"),
        ("", "def f(a,\n      b):\n    return a\nx\n", "def f(a,\n      b):\n    return a"),
    ],
)
def test_a_python_block_ends_at_the_dedent(prefix: str, generated: str, expected: str) -> None:
    assert kept(prefix, generated) == expected


def test_a_header_that_goes_on_behind_the_cursor_is_one_line() -> None:
    generated = 'Base):\n    """Text."""\n\n    code = 1\n'
    assert kept("class Error(", generated, "):\n    pass\n") == "Base):"


@pytest.mark.parametrize("suffix", [")\n", "\n)\n", "\n    )\n"])
def test_a_bracket_that_is_closed_behind_the_cursor(suffix: str) -> None:
    assert kept("foo(", "1,\n    2", suffix) == "1,"


def test_braces_end_a_block() -> None:
    generated = "if (x) {\n  a('}');\n} else {\n  b();\n}\nc();\n"
    expected = "if (x) {\n  a('}');\n} else {\n  b();\n}"
    assert kept("", generated, grammar="typescript") == expected


def test_code_to_the_right_means_one_line() -> None:
    assert kept("x = foo(", "1,\n2", " + bar)\n") == "1,"
    assert kept("x = foo(", "\n    1,\n", " + bar)\n") == ""


def test_a_file_without_grammar_gets_lines() -> None:
    assert kept("a ", "list (of\nthings)\n", grammar=None) == "list (of"


def test_it_stops_before_the_line_that_follows() -> None:
    suffix = "\n\n    return total\n"
    generated = "if x:\n        a()\n    return total\n"
    assert kept("    ", generated, suffix) == "if x:\n        a()"
    assert kept("    ", "return total\n", suffix) == ""
    assert kept("    ", "return total", suffix) == ""


def test_a_closing_bracket_that_follows_is_no_reason_to_stop() -> None:
    generated = "a({\n  b: 1,\n});\n"
    assert kept("", generated, "\n});\n", grammar="javascript") == "a({\n  b: 1,\n});"


def test_repeated_lines_are_kept_once() -> None:
    generated = "if x:\n    a()\n    b()\n    b()\n    b()\n    b()\n"
    assert kept("", generated) == "if x:\n    a()\n    b()"


def test_a_loop_within_a_line_is_cut() -> None:
    assert kept("x = [", "1, 2, " + "0, " * 40) == "1, 2, 0"
    assert kept("x = ", "0x" + "0" * 32 + "\n") == "0x" + "0" * 32
    assert kept("x = [" + "0, " * 40, "1]\n") == "1]"
    assert kept("", "# " + "-" * 70 + "\n") == "# " + "-" * 70


def test_out_of_time_the_whole_statements_are_kept() -> None:
    hurry = Limits(max_lines=50, in_time=lambda: False)
    assert kept("", "if (x) {\n  a();\n}\n", grammar="c", limits=hurry) == "if (x) {"
    assert kept("", "if x:\n    a()\n    b()\n", limits=hurry) == "if x:"
    assert kept("x = ", "1\n", limits=hurry) == "1"


def test_too_many_lines_are_cut_back() -> None:
    three = Limits(max_lines=3)
    generated = "for x in y:\n    a()\n    b()\n    c()\n    d()\n"
    assert kept("", generated, limits=three) == "for x in y:\n    a()\n    b()"
    unclosed = "x = [\n    1,\n    2,\n    3,\n    4,\n]\n"
    assert kept("", unclosed, limits=three) == "x = ["


def test_what_a_limit_cut_within_a_word_is_not_shown() -> None:
    assert kept("", "if x:\n    alpha()\n    bet", complete=False) == "if x:\n    alpha()"
    assert kept("", "if x:\n    alpha()\n    beta", complete=True) == (
        "if x:\n    alpha()\n    beta"
    )
    assert kept("x = ", "a_long_na", complete=False) == ""
    assert kept("", "if x:\n    a()\nelif y:\n    b()\nelif z:", complete=False) == (
        "if x:\n    a()\nelif y:\n    b()"
    )


def test_windows_line_ends() -> None:
    assert kept("x = ", "1\r\ny = 2\r\n", "\r\n") == "1"
    assert kept("    ", "a()\r\n    b()\r\n", "\r\n    b()\r\n") == "a()"


@pytest.mark.parametrize(
    ("generated", "expected"),
    [
        ("Here is the code:\n\n```python\n    return 1\n```\n", "    return 1"),
        (
            "```python\nif x:\n    a()\n    b()\n```\nThis code calls both.",
            "if x:\n    a()\n    b()",
        ),
        ("```\nfoo(\n    1,\n)\nbar()\n", "foo(\n    1,\n)"),
        ("The missing code is:\n```\n", ""),
    ],
)
def test_what_announces_the_code_is_no_statement(generated: str, expected: str) -> None:
    text = kept("def f(x):\n    ", generated)
    assert text.endswith(expected)
    announced = text.removesuffix(expected)
    assert announced == generated[: len(announced)]
    assert "```" in announced


def test_an_announcement_is_not_enough_when_the_time_is_over() -> None:
    stopper = Stopper(Window("def f(x):\n    ", "\n"), "python", UNLIMITED)
    stopper.feed("```python\n")
    assert not stopper.interrupt()
    stopper.feed("    return x + valu")
    assert stopper.interrupt()
    assert stopper.text == "```python\n    return x +"


def test_a_docstring_may_talk() -> None:
    assert kept('def f(x):\n    """', "Note that x is old.\nMore", '"""\n') == "Note that x is old."


@pytest.mark.parametrize(
    ("prefix", "below", "expected"),
    [
        ("def f(x):\n    ", "        b()\n", "if x:"),
        ("def f(x):\n    ", "    b()\n", "if x:\n        a()"),
        ("def f(x):\n    ", "", "if x:\n        a()"),
    ],
)
def test_a_block_whose_body_stands_below(prefix: str, below: str, expected: str) -> None:
    assert kept(prefix, "if x:\n        a()\n    c()\n", "\n" + below) == expected
