"""Types that a model gives: which are taken, and that nothing else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.actions.action import Annotate, Surroundings
from lsp_server.actions.asking import NotMade
from lsp_server.actions.resolve import resolved
from tests.unit.actions.cases import HERE, indexed
from tests.unit.actions.test_mend import asked, fenced, model, prompts, text
from tests.unit.actions.writing import check, table


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("case", "way"),
    [pytest.param(case, way, id=f"{case['name']}-{way}") for case, way in table("annotated.toml")],
)
async def test_a_function(case: dict[str, Any], way: str, line_end: str) -> None:
    await check(case, way, "Add types", Annotate, line_end)


async def test_a_second_try_is_taken() -> None:
    asking = asked("def f(a):\n    return «a\n")
    asks = model([fenced("def f(a):"), fenced("def f(a: int) -> int:")])
    change = await resolved(Annotate(asking), asks)
    assert text(asking, change) == "def f(a: int) -> int:\n    return a\n"


async def test_types_come_from_the_workspace_and_must_be_there(tmp_path: Path) -> None:
    index = indexed(tmp_path, "workspace.txt")
    code = "from shop import tools\n\n\ndef f(a, b, c):\n    print(«a)\n"
    asking = asked(code, "shop/new.py")
    asking = replace(asking, around=Surroundings("shop/new.py", index, index))
    answer = "def f(a: tools.Queue, b: tools.Stack, c: Base):"
    change = await resolved(Annotate(asking), model([fenced(answer)]))
    assert text(asking, change) == (
        "from shop import tools\nfrom shop.base import Base\n\n\n"
        "def f(a: tools.Queue, b, c: Base):\n    print(a)\n"
    )


async def test_the_prompt_is_as_it_was() -> None:
    code = "from b import B, c\n\n\nclass A:\n    def b(self): ...\n\n\ndef f(a):\n    «return a\n"
    asks = model(["", ""])
    asking = asked(code)
    with pytest.raises(NotMade):
        await resolved(Annotate(asking), asks)
    golden = (HERE / "golden" / "annotate.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)[:2]) + "\n" == golden
