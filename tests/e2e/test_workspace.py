"""The workspace index through the server: what other files tell reaches the prompt."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from lsp_server.workspace.index import Index
from tests.e2e.conftest import Start
from tests.e2e.editor import Editor
from tests.e2e.raw import SERVE, frame

SCRIPT = [
    {"after": "client.", "text": "fetch_order(1)", "shown": "def fetch_order(self"},
    {"after": "client.", "text": "unknown()"},
    {"after": "order = ", "text": "1 + 1", "shown": "def fetch_order(self"},
    {"after": "order = ", "text": "2 + 2"},
    {"after": "Renamed().", "text": "newer()", "shown": "def newer"},
]
CLIENT = "class Client:\n    def fetch_order(self, number: int) -> str:\n        return ''\n"
USER = "from shop.client import Client\n\nclient = Client()\nclient.\n"


class Project:
    """A folder that a server works in."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.root = folder / "project"
        (self.root / "shop").mkdir(parents=True)
        (self.root / "shop" / "client.py").write_text(CLIENT)
        self.cache = folder / "cache"
        script = folder / "script.json"
        script.write_text(json.dumps(SCRIPT))
        self.arguments = ("--script", str(script))
        self._start = start

    @property
    def uri(self) -> str:
        return (self.root / "main.py").as_uri()

    async def open(self, **options: object) -> Editor:
        return await self._start(
            arguments=self.arguments,
            environment={"FIMBLE_CACHE": str(self.cache)},
            root_uri=self.root.as_uri(),
            **options,
        )

    def holds(self, met: Callable[[Index], object]) -> Callable[[], bool]:
        """Whether something holds of the index, once all has been read."""

        def check() -> bool:
            file = next(self.cache.glob("index/*.sqlite"), None)
            index = Index(self.root, file)
            found = file is not None and index.complete and bool(met(index))
            index.close()
            return found

        return check


async def says(editor: Editor, project: Project, expected: str, text: str = USER) -> None:
    """See that this is suggested at the end of the text, as soon as the folder has been read."""
    lines = text.rstrip("\n").split("\n")
    for number in range(200):
        uri = (project.root / f"new{number}.py").as_uri()
        editor.open(text, uri)
        if await editor.texts(len(lines) - 1, len(lines[-1]), uri=uri) == [expected]:
            return
        editor.close(uri)
        await asyncio.sleep(0.02)
    raise AssertionError(f"{expected} was never suggested")


@pytest.fixture
def project(tmp_path: Path, start: Start) -> Project:
    return Project(tmp_path, start)


async def test_a_definition_of_another_file_is_shown_to_the_model(project: Project) -> None:
    await says(await project.open(), project, "fetch_order(1)")


async def test_the_command_line_uses_the_index_of_a_repository(project: Project) -> None:
    (project.root / ".git").mkdir()
    editor = await project.open()
    await editor.until(project.holds(lambda index: index.in_module("shop/client.py")))
    (project.root / "main.py").write_text(USER)
    place = f"{project.root / 'main.py'}:4:8"
    answer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_server", "complete", place, *project.arguments),
        env={**os.environ, "FIMBLE_CACHE": str(project.cache)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await answer.communicate()
    assert (answer.returncode, output) == (0, b"fetch_order(1)\n")


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_without_a_client_the_server_ends(project: Project, seconds: float) -> None:
    """Also while it reads the folder: server and worker must not wait for each other."""
    environment = {**os.environ, "FIMBLE_CACHE": str(project.cache)}
    command = [*SERVE, *project.arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        params: dict[str, object] = {
            "processId": None,
            "rootUri": project.root.as_uri(),
            "capabilities": {},
        }
        for message in (
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
            {"jsonrpc": "2.0", "method": "initialized", "params": {}},
        ):
            server.stdin.write(frame(json.dumps(message).encode()))
        server.stdin.flush()
        server.stdout.readline()
        time.sleep(seconds)
        server.stdin.close()
        try:
            assert server.wait(10) == 1
        finally:
            server.kill()


async def test_a_saved_file_is_read_again(project: Project) -> None:
    editor = await project.open()
    await editor.until(project.holds(lambda index: index.in_module("shop/client.py")))
    saved = project.root / "shop" / "renamed.py"
    saved.write_text("class Renamed:\n    def newer(self): ...\n")
    item = lsp.TextDocumentIdentifier(saved.as_uri())
    editor.client.text_document_did_save(lsp.DidSaveTextDocumentParams(item))
    await editor.until(project.holds(lambda index: index.in_module("shop/renamed.py")))
    saved.unlink()
    event = lsp.FileEvent(saved.as_uri(), lsp.FileChangeType.Deleted)
    watched = lsp.DidChangeWatchedFilesParams([event])
    editor.client.workspace_did_change_watched_files(watched)
    await editor.until(project.holds(lambda index: not index.in_module("shop/renamed.py")))


async def test_what_is_not_saved_yet_counts(project: Project) -> None:
    renamed = project.root / "shop" / "renamed.py"
    renamed.write_text("class Renamed:\n    def older(self): ...\n")
    editor = await project.open()
    await editor.until(project.holds(lambda index: index.in_module("shop/renamed.py")))
    editor.open("class Renamed:\n    def newer(self): ...\n", renamed.as_uri())
    user = "from shop.renamed import Renamed\n\nRenamed().\n"
    await says(editor, project, "newer()", user)


@pytest.mark.parametrize("focused", [True, False])
async def test_where_the_user_was_in_another_file_is_shown(project: Project, focused: bool) -> None:
    editor = await project.open()
    await editor.until(project.holds(lambda index: index.in_module("shop/client.py")))
    client = (project.root / "shop" / "client.py").as_uri()
    editor.open(CLIENT, client)
    await says(editor, project, "2 + 2", "order = \n")
    if focused:
        place = {"textDocument": {"uri": client}, "position": {"line": 2, "character": 8}}
        editor.client.protocol.notify("fimble/didFocus", place)
    else:
        await editor.texts(2, 8, uri=client)
    await says(editor, project, "1 + 1", "order = \n")


async def test_the_index_can_be_switched_off(project: Project) -> None:
    editor = await project.open(options={"workspace": {"index": False}})
    editor.open(USER, project.uri)
    assert await editor.texts(3, 7, uri=project.uri) == ["unknown()"]
    assert not project.cache.exists()


async def test_the_index_can_be_switched_off_and_on_while_the_server_runs(project: Project) -> None:
    editor = await project.open()
    await editor.until(project.holds(lambda index: index.in_module("shop/client.py")))
    await says(editor, project, "fetch_order(1)")
    editor.configure({"fimble": {"workspace": {"index": False}}})
    await says(editor, project, "unknown()")
    editor.configure({"fimble": {"workspace": {"index": True}}})
    await says(editor, project, "fetch_order(1)")


async def test_what_an_ignore_file_names_is_shown_no_more(project: Project) -> None:
    editor = await project.open()
    await editor.until(project.holds(lambda index: index.in_module("shop/client.py")))
    await says(editor, project, "fetch_order(1)")
    editor.open(USER, project.uri)
    assert await editor.texts(3, 7, uri=project.uri) == ["fetch_order(1)"]
    ignore = project.root / ".fimbleignore"
    ignore.write_text("client.py\n")
    event = lsp.FileEvent(ignore.as_uri(), lsp.FileChangeType.Created)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
    await editor.until(project.holds(lambda index: not index.in_module("shop/client.py")))
    await says(editor, project, "unknown()")
    assert await editor.texts(3, 7, uri=project.uri) == ["unknown()"]
