"""Functions that a model makes shorter."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.actions.action import Simplify
from lsp_server.actions.asking import NotMade
from lsp_server.actions.offer import offered
from lsp_server.actions.resolve import resolved
from lsp_server.engines.fake_chat import INFO
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import PLAIN, asked, fenced, model, prompts, text

CASES: list[dict[str, Any]] = tomllib.loads((HERE / "simplified.toml").read_text("utf-8"))["case"]
LONG = """def f(a):
    '''Do.'''
    b = a
    c = b
    d = c
    e = d
    g = e
    return «g
"""


@pytest.mark.parametrize(
    ("case", "way"),
    [
        pytest.param(case, way, id=f"{number}-{way}")
        for number, case in enumerate(CASES)
        for way in ("begun", "whole")
        if case.get("info", way) == way
    ],
)
async def test_a_function(case: dict[str, Any], way: str) -> None:
    asking = replace(asked(case["before"], case["path"]), diagnostics=())
    found = [each.task for each in offered(asking, ["refactor"]) if "Simplify" in each.title]
    if "answer" not in case:
        assert found == []
        return
    [task] = found
    assert isinstance(task, Simplify)
    language = asking.syntax.grammar
    asks = model([fenced(case["answer"], language)], INFO if way == "begun" else PLAIN)
    if "flaw" in case:
        with pytest.raises(NotMade, match="nothing was changed"):
            await resolved(task, asks)
        assert f"A first try was wrong:\n```\n{case['flaw']}\n```" in prompts(asks)[1]
    else:
        change = await resolved(task, asks)
        assert change.by_model
        assert text(asking, change) == case["after"].lstrip("\n")


def test_a_selection_and_no_model_are_offered_nothing() -> None:
    asking = asked(LONG)
    for one in (replace(asking, end=asking.start + 1), replace(asking, has_model=False)):
        assert not any("Simplify" in each.title for each in offered(one))


async def test_the_prompt_is_as_it_was() -> None:
    asks = model(["", ""])
    asking = asked(LONG)
    with pytest.raises(NotMade):
        await resolved(Simplify(asking), asks)
    golden = (HERE / "golden" / "simplify.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)[:2]) + "\n" == golden
