"""What of other files an engine on another machine sees, as ignore files change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lsp_server.completion import sendable
from lsp_server.completion.pieces import Piece
from lsp_server.completion.project import Project
from lsp_server.completion.suggest import Completer
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, Text
from lsp_server.edge.documents import Documents
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.settings import CompletionSettings
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found
from tests.remote import RemoteFake

FILES = {"client.py": "class Client:\n    def fetch(self): ...\n", "till.py": "class Till: ...\n"}
USER = "from client import Client\nfrom till import Till\n\nclient = Client()\nclient."


@dataclass
class Workspace:
    """An index that hears of no change, and a document that is completed."""

    index: Index
    completer: Completer
    engine: FakeEngine
    text: str = USER

    @property
    def root(self) -> Path:
        return self.index.root

    def document(self) -> Snapshot:
        syntax = Syntax.parse(self.text, "python")
        uri = (self.root / "main.py").as_uri()
        return Snapshot(uri, 1, "python", Text.of(self.text), syntax)

    async def complete(self, row: int = -1) -> bool:
        """Whether something is suggested, at a row's end."""
        document = self.document()
        lines = document.text.lines
        cursor = Point(row % len(lines), len(lines[row].rstrip("\n")))
        return await self.completer.suggest(document, cursor, invoked=True) is not None

    def shown(self) -> set[str]:
        """The files that the latest request shows."""
        return {snippet.path for snippet in self.engine.requests[-1].context}

    def ignore(self, path: str) -> None:
        (self.root / ".gitignore").write_text(f"{path}\n")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Of a client that tells of no change."""
    monkeypatch.setattr(sendable, "REMEMBERED_SECONDS", -1.0)
    return opened(tmp_path, RemoteFake([Reply("client.", "fetch()")]))


def opened(root: Path, engine: FakeEngine) -> Workspace:
    index = Index(root, root / "index.sqlite")
    for path, text in FILES.items():
        data = text.encode()
        assert index.update([extract(Found(path, 1, len(data)), data)])
    project = replace(Project.of(root, index, lambda: True, Documents()), is_waited_for=True)
    return Workspace(index, Completer(engine, CompletionSettings(), project=project), engine)


async def test_a_file_that_the_index_still_has_is_shown_no_more(workspace: Workspace) -> None:
    workspace.ignore("client.py")
    assert await workspace.complete()
    assert workspace.shown() == {"till.py"}


async def test_a_place_at_which_it_is_shown_is_given_up(workspace: Workspace) -> None:
    assert await workspace.complete()
    assert workspace.shown() == {"client.py", "till.py"}
    workspace.ignore("client.py")
    for text in ("client.f", "client.fe"):
        workspace.text = USER.replace("client.", text)
        await workspace.complete()
        assert workspace.shown() == {"till.py"}


async def test_what_is_held_is_looked_at_once_more_when_the_rest_is_known(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ignore file may change while it is looked for what belongs at a cursor."""
    assert await workspace.complete()
    needed = Project.needed

    async def changes(
        project: Project, snapshot: Snapshot, cursor: Point, visible: range
    ) -> list[Piece]:
        workspace.ignore("client.py")
        workspace.completer.forget_files(None)
        return await needed(project, snapshot, cursor, visible)

    monkeypatch.setattr(Project, "needed", changes)
    await workspace.complete(row=2)
    assert workspace.shown() == {"till.py"}


async def test_further_suggestions_are_not_asked_for_once_the_document_is_ignored(
    workspace: Workspace,
) -> None:
    document = workspace.document()
    first = await workspace.completer.suggest(document, document.text.end, invoked=True)
    assert first is not None
    count = len(workspace.engine.requests)
    workspace.ignore("main.py")
    assert await workspace.completer.others(document, first) == []
    assert len(workspace.engine.requests) == count


async def test_a_key_that_waits_asks_nothing_once_files_have_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await workspace.complete()
    count = len(workspace.engine.requests)
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def predicted(_: Completer) -> float:
        waiting.set()
        await go_on.wait()
        return 0.0

    monkeypatch.setattr(Completer, "_predicted", predicted)
    workspace.text = USER + "x"  # none that is known begins so
    document = workspace.document()
    asked = asyncio.create_task(
        workspace.completer.suggest(document, document.text.end, invoked=False)
    )
    await waiting.wait()
    workspace.ignore("client.py")
    go_on.set()
    assert await asked is None
    assert len(workspace.engine.requests) == count


async def test_an_engine_on_this_machine_sees_what_the_index_has(tmp_path: Path) -> None:
    workspace = opened(tmp_path, FakeEngine([Reply("client.", "fetch()")]))
    workspace.ignore("client.py")
    assert await workspace.complete()
    assert workspace.shown() == {"client.py", "till.py"}
