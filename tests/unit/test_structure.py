from __future__ import annotations

import pytest

from lsp_server.core.balance import Balance, unbalanced
from lsp_server.core.structure import definition_rows
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text

EVERYTHING = 10**9


def parse(text: str, grammar: str) -> Syntax:
    syntax = Syntax.parse(text, grammar)
    assert syntax
    return syntax


PYTHON = """import a

# about A
@b
class A:
    x = 1

    def f(self):
        if x:
            return 1

def g(): pass
"""

RUST = "mod a {\n    /// b\n    #[c]\n    fn d() {}\n}\nimpl E {\n    fn f() {}\n}\n"
TYPESCRIPT = "export class A {\n  b = 1;\n  c() {}\n}\nnamespace D {\n  let e; let f;\n}\n"
CPP = "namespace a {\ntemplate <class T>\nclass B {\n  int c;\n};\n}\n"

DEFINITIONS = [
    ("python", PYTHON, [(0, 0), (2, 9), (5, 5), (7, 9), (11, 11)]),
    ("python", "a = 1  # b\nc = 2\n", [(0, 0), (1, 1)]),
    ("rust", RUST, [(0, 4), (1, 3), (5, 7), (6, 6)]),
    ("typescript", TYPESCRIPT, [(0, 3), (1, 1), (2, 2), (4, 6), (5, 5)]),
    ("java", "class A {\n  int b;\n  void c() {\n    d();\n  }\n}\n", [(0, 5), (1, 1), (2, 4)]),
    ("cpp", CPP, [(0, 5), (1, 4), (3, 3)]),
    ("c", "#ifndef A\n#define A\nint f(void)\n{\n}\n#endif\n", [(0, 5), (1, 1), (2, 4)]),
    ("go", "package a\n\n// b\nfunc b() {\n}\n", [(0, 0), (2, 4)]),
    ("javascript", "const a = 1;\nclass B {\n  c() {}\n}\n", [(0, 0), (1, 3), (2, 2)]),
    ("tsx", "function A() {\n  return <p/>;\n}\nlet b;\n", [(0, 2), (3, 3)]),
]


@pytest.mark.parametrize(("grammar", "code", "rows"), DEFINITIONS)
def test_definition_rows(grammar: str, code: str, rows: list[tuple[int, int]]) -> None:
    assert definition_rows(parse(code, grammar), 0, EVERYTHING) == rows
    crlf = parse(code.replace("\n", "\r\n"), grammar)
    assert definition_rows(crlf, 0, EVERYTHING) == rows


def test_definition_rows_of_a_part() -> None:
    syntax = parse(PYTHON, "python")
    assert definition_rows(syntax, 6, 8) == [(2, 9), (7, 9)]
    assert definition_rows(syntax, 4, 4) == [(2, 9)]
    assert definition_rows(syntax, 11, 11) == [(11, 11)]
    assert definition_rows(syntax, 12, 99) == []


def test_definitions_are_found_in_broken_code() -> None:
    code = "namespace a {\nclass B {\n  int c;\n  int d(\n  int e;\n"
    assert definition_rows(parse(code, "cpp"), 0, EVERYTHING) == [(0, 4), (2, 2), (3, 3), (4, 4)]


def test_lone_returns_count_as_rows() -> None:
    code = "a = '''\r\r'''\nb = 1\nc = 2\r\n"
    assert Text.of(code).lines[3:] == ("b = 1\n", "c = 2\r\n", "")
    syntax = parse(code, "python")
    assert definition_rows(syntax, 0, EVERYTHING) == [(0, 2), (3, 3), (4, 4)]
    assert definition_rows(syntax, 3, 3) == [(3, 3)]


BALANCES = [
    ("python", 'f(a, [1, {"(": "', "([{", "", "string"),
    ("python", "f(a, [1, {'(': ", "([{", "", "code"),
    ("python", "x = 1)\ny = (2]", "(", ")]", "code"),
    ("python", "x = 'a (b\ny = [2", "[", "", "code"),
    ("python", "x = 'a (b \\\n c (", "", "", "string"),
    ("python", 'x = f"a {g(1', "{(", "", "code"),
    ("python", 'x = f"a {g(1)} (', "", "", "string"),
    ("python", 'x = """a (\n b', "", "", "string"),
    ("python", '"""a\n``b``, "c" and \'d\' (', "", "", "string"),
    ("python", "x = (1  # (", "(", "", "code"),
    ("javascript", "let x = `a ${f(`b ${c", "{({", "", "code"),
    ("javascript", "let x = `a ${b} ( ", "", "", "string"),
    ("javascript", "f(1, /* abc ( ", "(", "", "comment"),
    ("javascript", "let r = /[(]/; g([ /* ( */", "([", "", "code"),
    ("javascript", "a } b", "", "}", "code"),
    ("typescript", "f<A>('(', \"(\", `(`, ", "(", "", "code"),
    ("tsx", "const a = <p b='\n(' onClick={() => f(", "{(", "", "code"),
    ("rust", "fn f<'a>(x: &'a str) { g(\"abc ( \n", "{(", "", "string"),
    ("rust", "/* a /* b */ c (", "", "", "comment"),
    ("rust", "fn f() { let c = '('; p!(r#\"(\"#, ", "{(", "", "code"),
    ("java", "class A { void f() { g(\"a (\", '(', ", "{{(", "", "code"),
    ("java", 'class A { String s = """\n ( ', "{", "", "string"),
    ("java", 'class A { String s = "(\n', "{", "", "code"),
    ("go", 'package a\nfunc f() { g(`( \n " ', "{(", "", "string"),
    ("go", "package a\nfunc f() { g('(', \"(", "{(", "", "string"),
    ("c", 'int f() { g("abc ( ', "{(", "", "string"),
    ("c", "int f() { char c = '('; /* ( ", "{", "", "comment"),
    ("cpp", 'auto x = R"x(abc " ( ', "", "", "string"),
    ("cpp", 'auto x = R"x(abc " ( )x" + f(', "(", "", "code"),
    ("cpp", "[[nodiscard]] int f(int a[],", "(", "", "code"),
]


@pytest.mark.parametrize(("grammar", "code", "opened", "closed", "inside"), BALANCES)
def test_unbalanced(grammar: str, code: str, opened: str, closed: str, inside: str) -> None:
    balance = unbalanced(parse(code, grammar), 0, len(code))
    assert balance == Balance(tuple(opened), tuple(closed), inside)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("grammar", "code", "opened", "inside"),
    [
        ("python", "f('(|', 1)\n", "(", "string"),
        ("python", "f('('|, 1)\n", "(", "code"),
        ("javascript", "f(`a ${b(|)} c`)\n", "({(", "code"),
        ("javascript", "f(`a ${b()} (|c`)\n", "(", "string"),
        ("rust", 'fn f() { g(r#"(|"#); }\n', "{(", "string"),
        ("rust", "fn f() { g('|('); }\n", "{(", "string"),
        ("c", "int f() { /* (| */ }\n", "{", "comment"),
        ("c", "int f() { /* ( */| }\n", "{", "code"),
        ("java", "class A { /** (|\n */ int b; }\n", "{", "comment"),
        ("go", "package a\nvar c = '|('\n", "", "string"),
    ],
)
def test_unbalanced_in_whole_code(grammar: str, code: str, opened: str, inside: str) -> None:
    syntax = parse(code.replace("|", ""), grammar)
    balance = unbalanced(syntax, 0, code.index("|"))
    assert (balance.opened, balance.closed, balance.inside) == (tuple(opened), (), inside)


def test_unbalanced_in_a_part() -> None:
    code = "f(a, [b(c), d], {'(': 1})\n"
    syntax = parse(code, "python")
    assert unbalanced(syntax, code.index("b("), code.index("1}")) == Balance(("{",), ("]",), "code")
    assert unbalanced(syntax, 3, 3) == Balance((), (), "code")


@pytest.mark.parametrize("grammar", ["python", "rust", "typescript", "cpp"])
@pytest.mark.parametrize("opener", "([{")
def test_deep_nesting_does_not_crash(grammar: str, opener: str) -> None:
    depth = 50_000
    syntax = parse(opener * depth, grammar)
    definition_rows(syntax, 0, EVERYTHING)
    assert len(unbalanced(syntax, 0, depth).opened) == depth
    assert syntax.edit(0, 1, b"") is not None
