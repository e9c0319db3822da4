"""Which names a place sees."""

from __future__ import annotations

import pytest

from lsp_server.core.scopes import Scopes, builtin_names
from lsp_server.core.syntax import Syntax


def visible(text: str, language: str = "python") -> frozenset[str] | None:
    """The names visible where `HERE` stands."""
    syntax = Syntax.parse(text, language)
    assert syntax is not None
    at = syntax.data.index(b"HERE")
    node = syntax.tree.root_node.descendant_for_byte_range(at, at + 4)
    assert node is not None
    return Scopes(syntax).visible(node)


PYTHON = {
    "import a.b\nimport c as d\nfrom e import f, g as h\nHERE\n": "a d f h",
    "def f(a, b: int, c=1, d: int = 2, *e, **g):\n    HERE\n": "a b c d e g f",
    "x, (y, *z) = 1\nfor i, j in x:\n    pass\nHERE\n": "x y z i j",
    "with open(p) as q:\n    HERE\n": "q",
    "try:\n    pass\nexcept E as e:\n    HERE\n": "e",
    "[HERE for x in y]\n": "x",
    "f = lambda a, *b: HERE\n": "f a b",
    "if (n := 1):\n    HERE\n": "n",
    "match v:\n    case Point(x=a, y=[b, *c]):\n        HERE\n": "Point a b c x y",
    "def f[T](x: T) -> T:\n    HERE\n": "f T x",
    "type A[K] = K\nHERE\n": "A K",
    "def f():\n    global g\n    HERE\n": "f g",
    "def f():\n    global g\n    g = 1\n\ndef h():\n    HERE\n": "f g h",
    "class A:\n    x = 1\n    y = HERE\n": "A x y",
    "class A:\n    x = 1\n    def f(self, y=HERE): ...\n": "A x f self y",
}
SCRIPT = {
    "import a, { b, c as d } from 'x'\nimport * as e from 'y'\nHERE\n": "a b d e",
    "const { a, b: { c }, ...d } = x, [e, f = 1] = y\nHERE\n": "a c d e f",
    "function f(a, { b }, ...c) { let d; HERE }\n": "f a b c d",
    "const f = async a => HERE\n": "f a",
    "for (const [k, v] of m) { HERE }\n": "k v",
    "try {} catch (e) { HERE }\n": "e",
    "class A extends B { m(x) { HERE } }\n": "A x",
}
TYPED = {
    "enum E { A }\ninterface I {}\ntype T<K> = K\nnamespace N {}\nHERE\n": "E I T N K",
    "function f<T>(a: T, b?: string): T { HERE }\n": "f T a b",
    "class A<T> { b(): T { HERE } }\n": "A T",
}


@pytest.mark.parametrize(("text", "names"), PYTHON.items())
def test_python(text: str, names: str) -> None:
    assert visible(text) == frozenset(names.split())


@pytest.mark.parametrize(("text", "names"), SCRIPT.items())
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_javascript(text: str, names: str, language: str) -> None:
    assert visible("export {};\n" + text, language) == frozenset(names.split())


@pytest.mark.parametrize(("text", "names"), TYPED.items())
def test_typescript(text: str, names: str) -> None:
    assert visible("export {};\n" + text, "typescript") == frozenset(names.split())


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("def f():\n    a = 1\nHERE\n", "a"),
        ("class A:\n    x = 1\n    def f(self):\n        HERE\n", "x"),
        ("def f():\n    def g():\n        inner = 1\n    HERE\n", "inner"),
    ],
)
def test_other_functions_and_classes_keep_their_names(text: str, hidden: str) -> None:
    assert hidden not in (visible(text) or ())


@pytest.mark.parametrize("text", ["from a import *\nHERE\n", "def f(:\n    HERE\n"])
def test_where_names_can_not_be_told(text: str) -> None:
    assert visible(text) is None
    assert visible("function f() { HERE }\n", "javascript") is None  # a script shares its names
    assert visible("package p\nvar HERE = 1\n", "go") is None


def test_names_of_the_language() -> None:
    assert {"print", "__name__", "ExceptionGroup", "anext"} <= builtin_names("python")
    assert {"console", "Promise", "process", "describe", "Partial"} <= builtin_names("typescript")
    assert not builtin_names("go")
