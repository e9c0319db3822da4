"""Follow the client's documents. These handlers don't wait: the order of edits is their meaning."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from lsp_server.edge.server import FimbleServer
from lsp_server.errors import UsageError


def did_open(server: FimbleServer, params: types.DidOpenTextDocumentParams) -> None:
    """Take a document into the store."""
    opened = params.text_document
    server.session.documents.open(opened.uri, opened.language_id, opened.version, opened.text)


def did_change(server: FimbleServer, params: types.DidChangeTextDocumentParams) -> None:
    """Apply edits."""
    changed = params.text_document
    server.session.documents.change(
        changed.uri, changed.version, params.content_changes, server.session.encoding
    )


async def did_save(server: FimbleServer, params: types.DidSaveTextDocumentParams) -> None:
    """Index the file again."""
    await server.session.files_changed([params.text_document.uri])


async def did_change_watched_files(
    server: FimbleServer, params: types.DidChangeWatchedFilesParams
) -> None:
    """Index files again that were changed by something else."""
    await server.session.files_changed([change.uri for change in params.changes])


def did_close(server: FimbleServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document."""
    server.session.close_document(params.text_document.uri)
    server.chat.diagnostics.forget(params.text_document.uri)


def did_focus(server: FimbleServer, params: Any) -> None:
    """Get ready for what the user may type there. One that is not open is passed over."""
    session = server.session
    try:
        snapshot = session.documents.get(params.textDocument.uri)
        line, character = int(params.position.line), int(params.position.character)
    except (UsageError, AttributeError, TypeError, ValueError):
        return
    cursor = snapshot.text.point(line, character, session.encoding)
    session.documents.visit(snapshot.uri, cursor.row)
    session.completer().warm_up(snapshot, cursor)
