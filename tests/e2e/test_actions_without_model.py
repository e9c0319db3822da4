"""Code actions that need a model, where there is none, and of clients that can do little."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.conftest import Start
from tests.e2e.editor import URI, Editor

TEXT = "def f(a):\n    return a.b\n"


async def test_without_a_model_nothing_is_offered_and_a_missing_one_is_named(
    start: Start, tmp_path: Path
) -> None:
    told = lsp.Diagnostic(place(1, 11, 14), "odd")
    environment = {"FIMBLE_CACHE": str(tmp_path)}
    editor = await start(arguments=(), options={"model": ""}, environment=environment)
    editor.open(TEXT)
    assert await actions(editor, place(1, 12), (told,)) == []
    editor.configure({"fimble": {"model": str(tmp_path / "none.gguf")}})
    [action] = await actions(editor, place(1, 12), (told,), only=[lsp.CodeActionKind.QuickFix])
    with pytest.raises(JsonRpcException, match=r"none\.gguf"):
        await resolve(editor, action)


def plain(able: lsp.ClientCapabilities) -> None:
    """Of a client that can do little."""
    assert able.window is not None
    assert able.text_document is not None
    assert able.text_document.code_action is not None
    able.window.show_document = None
    able.window.work_done_progress = False
    able.text_document.code_action.resolve_support = None


async def run(editor: Editor, name: str, *arguments: Any) -> Any:
    params = lsp.ExecuteCommandParams(name, arguments=list(arguments))
    return await editor.client.workspace_execute_command_async(params)


async def test_a_client_that_can_do_little_gets_messages(start: Start, tmp_path: Path) -> None:
    """It makes no edits for a server either, so nothing is written for it."""

    def poor(able: lsp.ClientCapabilities) -> None:
        plain(able)
        assert able.workspace is not None
        able.workspace.apply_edit = None

    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"chat": "It gives `b`."}]))
    editor = await start(arguments=("--script", str(script)), change=poor)
    editor.open(TEXT)
    told = lsp.Diagnostic(place(1, 11, 14), "odd")
    assert await actions(editor, place(1, 12), (told,), only=[lsp.CodeActionKind.QuickFix]) == []
    assert len(await actions(editor, place(1, 12), (told,))) == 1
    where = {"uri": URI, "range": place(1, 12)}
    assert await run(editor, "fimble.explain", where) == "It gives `b`."
    await editor.until(lambda: editor.shown == ["It gives `b`."])
    with pytest.raises(JsonRpcException, match="lets no server edit"):
        await run(editor, "fimble.rewrite", {**where, "instruction": "do"})


async def test_a_client_that_can_not_ask_later_gets_commands(start: Start, tmp_path: Path) -> None:
    answers = ["def f(a):\n    return a.c", *["def f(a):\n    return nothing"] * 3]
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"chat": f"```python\n{each}\n```"} for each in answers]))
    editor = await start(arguments=("--script", str(script)), change=plain)
    edits: list[lsp.WorkspaceEdit] = []

    def apply(params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        edits.append(params.edit)
        return lsp.ApplyWorkspaceEditResult(applied=True)

    editor.client.feature(lsp.WORKSPACE_APPLY_EDIT)(apply)
    editor.open(TEXT)
    told = lsp.Diagnostic(place(1, 11, 14), "odd")
    found: Any = await actions(editor, place(1, 12), (told,), only=[lsp.CodeActionKind.QuickFix])
    # The client takes an action that has a command for a command, and that for its name.
    [command] = [ast.literal_eval(each.command) for each in found]
    assert (command["command"], command["title"]) == ("fimble.apply", "Fix: odd")
    assert await run(editor, "fimble.apply", *command["arguments"])
    assert edited(editor, TEXT, edits.pop()).text == TEXT.replace("a.b", "a.c")
    assert not await run(editor, "fimble.apply", *command["arguments"])
    await editor.until(lambda: "nothing was changed" in "".join(editor.shown))
    assert edits == []
    editor.edit(0, 0, 0, "#", URI)
    for arguments in (command["arguments"], [0], ["x"], []):
        with pytest.raises(JsonRpcException) as caught:
            await run(editor, "fimble.apply", *arguments)
        assert caught.value.code == lsp.LSPErrorCodes.ContentModified


async def test_an_explanation_is_not_applied(start: Start) -> None:
    editor = await start()
    editor.open(TEXT)
    last = len(await actions(editor, place(1, 12)))  # they count from 1
    with pytest.raises(JsonRpcException, match="changes nothing"):
        await run(editor, "fimble.apply", last)
