"""What judges comments and tests that a model writes; and the faults that are made."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
from tree_sitter import Node

from benchmarks.actions import typescript_cases
from benchmarks.actions.comments import bare, only_comment_is_new, parses
from benchmarks.actions.python_faults import MAKERS, changes
from benchmarks.actions.untested import Verdict, judge, without_tests

PYTHON = "@cache\ndef f(a):\n    b = a\n    c = b\n    return c\n\n\n'x'\n"
RUST = "// One.\nfn f(a: u8) -> u8 {\n    a\n}\n"


@pytest.mark.parametrize(
    ("before", "after", "grammar", "right"),
    [
        (PYTHON, PYTHON.replace(":\n", ':\n    """Do.\n\n    b = 1\n    """\n', 1), "python", True),
        (PYTHON, PYTHON.replace(":\n", ':\n    r"""Do \\it."""\n', 1), "python", True),
        (PYTHON, PYTHON.replace(":\n", ":\n    'Do it.'\n", 1), "python", True),
        (PYTHON, PYTHON.replace("    c", '    """Do it."""\n    c'), "python", False),
        (PYTHON, PYTHON.replace(":\n", ':\n    """Do it."""\n', 1) + "\n", "python", False),
        (PYTHON, PYTHON.replace(":\n", ':\n    """Do it."""\n    b = 1\n', 1), "python", False),
        (PYTHON, PYTHON.replace("b = a", '"""Do it."""\n    b  = a'), "python", False),
        (PYTHON, PYTHON, "python", False),
        (RUST, f"/// Do it.\n///\n/// Well.\n{RUST}", "rust", True),
        (RUST, RUST.replace("fn", "/// Do it.\nfn"), "rust", True),
        (RUST, RUST.replace("// One", "// Two.\n// One"), "rust", True),
        (RUST, f"/// Do it.\npub {RUST}", "rust", False),
        (RUST, f"/// Do it.\nuse a;\n{RUST}", "rust", False),
        (RUST, f"/** Do it.\n */\n{RUST}", "typescript", True),
        (RUST, f"/** Do it.\n */ use a; /* */\n{RUST}", "typescript", False),
        (RUST, RUST[3:], "rust", False),
    ],
)  # fmt: skip
def test_nothing_but_a_comment_may_be_new(
    before: str, after: str, grammar: str, right: bool
) -> None:
    assert only_comment_is_new(before, after, grammar) is right


def test_what_does_not_parse_is_told() -> None:
    assert parses(PYTHON, "python")
    assert parses(RUST, "rust")
    assert not parses(RUST + "}", "rust")
    assert not parses("def f():\n    return\n  x\n", "python")
    assert not parses("return = 1\n", "python")


@pytest.mark.parametrize(
    ("text", "grammar", "expected", "header"),
    [
        ('def f(a):\n    """Do.\n\n    It.\n    """\n    b = a\n    return b\n', "python",
         "def f(a):\n    b = a\n    return b\n", "def f(a):"),
        ("let x = 1;\n\n/**\n * Do.\n */\nfunction f(a) {\n  a();\n  b();\n}\n", "javascript",
         "let x = 1;\n\nfunction f(a) {\n  a();\n  b();\n}\n", "function f(a) {"),
        ("package a\n\n// Does.\n// It.\nfunc f() {\n\tg()\n\tg()\n}\n", "go",
         "package a\n\nfunc f() {\n\tg()\n\tg()\n}\n", "func f() {"),
        ("fn a() {}\n\nfn f() {\n    g();\n    g();\n}\n", "rust",
         "fn a() {}\n\nfn f() {\n    g();\n    g();\n}\n", "fn f() {"),
    ],
)  # fmt: skip
def test_documentation_is_taken_away(text: str, grammar: str, expected: str, header: str) -> None:
    [found] = bare(text, grammar)
    assert (found.name, found.text) == ("f", expected)
    assert found.text.split("\n")[found.row][found.column :] == header


SHOP = "def double(n):\n    return 2 * n\n\n\ndef half(n):\n    return n / 2\n"
TESTS = '''import shop


def test_half():
    assert shop.half(4) == 2


@mark
def test_double():
    assert shop.double(2) == 4


class TestDouble:
    def test_more(self):
        assert shop.double(0) == 0


class TestBoth:
    """Both."""

    def test_double(self):
        assert shop.double(1) == 2

    def test_half(self):
        assert shop.half(2) == 1
'''
LEFT = '''import shop


def test_half():
    assert shop.half(4) == 2




class TestBoth:
    """Both."""


    def test_half(self):
        assert shop.half(2) == 1
'''


def test_tests_of_a_function_are_taken_away() -> None:
    left = without_tests(TESTS, "double")
    assert [line for line in left.split("\n") if line] == [x for x in LEFT.split("\n") if x]
    assert without_tests(TESTS, "triple") == TESTS


KNOWN = "import shop\n\n\ndef test_half():\n    assert shop.half(4) == 2\n"


def new(check: str) -> str:
    return f"{KNOWN}\n\ndef test_double():\n    assert {check}\n"


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ({}, Verdict()),
        ({"test_shop.py": new("shop.double(2) == 4")}, Verdict(True, True, True, True)),
        ({"tests/test_new.py": new("shop.double(3) == 6")}, Verdict(True, True, True, True)),
        ({"test_shop.py": new("callable(shop.double)")}, Verdict(True, True, True)),
        ({"test_shop.py": new("shop.double(2) == 5")}, Verdict(True, True)),
        ({"test_shop.py": f"{KNOWN}\n\nx = 1\n"}, Verdict(True)),
        ({"test_shop.py": "def test_double(:\n"}, Verdict(True)),
        ({"shop.py": new("True")}, Verdict(True)),
    ],
)
def test_tests_must_pass_and_find_a_fault(
    tmp_path: Path, written: dict[str, str], verdict: Verdict
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(KNOWN)
    found = judge(tmp_path, "shop.py", "double", written)
    steps = found.wrote, found.parses, found.passes, found.finds
    assert steps == (verdict.wrote, verdict.parses, verdict.passes, verdict.finds), found.why
    assert bool(found.why) == (found.wrote and not found.finds)
    assert (tmp_path / "shop.py").read_text() == SHOP


SOURCE = '''def total(prices, limit, found=0):
    """Say 1 + 1."""
    for price in prices[1:]:
        if not price < limit and price != 2:
            found += rounded(price, limit, digits=len(prices))
    return found - 1
'''


@pytest.mark.parametrize("key", MAKERS)
def test_a_fault_is_one_change_within_the_body(key: tuple[str, str]) -> None:
    [function] = ast.parse(SOURCE).body
    assert isinstance(function, ast.FunctionDef)
    found = list(changes(MAKERS[key], SOURCE, function, random.Random(1)))
    assert found
    first = SOURCE.index("    for")
    for each in found:
        assert first <= each.start <= each.end <= len(SOURCE)
        assert ast.dump(ast.parse(each.of(SOURCE))) != ast.dump(ast.parse(SOURCE))
    again = list(changes(MAKERS[key], SOURCE, function, random.Random(1)))
    assert found == again


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        (("name", "test"), "limit and", "found and"),
        (("operator", "test"), "price < limit", "price > limit"),
        (("operator", "test"), "not price", "price"),
        (("operator", "test"), "found += ", "found -= "),
        (("return", "test"), "return found", "found"),
        (("off-by-one", "test"), "[1:]", "[2:]"),
        (("off-by-one", "test"), "price < limit", "price <= limit"),
        (("off-by-one", "test"), "found - 1", "found"),
        (("off-by-one", "test"), "len(prices)", "len(prices + 1)"),
        (("argument", "checker"), ", limit, digits", ", digits"),
        (("argument", "test"), "(price, limit,", "(limit, price,"),
    ],
)
def test_such_faults_are_made(key: tuple[str, str], old: str, new: str) -> None:
    [function] = ast.parse(SOURCE).body
    assert isinstance(function, ast.FunctionDef)
    made = {each.of(SOURCE) for each in changes(MAKERS[key], SOURCE, function, random.Random(1))}
    assert SOURCE.replace(old, new) in made


SCRIPT = """export function joined(parts: string[], sep: string): string {
  const found = parts.filter(nonEmpty);
  return found.join(sep);
}
"""


@pytest.mark.parametrize(
    ("sort", "old", "new"),
    [
        ("call", "join(sep)", "join()"),
        ("call", "join(sep)", "join({})"),
        ("return", "return found.join", "found.join"),
        ("type", "): string", "): number"),
    ],
)
def test_faults_of_typescript_are_made(sort: str, old: str, new: str) -> None:
    [function] = typescript_cases.functions(SCRIPT)
    assert isinstance(function, Node)
    found = typescript_cases.changes(sort, function, SCRIPT.encode(), random.Random(1))
    assert SCRIPT.replace(old, new) in {each.of(SCRIPT) for each in found}
    assert all(each.of(SCRIPT) != SCRIPT for each in found)
