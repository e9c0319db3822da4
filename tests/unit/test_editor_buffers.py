"""Edits of open documents: what counts is what the documents say then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from lsp_server.agent.desk import Change, File
from lsp_server.core.text import Encoding
from lsp_server.edge import buffers
from lsp_server.edge.buffers import EditorBuffers
from lsp_server.edge.diagnostics import Diagnostics
from lsp_server.edge.documents import Documents

ROOT = Path("/project")
URI = (ROOT / "a.py").as_uri()
OLD, NEW = "x = 1\r\ny = 2\r\n", "x = 3\ny = 2\r\n"

Client = Callable[[Documents], None]


def says(text: str) -> Client:
    def change(documents: Documents) -> None:
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        documents.change(URI, 2, [whole], Encoding.UTF16)

    return change


def later(client: Client) -> Client:
    def change(documents: Documents) -> None:
        asyncio.get_running_loop().call_later(0.05, client, documents)

    return change


@pytest.mark.parametrize(
    ("client", "is_done"),
    [
        (says(NEW), True),
        (later(says(NEW)), True),
        (says(NEW.replace("3\n", "3\r\n")), True),
        (lambda _: None, False),
        (says("# typed\r\n" + OLD), False),
        (lambda documents: documents.close(URI), False),
    ],
)
async def test_an_edit_that_is_said_to_be_made_is_looked_for(
    client: Client, is_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffers, "FOLLOW_SECONDS", 0.3)
    documents = Documents()
    documents.open(URI, "python", 1, OLD)

    async def apply(_: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        client(documents)
        return lsp.ApplyWorkspaceEditResult(applied=True)

    editor = EditorBuffers(
        ROOT, documents, Diagnostics(), apply, units=Encoding.UTF16, annotated=False
    )
    done = await editor.apply([Change(File("a.py", OLD, None), NEW)])
    assert done == is_done
    assert not done or buffers.same(await editor.text("a.py") or "", NEW)
