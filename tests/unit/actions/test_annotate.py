"""Types that a model gives: which are taken, and that nothing else is."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.actions.action import Annotate, Surroundings
from lsp_server.actions.asking import NotMade
from lsp_server.actions.offer import offered
from lsp_server.actions.resolve import resolved
from lsp_server.engines.fake_chat import INFO
from tests.unit.actions.cases import HERE, indexed
from tests.unit.actions.test_mend import PLAIN, asked, fenced, model, prompts, text

CASES: list[dict[str, Any]] = tomllib.loads((HERE / "annotated.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(
    ("case", "way"),
    [
        pytest.param(case, way, id=f"{case['name']}-{way}")
        for case in CASES
        for way in ("begun", "whole")
        if case.get("info", way) == way
    ],
)
async def test_a_function(case: dict[str, Any], way: str, line_end: str) -> None:
    before = case["before"].lstrip("\n").replace("\n", line_end)
    asking = replace(asked(before, case["path"]), diagnostics=())
    found = [each.task for each in offered(asking, ["refactor"]) if "Add types" in each.title]
    if "answer" not in case:
        assert found == []
        return
    [task] = found
    assert isinstance(task, Annotate)
    language = asking.syntax.grammar
    asks = model([fenced(case["answer"], language)], INFO if way == "begun" else PLAIN)
    if "flaw" in case:
        with pytest.raises(NotMade, match="nothing was changed"):
            await resolved(task, asks)
        assert f"A first try was wrong:\n```\n{case['flaw']}\n```" in prompts(asks)[1]
    else:
        change = await resolved(task, asks)
        assert change.by_model
        assert text(asking, change) == case["after"].lstrip("\n").replace("\n", line_end)


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
