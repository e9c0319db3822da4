"""What a model writes for an action that is offered, from a table of cases."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.actions.action import Written
from lsp_server.actions.asking import NotMade
from lsp_server.actions.offer import offered
from lsp_server.actions.resolve import resolved
from lsp_server.engines.fake_chat import INFO
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import PLAIN, asked, fenced, model, prompts, text

WAYS = ("begun", "whole")
"""Whether the model goes on from a beginning, or gives a whole answer."""


def table(name: str) -> list[tuple[dict[str, Any], str]]:
    """The cases of a file, each with the ways that it is for."""
    cases = tomllib.loads((HERE / name).read_text("utf-8"))["case"]
    return [(case, way) for case in cases for way in WAYS if case.get("info", way) == way]


async def check(
    case: dict[str, Any], way: str, title: str, sort: type[Written], line_end: str = "\n"
) -> None:
    """Whether an action is offered, and what is made of the model's answer, is as the case says."""
    before = case["before"].lstrip("\n").replace("\n", line_end)
    asking = replace(asked(before, case["path"]), diagnostics=())
    found = [each.task for each in offered(asking, ["refactor"]) if title in each.title]
    if "answer" not in case:
        assert found == []
        return
    [task] = found
    assert isinstance(task, sort)
    asks = model([fenced(case["answer"], asking.syntax.grammar)], INFO if way == "begun" else PLAIN)
    if "flaw" in case:
        with pytest.raises(NotMade, match="nothing was changed"):
            await resolved(task, asks)
        assert f"A first try was wrong:\n```\n{case['flaw']}\n```" in prompts(asks)[1]
    else:
        change = await resolved(task, asks)
        assert change.by_model
        after = case["after"].lstrip("\n").replace("\n", line_end)
        assert text(asking, change) == after
