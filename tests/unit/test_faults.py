"""What a suggestion names that does not exist, and what it is not blamed for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.core.syntax import Syntax
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.extract import extract
from lsp_server.workspace.faults import Fault, first_fault
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found

SHOP = """
class Base:
    def __init__(self, url: str, timeout: float = 1.0) -> None:
        self.url = url
    def close(self) -> None: ...

class Client(Base):
    limit: int = 3
    def fetch(self, number: int, *, fresh: bool = False) -> str: ...
    @staticmethod
    def make(kind: str) -> "Client": ...
    def late(self):
        self.added = 1

class Open(Unknown): ...

class Dynamic:
    def __getattr__(self, name): ...

def connect(url: str, retries: int = 0) -> Client: ...
def anything(*args, **kwargs): ...
"""
STORE = """
export class Store {
  private items: string[] = [];
  add(item: string): void {}
}
export interface Shape { width: number }
"""
HEAD = "from shop import Client, Open, Dynamic, connect, anything\nimport shop\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    root = tmp_path_factory.mktemp("project")
    index = Index(root, root / "index.sqlite")
    files = {"shop.py": SHOP, "store.ts": STORE}
    index.update([extract(Found(name, 1, len(t)), t.encode()) for name, t in files.items()])
    return index


def fault(index: Index, text: str, path: str = "main.py") -> tuple[str, Fault] | None:
    """What is wrong with what stands between bars, and where: the rest of its line."""
    before, inside, after = text.split("|")
    language = "python" if path.endswith("py") else "typescript"
    syntax = Syntax.parse(before + inside + after, language)
    assert syntax is not None
    start, end = len(before.encode()), len((before + inside).encode())
    found = first_fault(syntax, start, end, Outline.of(syntax, path, index))
    if found is None:
        return None
    return syntax.data[found.start :].decode().partition("\n")[0], found


RIGHT = [
    "x = |len(HEAD := [1])|\n",
    "c = Client('u')\nx = |c.fetch(1, fresh=True)|\n",
    "c = connect('u')\n|c.close()|\n",
    "x = |Client('u', timeout=2).url|\n",
    "x = |connect(url='u', retries=1)|\n",
    "x = |anything(1, 2, some=3)|\n",
    "x = |connect(*args)|\nargs = ()\n",
    "x = |Client.make('k').limit|\n",
    "c = Client('u')\nx = |c.added|\n",  # set outside of the constructor
    "x = |Open().whatever|\n",  # a base that nothing is known of
    "x = |Dynamic().whatever|\n",
    "x = |shop.connect('u')|\n",
    "c = Client('u')\n|c.mine = 1\nprint(c.mine)|\n",  # it makes the attribute itself
    "|def helper(a):\n    return a\n\nx = helper(1)|\n",  # it defines what it uses
    "def f(c):\n    |return c.whatever|\n",
    "c = Client('u')\nc = other()\nx = |c.whatever|\ndef other(): ...\n",  # bound twice
    "class A:\n    def f(self):\n        self.x = 1\n    def g(self):\n        |return self.x|\n",
    "class A(Client):\n    def g(self):\n        |return self.fetch(self.limit)|\n",
    "x = |c.__class__.__name__|\nc = Client('u')\n",
    "class A(shop.Base):\n    def __init__(self):\n        |shop.Base.__init__(self, 'u')|\n",
    "@click.command()\ndef main(path): ...\n|main()|\nimport click\n",
    "class A:\n    def __call__(self, a, b): ...\na = A()\nx = |a(1, 2)|\n",
    "def f(c: Client):\n    if isinstance(c, Other):\n        |c.extra()|\n"
    "class Other(Client):\n    def extra(self): ...\n",
    "class A:\n    def f(self, **more):\n        |self.__dict__.update(more)\n        self.x|\n",
    "class LogMixin:\n    def f(self):\n        |self.logger.info(1)|\n",
    "def make() -> list[Client]: ...\nx = |make().whatever|\n",
    "a, b = Client('u')\nx = |a.whatever|\n",
    "def f():\n    global late\n    late = 1\n\ndef g():\n    |return late|\n",
    "x = |shop.Client.fetch(Client('u'), 1)|\n",
    "class A:\n    def f(self):\n        return |lambda self: self.whatever|\n",
    "import asyncio as io\nclass A(io.Protocol):\n    def f(self):\n        |self.lost()|\n",
    "class A:\n    def __new__(cls, a, b): ...\nx = |A(1, 2)|\n",
    "x = |_('text')|\n",
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_exists_is_not_blamed(index: Index, text: str) -> None:
    assert fault(index, HEAD + text) is None


WRONG = {
    "x = |connekt('u')|\n": ("connekt('u')", "connect"),
    "c = Client('u')\nx = |c.fetch_all()|\n": ("fetch_all()", "fetch"),
    "c = Client('u')\nx = |c.clos()|\n": ("clos()", "close"),  # inherited
    "def f(c: Client):\n    |c.fetsh(1)|\n": ("fetsh(1)", "fetch"),
    "x = |shop.conect('u')|\n": ("conect('u')", "connect"),
    "x = |connect('u', retry=1)|\n": ("retry=1)", "retries"),
    "x = |Client('u', delay=1)|\n": ("delay=1)", "timeout"),
    "class A:\n    def f(self): ...\n    def g(self):\n        |self.h()|\n": ("h()", "f"),
    "x = |first + second|\nfirst = 1\n": ("second", "first"),
    "c = Client('u')\nx = |c.fetch(1).lower() + d|\n": ("d", "c"),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items())
def test_a_wrong_name_and_what_it_may_be(
    index: Index, text: str, expected: tuple[str, str]
) -> None:
    found = fault(index, HEAD + text)
    assert found is not None
    assert found[0] == expected[0]
    assert expected[1] in found[1].legal


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x = |connect('u', 1, 2)|\n", ", 2)"),
        ("x = |connect()|\n", ")"),
        ("c = Client('u')\nx = |c.fetch(1, 2)|\n", ", 2)"),
        ("c = Client('u')\nx = |c.fetch()|\n", ")"),
        ("x = |Client()|\n", ")"),
        ("x = |Client.make('k', 2)|\n", ", 2)"),
        (
            "import abc\nclass A(abc.ABC):\n    def f(self): |self.g(1)|\n    def g(self): ...\n",
            "1)",
        ),
    ],
)
def test_arguments_too_many_and_too_few(index: Index, text: str, where: str) -> None:
    found = fault(index, HEAD + text)
    assert found is not None
    assert (found[0], found[1].start) == (where, found_at(HEAD + text, where))
    assert found[1].sort == ("missing" if where == ")" else "extra")
    assert not found[1].legal


def found_at(text: str, where: str) -> int:
    whole = text.replace("|", "").encode()
    return whole.rindex(where.encode() + b"\n")


def test_half_a_word_is_judged_as_a_whole(index: Index) -> None:
    found = fault(index, HEAD + "c = Client('u')\nx = c.fet|_all()|\n")
    assert found is not None
    assert found[0] == "fet_all()"


def test_typescript(index: Index) -> None:
    head = "import { Store, Shape } from './store';\n"
    for right in (
        "const s = new Store();\n|s.add('x')|;\n",
        "function f(p: Shape) { return |p.width|; }\n",
        "|console.log(Store)|;\n",
        "class A { b = 1; c() { return |this.b|; } }\n",
        "class A<T> { |v?: T|; }\n",
        "enum E { A = 1, B = |A| }\n",
        "const s = new Store();\n|s.toString()|;\n",
        "async function load(): Promise<Store> { return new Store(); }\n|load().then(f => f)|;\n",
        "function all(): Store[] { return []; }\n|all().map(f => f)|;\n",
        "const { items } = new Store();\n|items.push('x')|;\n",
    ):
        assert fault(index, head + right, "main.ts") is None
    for wrong, word in {
        "const s = new Store();\n|s.push('x')|;\n": "push('x');",
        "function f(p: Shape) { return |p.height|; }\n": "height; }",
        "|missing.log(Store)|;\n": "missing.log(Store);",
        "class A { b = 1; c() { return |this.d|; } }\n": "d; } }",
    }.items():
        found = fault(index, head + wrong, "main.ts")
        assert found is not None, wrong
        assert found[0] == word


def test_a_text_with_errors_elsewhere_is_not_judged(index: Index) -> None:
    assert fault(index, "x = |unknown|\n\ndef broken(:\n") is None


def test_a_document_outside_of_a_project_is_judged_by_itself(tmp_path: Path) -> None:
    syntax = Syntax.parse("class A:\n    def f(self):\n        self.g()\n", "python")
    assert syntax is not None
    at = syntax.data.index(b"g()")
    found = first_fault(syntax, at, at + 3, Outline.of(syntax, "", None))
    assert found == Fault(at, "attribute", ("f",))
