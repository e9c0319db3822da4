"""Code actions that need a model where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, place, resolve
from tests.e2e.conftest import Start

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
    [action] = await actions(editor, place(1, 12), (told,))
    with pytest.raises(JsonRpcException, match=r"none\.gguf"):
        await resolve(editor, action)
