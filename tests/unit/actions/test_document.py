"""Comments that a model writes: where they go, and that code stays as it is."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from lsp_server.actions.action import Document
from lsp_server.actions.asking import NotMade
from lsp_server.actions.document import documented
from lsp_server.actions.offer import offered
from lsp_server.engines.fake_chat import INFO
from tests.unit.actions.cases import HERE
from tests.unit.actions.test_mend import PLAIN, asked, fenced, model, prompts, text

TABLE = tomllib.loads((HERE / "documented.toml").read_text("utf-8"))
CASES: list[dict[str, Any]] = TABLE["case"]
CODE = 'def a(n):\n    """Half."""\n    return n // 2\n\n\ndef b(n):\n    return «2 * n\n'


def id_of(case: dict[str, Any]) -> str:
    return f"{case['path']} {case['before'].strip()[:20]}"


@pytest.mark.parametrize("info", [INFO, PLAIN], ids=["begun", "whole"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("case", CASES, ids=id_of)
async def test_a_function(case: dict[str, Any], info: Any, line_end: str) -> None:
    before = case["before"].lstrip("\n").replace("\n", line_end)
    asking = replace(asked(before, case["path"]), diagnostics=())
    found = [each.task for each in offered(asking, ["refactor"]) if "Document" in each.title]
    if not case["answer"]:
        assert found == []
        return
    [task] = found
    assert isinstance(task, Document)
    answer = case["answer"].strip("\n")
    change = await documented(task, model([fenced(answer, asking.syntax.grammar)], info))
    assert change.by_model
    assert text(asking, change) == case["after"].lstrip("\n").replace("\n", line_end)
    [edit] = change.edits
    assert edit.start == edit.end  # code stays as it is


@pytest.mark.parametrize("answer", ["", "---", '"""', "```", fenced('def b(n):\n    """ """')])
async def test_where_nothing_is_said_nothing_is_made(answer: str) -> None:
    asking = asked(CODE)
    with pytest.raises(NotMade, match="nothing was changed"):
        await documented(Document(asking), model([answer]))


async def test_a_comment_without_end_ends_with_its_last_sentence() -> None:
    asking = asked(CODE)
    answer = 'def b(n):\n    """Doubles. It' + " goes on" * 900
    change = await documented(Document(asking), model([f"```python\n{answer}"]))
    assert '"""Doubles."""\n    return 2 * n' in text(asking, change)


async def test_the_prompt_is_as_it_was() -> None:
    asks = model(["", ""])
    for code, path in ((CODE, "a.py"), ("int f(int a) {\n  return «a;\n}\n", "a.c")):
        with pytest.raises(NotMade):
            await documented(Document(asked(code, path)), asks)
    golden = (HERE / "golden" / "document.txt").read_text("utf-8")
    assert "\n=====\n".join(prompts(asks)) + "\n" == golden
