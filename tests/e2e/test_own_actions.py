"""Actions and prompts of the user's own, over a real connection."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.conftest import Start
from tests.e2e.editor import Editor

TEXT = "def f(a):\n    return a\n"
ADD = '+++\ntitle = "Add one"\ndoes = "rewrite"\n+++\nAdd one to the result.\n'
ASK = '+++\ntitle = "Why?"\ndoes = "explain"\n+++\nWhy so?\n'
SCRIPT = (
    {"chat": "```python\ndef f(a):\n    return a + 1\n```", "when": "Add one to the result."},
    {"chat": "Because.", "when": "Why so?"},
    {"chat": "It is ours.", "when": "OURS f(a)"},
)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        inner, _, rest = name.partition("_")
        path = folder / inner / rest.replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def began(start: Start, folder: Path) -> tuple[Editor, str]:
    """An editor in the folder `project`; the user's own files are in `config`."""
    script = folder / "script.json"
    script.write_text(json.dumps(SCRIPT))
    root = folder / "project"
    root.mkdir(exist_ok=True)
    editor = await start(
        arguments=("--script", str(script)),
        root_uri=root.as_uri(),
        environment={
            "FIMBLE_CONFIG": str(folder / "config"),
            "FIMBLE_STATE": str(folder / "state"),
            "FIMBLE_CACHE": str(folder / "cache"),
        },
    )
    uri = (root / "main.py").as_uri()
    editor.open(TEXT, uri)
    return editor, uri


async def offered(editor: Editor, uri: str) -> dict[str, Any]:
    return {each.title: each for each in await actions(editor, place(1, 11), uri=uri)}


async def run(editor: Editor, action: Any) -> Any:
    # The client takes an action that has a command for a command, and that for its name.
    command = ast.literal_eval(action.command)
    params = lsp.ExecuteCommandParams(command["command"], arguments=command["arguments"])
    return await editor.client.workspace_execute_command_async(params)


async def trust(editor: Editor, trusted: bool) -> None:
    await editor.client.protocol.send_request_async("fimble/chat/trust", {"trusted": trusted})


async def test_the_users_actions_are_offered_and_done(start: Start, tmp_path: Path) -> None:
    write(tmp_path / "config", actions_add_md=ADD, actions_why_md=ASK, actions_bad_md="?")
    editor, uri = await began(start, tmp_path)
    found = await offered(editor, uri)
    assert {"Add one", "Why?"} <= set(found)
    action = await resolve(editor, found["Add one"])
    assert edited(editor, TEXT, action.edit).text == TEXT.replace("return a", "return a + 1")
    assert await run(editor, found["Why?"]) == "Because."
    told = "config/actions/bad.md doesn't count: begin it with a line +++, a title and another line"
    assert [each for each in editor.shown if each.startswith(told)] == [f"{told} +++."]
    editor.configure({"fimble": {"actions": {"disabled": ["own"]}}})
    assert not {"Add one", "Why?"} & set(await offered(editor, uri))


async def test_a_workspaces_files_count_once_it_is_trusted(start: Start, tmp_path: Path) -> None:
    prompt = "OURS {{ source.split()[1][:4] }}"
    own = tmp_path / "project" / ".fimble"
    write(own, actions_add_md=ADD.replace("Add one", "Theirs"), prompts_explain_md_j2=prompt)
    write(tmp_path / "config", actions_add_md=ADD)
    editor, uri = await began(start, tmp_path)
    for _ in "12":
        found = await offered(editor, uri)
        assert "Add one" in found
        assert "Theirs" not in found
    assert ["as long as you don't trust it" in each for each in editor.shown] == [True]
    await trust(editor, True)
    found = await offered(editor, uri)
    assert "Theirs" in found
    assert "Add one" not in found  # it has the same name
    assert await run(editor, found["Explain `f`"]) == "It is ours."
    write(own, actions_add_md=ADD.replace("Add one", "Changed"))
    for _ in "12":
        assert not {"Theirs", "Changed"} & set(await offered(editor, uri))
    assert ["others than when you trusted it" in each for each in editor.shown] == [False, True]
    await trust(editor, True)
    assert "Changed" in await offered(editor, uri)
    await trust(editor, False)
    assert "Changed" not in await offered(editor, uri)
    assert len(editor.shown) == 2
