"""Parameters and arguments added by the tree, and names renamed where other files use them."""

from __future__ import annotations

import pytest

from lsp_server.agent.edits.parameters import add_argument, add_parameter, calls_of
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.agent.edits.uses import Uses, rename_uses
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

HEADS = [
    ("def f():", "1", "def f(n=1):"),
    ("def f(a):", "1", "def f(a, n=1):"),
    ("def f(a, b=2):", "1", "def f(a, b=2, n=1):"),
    ("def f(a, b=2):", "", "def f(a, b=2, *, n):"),
    ("def f(a):", "", "def f(a, n):"),
    ("def f(a, **more):", "1", "def f(a, n=1, **more):"),
    ("def f(*all, **more):", "1", "def f(*all, n=1, **more):"),
    ("def f(a, *, b):", "", "def f(a, *, b, n):"),
    ("def f(a: int) -> int:", "'x'", "def f(a: int, n: str = 'x') -> int:"),
    ("def f(a: int = 0) -> int:", "True", "def f(a: int = 0, n: bool = True) -> int:"),
    ("def f(a: int):", "None", "def f(a: int, n=None):"),
    ("def f(\n    a,\n    b,\n):", "1", "def f(\n    a,\n    b,\n    n=1,\n):"),
]


def parsed(text: str) -> Syntax:
    syntax = Syntax.parse(text, "python")
    assert syntax is not None
    return syntax


@pytest.mark.parametrize(("head", "default", "wanted"), HEADS)
def test_a_parameter_goes_where_callers_need_no_change(
    head: str, default: str, wanted: str
) -> None:
    syntax = parsed(f"{head}\n    return 0\n")
    [(_, declared)] = definitions(syntax)
    applied = add_parameter(syntax, declared, "n", default)
    assert isinstance(applied, Applied)
    assert applied.text == f"{wanted}\n    return 0\n"
    assert not parsed(applied.text).tree.root_node.has_error


def test_a_parameter_that_is_there_is_refused() -> None:
    for head in ("def f(n):", "def f(n=1):", "def f(n: int):", "def f(*, n: int = 2):"):
        syntax = parsed(f"{head}\n    return 0\n")
        [(_, declared)] = definitions(syntax)
        assert isinstance(add_parameter(syntax, declared, "n", "1"), Refused)


def test_an_argument_is_added_to_the_calls_that_lack_it() -> None:
    text = "f()\nm.f(a, *b)\no.f(1)\nf(n=3)\nf(f(1))\ng = f\n"
    syntax = parsed(text)
    calls = calls_of(syntax, "f", ("m",))
    wanted = "f(n=2)\nm.f(a, *b, n=2)\no.f(1)\nf(n=3)\nf(f(1, n=2), n=2)\ng = f\n"
    assert add_argument(syntax, calls, "n", "2") == wanted


USES = [
    (Uses(by_name=True), "from m import f\nf(1)\no.f(2)\n", "from m import g\ng(1)\no.f(2)\n"),
    (Uses(aliased=True), "from m import f as h\nh(f)\n", "from m import g as h\nh(f)\n"),
    (Uses(modules=("m",)), "import m\nm.f(f)\no.f\n", "import m\nm.g(f)\no.f\n"),
    (Uses(modules=("a.m",)), "import a.m\na.m.f()\n", "import a.m\na.m.g()\n"),
    (Uses(everything=True), "from m import *\nf(f=1)\n", "from m import *\ng(f=1)\n"),
    (Uses(any_member=True), "o.f()\nf()\n", "o.g()\nf()\n"),
    (
        Uses(modules=("m",), is_module=lambda name: name == "a.m"),
        "import m\npatch('a.m.f', 'b.m.f', 'f')\n",
        "import m\npatch('a.m.g', 'b.m.f', 'f')\n",
    ),
]


@pytest.mark.parametrize(("uses", "text", "wanted"), USES)
def test_only_the_uses_that_are_meant_are_renamed(uses: Uses, text: str, wanted: str) -> None:
    applied = rename_uses(parsed(text), "f", "g", uses)
    assert isinstance(applied, Applied)
    assert applied.text == wanted


def test_typescript_knows_what_a_file_imports() -> None:
    syntax = Syntax.parse('import { f } from "./m";\nf(o.f);\n', "typescript")
    assert syntax
    applied = rename_uses(syntax, "f", "g", Uses(by_name=True, modules=("m",)))
    assert isinstance(applied, Applied)
    assert applied.text == 'import { g } from "./m";\ng(o.f);\n'
    assert isinstance(rename_uses(syntax, "f", "g", Uses(modules=("m",))), Refused)


def test_a_file_without_such_a_use_is_refused() -> None:
    assert isinstance(rename_uses(parsed("o.f()\n"), "f", "g", Uses(modules=("m",))), Refused)
