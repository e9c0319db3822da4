"""Code actions with a real model: what it writes holds, or nothing is made of it."""

from __future__ import annotations

import ast
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from lsprotocol import types as lsp

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.editor import URI, Editor, connect

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

MODEL = "qwen2.5-coder-0.5b"
AREA = """\
def area(width: int, height: int) -> int:
    return width + height


def longest(words: list[str]) -> str:
    best = ""
    for word in words:
        if len(word) > len(best):
            best = word
    return best
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Editor]:
    editor = await connect(["--model", MODEL], "visual-studio-code")
    await editor.until(lambda: "ready" in dict(editor.statuses), seconds=60)
    editor.open(AREA)
    yield editor
    await editor.end()


async def test_a_wrong_operator_is_mended(shared: Editor) -> None:
    told = lsp.Diagnostic(place(1, 11, 25), "area(2, 3) is 5, but it should be 2 * 3 = 6")
    [action] = await actions(shared, place(1, 12), (told,), only=[lsp.CodeActionKind.QuickFix])
    action = await resolve(shared, action)
    assert edited(shared, AREA, action.edit).text == AREA.replace("width + h", "width * h")


async def test_a_function_is_documented(shared: Editor) -> None:
    found = await actions(shared, place(7, 12), only=[lsp.CodeActionKind.RefactorRewrite])
    [action] = [each for each in found if each.title.startswith("Document")]
    action = await resolve(shared, action)
    after = edited(shared, AREA, action.edit).text
    function = ast.parse(after).body[1]
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function)
    del function.body[0]
    assert ast.dump(function) == ast.dump(ast.parse(AREA).body[1])


async def test_a_function_is_explained(shared: Editor) -> None:
    argument: Any = {"uri": URI, "range": place(7, 12)}
    params = lsp.ExecuteCommandParams("fimble.explain", arguments=[argument])
    said = await shared.client.workspace_execute_command_async(params)
    assert "longest" in said
