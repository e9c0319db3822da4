"""Follow the client's documents. These handlers don't wait: the order of edits is their meaning."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.edge.server import FimbleServer


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


def did_close(server: FimbleServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document."""
    server.session.documents.close(params.text_document.uri)
