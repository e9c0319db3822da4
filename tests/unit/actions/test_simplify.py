"""Functions that a model makes shorter."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.actions.action import Simplify
from lsp_server.actions.asking import NotMade
from lsp_server.actions.offer import offered
from lsp_server.actions.pieces import piece_at
from lsp_server.actions.resolve import resolved
from lsp_server.actions.simplify import kept
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import asked, model, prompts
from tests.unit.actions.writing import check, table

LONG = """def f(a):
    '''Do.'''
    b = a
    c = b
    d = c
    e = d
    g = e
    return «g
"""


@pytest.mark.parametrize(("case", "way"), table("simplified.toml"))
async def test_a_function(case: dict[str, Any], way: str) -> None:
    await check(case, way, "Simplify", Simplify)


def test_a_selection_and_no_model_are_offered_nothing() -> None:
    asking = asked(LONG)
    for one in (replace(asking, end=asking.start + 9), replace(asking, has_model=False)):
        assert not any("Simplify" in each.title for each in offered(one))


async def test_the_prompt_is_as_it_was() -> None:
    asks = model(["", ""])
    asking = asked(LONG)
    with pytest.raises(NotMade):
        await resolved(Simplify(asking), asks)
    golden = (HERE / "golden" / "simplify.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)[:2]) + "\n" == golden


READ: list[tuple[str, str]] = [
    ("a.py", "def f(self, a: B, c=d, *e: G, h: I = j, **k) -> L:\n«"),
    ("A.java", "class A {\n  int f(@N(x) final int a, List<String> c, p.Q... e) {\n«"),
    ("a.ts", "function f({ a, b: c, e = d(i), [j]: h }: P, [k]: string, o = j, ...q) {\n«"),
    ("a.c", "int *f(const struct T *a, char c[N], int (*e)(int d), unsigned) {\n«"),
    ("a.cpp", "int &A::f([[x]] const std::vector<T> &a, int c = d, T &&e, Ts... h) {\n«"),
    ("a.rs", "fn f(&mut self, mut a: B, (c, e): (I, J), P { d: h, k }: P, S(o): S) {\n«"),
    ("a.go", "func (a *R) f(c, e int, h ...string) {\n«"),
]
"""A file and the header of a function, of which the names `a c e h k o q` are read."""


@pytest.mark.parametrize(("path", "header"), READ, ids=[path for path, _ in READ])
def test_the_names_of_parameters_are_known_in_all_languages(path: str, header: str) -> None:
    body = "x = a + c + e + h + k + o + q + b + d + i + j"
    written = f"    {body}\n" if path.endswith(".py") else f"    {body};\n}}\n"
    asking = asked(header + written + ("}\n" if path.endswith(".java") else ""), path)
    piece = piece_at(asking.syntax, asking.start, asking.end)
    assert piece is not None
    used = {name for name in "acehkoq" if re.search(rf"\b{name}\b", header)}
    assert kept(piece.whole, piece.syntax) == used
