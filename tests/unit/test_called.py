"""Headers of what code calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.core.text import encode
from lsp_server.core.tokens import estimate
from lsp_server.workspace.called import MAX_HEADERS, MAX_TOKENS, called
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.extract import extract
from lsp_server.workspace.ignore import Ignored
from lsp_server.workspace.index import Index
from lsp_server.workspace.resolve import Library
from lsp_server.workspace.walk import Found
from tests.unit.actions.cases import indexed

MARK = "«"
OWN = """
from shop.base import Base, connect
from shop import tools
import json

class Cart(Base):
    def __init__(self, owner: str) -> None: ...

    def add(self, item: str, count: int = 1) -> None: ...

    def total(self, items: Base):
        def inner(): ...
        self.add("x"), self.close(), self.add("y")
        «connect("u", retries=3), tools.fold(1, 2), Cart("me"), later(1)
        inner(), items(2), print(items), json.dumps(1), items.sort()

def later(count):
    pass
"""
BROKEN = """
def first(rows): ...

def f(rows):
    x = first(rows) +
    «return x
"""
SCRIPT = """
import { Store } from './store';
export function make(count: number): Store { return new Store(); }
export function f() {
  return «make(1).add(2);
}
"""


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "shop/cart.py",
            OWN,
            [
                "def connect(url: str, *, retries: int, verbose: bool = False) -> Base",
                "def fold(first, /, second)",
                "class Cart(Base)",
                "    def __init__(self, owner: str) -> None",
                "def later(count)",
                "def add(self, item: str, count: int = 1) -> None",
                "def close(self) -> None",
            ],
        ),
        ("shop/cart.py", BROKEN, ["def first(rows)"]),
        (
            "web/new.ts",
            SCRIPT,
            ["add(item: Shape): void", "function make(count: number): Store"],
        ),
    ],
)
def test_what_is_called(tmp_path: Path, path: str, text: str, expected: list[str]) -> None:
    index = indexed(tmp_path, "workspace.txt")
    assert headers(text, path, index) == expected


def test_what_is_left_out_is_not_told(tmp_path: Path) -> None:
    """Not even of what a class of another file is made from; of the file itself all is."""
    base = "class Base:\n    def __init__(self, address: str): ...\n"
    store = "from base import Base\n\nclass Store(Base):\n    def add(self): ...\n"
    index = Index(tmp_path, tmp_path / "index.sqlite")
    for name, text in (("base.py", base), ("store.py", store)):
        assert index.update([extract(Found(name, 1, len(text)), text.encode())])
    text = "from store import Store\n\ndef g(): ...\n\ndef f():\n    «Store(1)\n    g()\n"
    made = ["class Store(Base)", "    def __init__(self, address: str)"]
    assert headers(text, "a.py", index, Ignored(tmp_path)) == [*made, "def g()"]
    for ignored, told in (("base.py", [made[0], "def g()"]), ("store.py", ["def g()"])):
        (tmp_path / ".gitignore").write_text(f"{ignored}\na.py\n")
        assert headers(text, "a.py", index, Ignored(tmp_path)) == told


def headers(
    text: str, path: str, library: Library | None = None, left_out: Ignored | None = None
) -> list[str]:
    """Of what the function around the mark calls."""
    syntax = Syntax.parse(text.replace(MARK, ""), grammar_for("", path) or "")
    assert syntax is not None
    at = len(encode(text[: text.index(MARK)]))
    node = syntax.tree.root_node.descendant_for_byte_range(at, at + 1)
    while node is not None and not node.type.startswith("function_d"):
        node = node.parent
    assert node is not None
    outline = Outline.of(syntax, path, library)
    return called(syntax, node.start_byte, node.end_byte, at, outline, left_out)


@pytest.mark.parametrize("parameter", ["a", "a_very_long_name_of_a_parameter_" * 6])
def test_there_is_room_for_few(parameter: str) -> None:
    names = [f"f{number}" for number in range(20)]
    text = "".join(f"def {name}({parameter}): ...\n" for name in names)
    calls = "".join(f"    {name}(1)\n" for name in names)
    found = headers(f"{text}def g():\n{calls}    {MARK}f19(2)\n", "a.py")
    assert found[0].startswith("def f19")
    assert found[1].startswith("def f0")
    assert len(found) == MAX_HEADERS or len("\n".join(found)) > 2 * MAX_TOKENS
    assert estimate("\n".join(found)) <= MAX_TOKENS
