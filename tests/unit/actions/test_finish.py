"""Bodies that a model writes."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.actions.action import Finish
from lsp_server.actions.asking import NotMade
from lsp_server.actions.finish import finished
from lsp_server.actions.offer import offered
from lsp_server.engines.fake_chat import INFO
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import PLAIN, asked, fenced, model, prompts, text

TABLE = tomllib.loads((HERE / "finished.toml").read_text("utf-8"))
CASES: list[dict[str, Any]] = TABLE["case"]


def id_of(case: dict[str, Any]) -> str:
    return f"{case['path']} {case['before'].strip()[-24:]}"


@pytest.mark.parametrize("info", [INFO, PLAIN], ids=["begun", "whole"])
@pytest.mark.parametrize("case", CASES, ids=id_of)
async def test_a_function(case: dict[str, Any], info: Any) -> None:
    asking = replace(asked(case["before"], case["path"]), diagnostics=())
    found = [each.task for each in offered(asking, ["refactor"]) if "Finish" in each.title]
    if "answer" not in case:
        assert found == []
        return
    [task] = found
    assert isinstance(task, Finish)
    asks = model([fenced(case["answer"], asking.syntax.grammar)], info)
    if "flaw" in case:
        with pytest.raises(NotMade, match="nothing was changed"):
            await finished(task, asks)
        assert f"A first try was wrong:\n```\n{case['flaw']}\n```" in prompts(asks)[1]
    else:
        change = await finished(task, asks)
        assert change.by_model
        assert text(asking, change) == case["after"].lstrip("\n")


async def test_the_prompt_is_as_it_was() -> None:
    code = (
        'LIMIT = 3\n\n\nclass A:\n    def b(self): ...\n\n\ndef f(a):\n    """Do."""\n    «pass\n'
    )
    asks = model(["", ""])
    with pytest.raises(NotMade):
        await finished(Finish(asked(code)), asks)
    golden = (HERE / "golden" / "finish.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)[:2]) + "\n" == golden
