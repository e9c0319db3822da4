"""What an editor tells of suggestions, over a real connection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.completion import history
from tests.e2e.conftest import Start
from tests.e2e.editor import Editor

TEXT = "def add(a, b):\n    return a\n"
OFF = {"feedback": {"enabled": False}}


def identity(item: lsp.InlineCompletionItem) -> str:
    assert item.command is not None and item.command.command == "fimble.didAccept"
    [told] = item.command.arguments or []
    return str(told)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tell(editor: Editor, method: str, params: dict[str, Any] | None) -> None:
    editor.client.protocol.notify(f"fimble/{method}", params)


async def run(editor: Editor, command: str, arguments: Sequence[object] | None) -> object:
    params = lsp.ExecuteCommandParams(command, arguments)
    return await editor.client.workspace_execute_command_async(params)


async def counted(editor: Editor) -> list[int]:
    """Shown, accepted, accepted in part, rejected."""
    figures = await editor.client.protocol.send_request_async("fimble/stats")
    return [figures.shown, figures.accepted, figures.partlyAccepted, figures.rejected]


async def test_running_the_command_accepts(start: Start) -> None:
    editor = await start()
    editor.open(TEXT)
    [item] = await editor.items(1, 12)
    assert await counted(editor) == [1, 0, 0, 0]
    editor.edit(1, 12, 12, " + b")
    assert await run(editor, "fimble.didAccept", [identity(item)]) is None
    assert await counted(editor) == [1, 1, 0, 0]
    await editor.items(1, 16)
    assert await counted(editor) == [1, 1, 0, 0], "the text says it too"


async def test_a_client_that_tells_nothing(start: Start) -> None:
    editor = await start()
    editor.open("first()\n")
    assert await editor.texts(0, 6) == ["int, str"]
    editor.edit(0, 6, 6, "int")
    assert await editor.texts(0, 9) == [", str"]
    assert await counted(editor) == [1, 0, 1, 0]
    editor.edit(0, 9, 9, ", str")
    await editor.items(0, 14)
    assert await counted(editor) == [1, 1, 0, 0]


async def test_what_is_told(start: Start) -> None:
    editor = await start()
    editor.open("first()\n")
    [item] = await editor.items(0, 6)
    tell(editor, "didShow", {"id": identity(item)})
    tell(editor, "didPartlyAccept", {"id": identity(item), "acceptedLength": 3})
    assert await counted(editor) == [1, 0, 1, 0]
    editor.open(TEXT, "file:///other.py")
    [item] = await editor.items(1, 12, uri="file:///other.py")
    assert await counted(editor) == [1, 0, 1, 0], "this editor tells what it shows"
    tell(editor, "didShow", {"id": identity(item)})
    tell(editor, "didReject", {"id": identity(item)})
    assert await counted(editor) == [2, 0, 1, 1]


async def test_what_makes_no_sense_is_passed_over(start: Start) -> None:
    editor = await start()
    editor.open(TEXT)
    [item] = await editor.items(1, 12)
    for method in ("didShow", "didPartlyAccept", "didReject"):
        for params in (None, {}, {"id": None}, {"id": [1]}, {"id": "x", "acceptedLength": "y"}):
            tell(editor, method, params)
    for length in (-1, 0, "3", None, 1.5):
        tell(editor, "didPartlyAccept", {"id": identity(item), "acceptedLength": length})
    for arguments in (None, [], [None], [{"id": 1}], ["x", "y"]):
        assert await run(editor, "fimble.didAccept", arguments) is None
    with pytest.raises(JsonRpcException) as caught:
        await run(editor, "fimble.other", [])
    assert caught.value.code == lsp.ErrorCodes.InvalidParams
    assert await counted(editor) == [1, 0, 0, 0]
    assert editor.shown == []


async def test_counts_are_kept_until_they_are_switched_off(start: Start, tmp_path: Path) -> None:
    environment = {"FIMBLE_STATE": str(tmp_path)}
    path = tmp_path / "stats.json"
    editor = await start(environment=environment)
    editor.open(TEXT)
    await editor.items(1, 12)
    await editor.end()
    [kept] = history.read(path).values()
    assert (kept["shown"], kept["python/shown"]) == (1, 1)

    editor = await start(environment=environment)
    editor.configure({"fimble": OFF})
    editor.open(TEXT)
    await editor.items(1, 12)
    assert await counted(editor) == [1, 0, 0, 0]
    await editor.end()
    assert left_in(tmp_path) == ["stats.lock"]


async def test_what_was_counted_before_is_deleted_at_the_start(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "stats.json").write_text('{"2026-01-01": {"shown": 1}}')
    (tmp_path / "outcomes.sqlite").touch()
    editor = await start(environment={"FIMBLE_STATE": str(tmp_path)}, options=OFF)
    await editor.end()
    assert left_in(tmp_path) == ["stats.lock"]
