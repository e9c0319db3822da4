"""Code actions that need a model, where there is none, and of clients that can do little."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, place, resolve
from tests.e2e.conftest import Start
from tests.e2e.editor import URI

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


async def test_a_client_that_can_do_little_gets_a_message(start: Start, tmp_path: Path) -> None:
    """A fix that it could not ask for later is not written for it."""

    def plain(able: lsp.ClientCapabilities) -> None:
        assert able.window is not None
        assert able.text_document is not None
        assert able.text_document.code_action is not None
        able.window.show_document = None
        able.window.work_done_progress = False
        able.text_document.code_action.resolve_support = None

    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"chat": "It gives `b`."}]))
    editor = await start(arguments=("--script", str(script)), change=plain)
    editor.open(TEXT)
    told = lsp.Diagnostic(place(1, 11, 14), "odd")
    assert await actions(editor, place(1, 12), (told,), only=[lsp.CodeActionKind.QuickFix]) == []
    assert len(await actions(editor, place(1, 12), (told,))) == 1
    where = {"uri": URI, "range": place(1, 12)}
    params = lsp.ExecuteCommandParams("fimble.explain", arguments=[where])
    assert await editor.client.workspace_execute_command_async(params) == "It gives `b`."
    await editor.until(lambda: editor.shown == ["It gives `b`."])
