"""Settings: with `initialize`, pushed, and asked for by the server."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from tests.e2e.conftest import Start
from tests.e2e.editor import AUTOMATIC, Editor
from tests.e2e.raw import serving

OFF = {"completion": {"automatic": False}}
NO_PYTHON = {"completion": {"disabledLanguages": ["python"]}}
BAD: dict[str, Any] = {
    "completion": {"latencyBudgetMs": "soon", "automatic": False, "disabledLanguages": [1]},
    "colour": "red",
}
PROBLEMS = {
    "fimble.completion.latencyBudgetMs must be a whole number, not a text; "
    "its default 1500 is used.",
    "fimble.completion.disabledLanguages must be a list of texts, and a whole number is in it; "
    "its default [] is used.",
    "fimble.colour is not a setting of Fimble and is ignored.",
}


async def is_automatic(editor: Editor, language: str = "python") -> bool:
    editor.open("return a", language=language)
    assert await editor.texts(0, 8) == [" + 1"]  # whoever asks is answered
    return bool(await editor.items(0, 8, AUTOMATIC))


async def test_settings_come_with_initialize(start: Start, profile: str) -> None:
    editor = await start(profile, options=NO_PYTHON)
    assert not await is_automatic(editor)
    assert await is_automatic(editor, language="lua")


async def test_bad_settings_are_named_and_the_rest_counts(start: Start) -> None:
    editor = await start(options=BAD)
    await editor.until(lambda: len(editor.shown) >= 3)
    assert set(editor.shown) == PROBLEMS
    assert {message.type for message in editor.client.messages} == {lsp.MessageType.Warning}
    assert not await is_automatic(editor)


async def test_settings_are_pushed(start: Start) -> None:
    editor = await start()
    for settings, automatic in [
        ({"fimble": OFF}, False),
        ({"fimble": {}}, True),
        (OFF, False),
        ({"pylsp": {"plugins": {}}}, False),
        ({"completion": {}}, True),
        ({"fimble": 5}, True),
    ]:
        editor.configure(settings)
        assert await is_automatic(editor) is automatic
    assert editor.shown == ["fimble must be an object, not a whole number; its defaults are used."]


async def test_settings_are_asked_for_when_none_are_pushed(start: Start, profile: str) -> None:
    editor = await start(profile)
    nothing: list[object] = [None, {}]
    for times, settings in enumerate(nothing, 1):
        automatic = times == 2
        editor.client.set_configuration(
            {"fimble": {"completion": {"automatic": automatic}, "x": 1}}
        )
        editor.configure(settings)
        expected = ["fimble.x is not a setting of Fimble and is ignored."] * times
        await editor.until(partial(editor.has_shown, expected))
        assert await is_automatic(editor) is automatic


async def test_a_client_without_settings_leaves_them_as_they_are(start: Start) -> None:
    editor = await start(options=OFF)
    editor.configure(None)  # the server asks, and gets null
    for _ in range(2):
        assert not await is_automatic(editor)


@pytest.mark.parametrize("pushed", [None, {}, [], {"pylsp": {"completion": {}}}, 5])
def test_what_holds_no_settings_leaves_them_as_they_are(script: Path, pushed: object) -> None:
    with serving("--script", str(script)) as server:
        server.initialize(initializationOptions=OFF)
        server.notify("workspace/didChangeConfiguration", {"settings": pushed})
        server.open("file:///a.py", "return a")
        server.complete("file:///a.py", 0, 8, invoked=False)
        assert server.response()["result"]["items"] == []
        assert server.errors() == ""


@pytest.mark.parametrize("answer", [None, [], [None], {}, 5])
def test_an_answer_without_settings_leaves_them_as_they_are(script: Path, answer: object) -> None:
    can = {"workspace": {"configuration": True}}
    with serving("--script", str(script)) as server:
        server.initialize(initializationOptions=OFF, capabilities=can)
        server.notify("workspace/didChangeConfiguration", {"settings": None})
        while (asked := server.receive())["method"] != "workspace/configuration":
            pass
        server.send({"jsonrpc": "2.0", "id": asked["id"], "result": answer})
        server.open("file:///a.py", "return a")
        server.complete("file:///a.py", 0, 8, invoked=False)
        assert server.response()["result"]["items"] == []
        assert "failed" not in server.errors()


async def test_another_model_is_loaded_and_the_old_one_left(start: Start) -> None:
    editor = await start(arguments=(), options={"model": "/nowhere/a.gguf"})
    await editor.until(lambda: editor.shown)
    editor.configure({"fimble": {"model": "qwen2.5-codr-0.5b"}})
    await editor.until(lambda: len(editor.shown) == 2)
    assert editor.shown == [
        "There is no model file /nowhere/a.gguf; `fimble models list` shows what there is.",
        "There is no model 'qwen2.5-codr-0.5b'; did you mean qwen2.5-coder-0.5b?",
    ]
    assert editor.statuses == [("failed", message) for message in editor.shown]
