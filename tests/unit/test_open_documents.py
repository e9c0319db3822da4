"""What open documents tell before they are saved, and where they were changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from lsp_server.completion.edits import APART_ROWS, LARGEST_ROWS, MOST, Edited, Edits
from lsp_server.completion.pieces import Piece
from lsp_server.completion.project import Project
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Encoding, Point, Text
from lsp_server.edge.documents import Documents
from lsp_server.workspace import extract as extraction
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found

CLIENT = "class Client:\n    def fetch(self): ...\n"
USER = "from client import Client\n\nclient = Client()\nclient."
KEY = "AKIA" + "QYLPMN5HHHFPZAM2"


@dataclass
class Workspace:
    """Documents beside an index, and a document that is completed."""

    index: Index
    documents: Documents = field(default_factory=Documents)

    def save(self, path: str, text: str) -> None:
        data = text.encode()
        assert self.index.update([extract(Found(path, 1, len(data)), data)])

    def uri(self, path: str) -> str:
        return (self.index.root / path).as_uri()

    def open(self, path: str, text: str) -> None:
        self.documents.open(self.uri(path), "python", 1, text)

    def insert(self, path: str, row: int, text: str) -> None:
        place = lsp.Position(row, 0)
        change = lsp.TextDocumentContentChangePartial(text=text, range=lsp.Range(place, place))
        self.documents.change(self.uri(path), 2, [change], Encoding.UTF16)

    async def pieces(self, text: str = USER) -> list[Piece]:
        project = Project.of(self.index.root, self.index, lambda: True, self.documents)
        whole, syntax = Text.of(text), Syntax.parse(text, "python")
        snapshot = Snapshot(self.uri("main.py"), 1, "python", whole, syntax)
        return await project.needed(snapshot, whole.end, range(len(whole.lines)))

    async def shown(self, text: str = USER) -> str:
        return "\n".join(piece.text for piece in await self.pieces(text))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(Index(tmp_path, tmp_path / "index.sqlite"))
    made.save("client.py", CLIENT)
    return made


async def test_a_buffer_says_more_than_the_index(workspace: Workspace) -> None:
    assert "fetch" in await workspace.shown()
    workspace.open("client.py", CLIENT.replace("fetch", "collect"))
    text = await workspace.shown()
    assert "collect" in text
    assert "fetch" not in text
    workspace.insert("client.py", 1, "    def newest(self): ...\n")
    assert "newest" in await workspace.shown()
    library = Project.of(
        workspace.index.root, workspace.index, lambda: True, workspace.documents
    ).library
    names = ("newest", "collect", "fetch")
    assert [library.mentions("client.py", name) for name in names] == [True, True, False]
    workspace.documents.close(workspace.uri("client.py"))
    assert "fetch" in await workspace.shown()


async def test_a_buffer_with_a_secret_or_outside_of_the_workspace_says_nothing(
    workspace: Workspace,
) -> None:
    workspace.open("client.py", f"{CLIENT}    def newest(self): return '{KEY}'\n")
    assert await workspace.shown() == ""
    workspace.open("ignored.py", "class Ignored:\n    def inner(self): ...\n")
    assert "inner" not in await workspace.shown("from ignored import Ignored\nIgnored.")


async def test_each_version_is_read_once_and_what_is_saved_not_at_all(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    inner = extraction._extract

    def counted(found: Found, data: bytes) -> extraction.Entry:
        read.append(found.path)
        return inner(found, data)

    monkeypatch.setattr(extraction, "_extract", counted)
    workspace.open("client.py", CLIENT)
    await workspace.shown()
    assert read == []
    workspace.insert("client.py", 2, "    def more(self): ...\n")
    project = Project.of(workspace.index.root, workspace.index, lambda: True, workspace.documents)
    text = Text.of(USER)
    syntax = Syntax.parse(USER, "python")
    snapshot = Snapshot(workspace.uri("main.py"), 1, "python", text, syntax)
    for _ in range(3):
        assert await project.needed(snapshot, text.end)
    assert read == ["client.py"]


CALL = "def pay(order):\n    return ledger.record(order, currency='EUR')\n"
PAYING = "def refund(order):\n    return ledger.record(order, "


async def test_code_that_was_changed_lately_is_shown_where_it_matters(
    workspace: Workspace,
) -> None:
    workspace.save("pay.py", CALL)
    workspace.open("pay.py", CALL)
    assert "EUR" not in await workspace.shown(PAYING)
    workspace.insert("pay.py", 1, "    check(order)\n")
    [piece] = await workspace.pieces(PAYING)
    assert (piece.path, piece.text) == (
        "pay.py",
        CALL.replace("\n", "\n    check(order)\n", 1).rstrip("\n"),
    )
    assert "EUR" not in await workspace.shown("def area(circle):\n    return circle.radius * ")
    workspace.insert("pay.py", 0, f"# {KEY}\n")
    assert await workspace.shown(PAYING) == ""


async def test_changed_code_of_a_file_that_is_left_out_is_not_shown(workspace: Workspace) -> None:
    workspace.open("secrets.env.py", CALL)
    workspace.insert("secrets.env.py", 1, "    check(order)\n")
    assert await workspace.shown(PAYING) == ""


def test_places_move_with_later_edits() -> None:
    edits = Edits()
    edits.note("a", 50, 50, 1)
    edits.note("b", 7, 7, 1)
    edits.note("a", 10, 10, 4)
    assert tuple(edits.places) == (Edited("a", 53), Edited("b", 7), Edited("a", 13))
    edits.note("a", 20, 30, 1)
    assert Edited("a", 43) in edits.places
    edits.forget("a")
    assert tuple(edits.places) == (Edited("b", 7),)


def test_of_edits_near_each_other_the_last_counts() -> None:
    edits = Edits()
    for row in range(5):
        edits.note("a", row, row, 2)
    assert tuple(edits.places) == (Edited("a", 5),)
    edits.note("a", 5 + APART_ROWS + 1, 5 + APART_ROWS + 1, 1)
    assert len(edits.places) == 2


def test_a_whole_text_that_is_replaced_is_no_place() -> None:
    edits = Edits()
    edits.note("a", 3, 3, 1)
    edits.note("a", 0, LARGEST_ROWS, LARGEST_ROWS + 1)
    assert tuple(edits.places) == ()
    for row in range(0, 100 * MOST, 100):
        edits.note("a", row, row, 1)
    assert len(edits.places) == MOST


def test_documents_note_the_rows_of_an_edit(workspace: Workspace) -> None:
    workspace.open("a.py", "1\n2\n3\n")
    workspace.insert("a.py", 1, "x\ny\n")
    assert workspace.documents.edits.places == (Edited(workspace.uri("a.py"), 3),)
    assert (
        workspace.documents.get(workspace.uri("a.py")).text.slice(Point(3, 0), Point(3, 1)) == "2"
    )
