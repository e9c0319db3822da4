"""The command `fimble.rewrite`."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from lsp_server.actions.action import Request
from lsp_server.actions.asking import NotMade
from lsp_server.actions.rewrite import changed
from lsp_server.edge import convert
from lsp_server.edge.params import plain, text, where
from lsp_server.edge.progress import working
from lsp_server.edge.server import FimbleServer
from lsp_server.errors import UsageError


async def rewrite(server: FimbleServer, arguments: tuple[Any, ...]) -> bool:
    """Have code changed as the user says; return whether the client has made the edit."""
    session = server.session
    workspace = server.client_capabilities.workspace
    if workspace is None or not workspace.apply_edit:
        raise UsageError("This editor lets no server edit its documents, so nothing was changed.")
    given = plain(arguments[0]) if arguments else {}
    snapshot = await session.documents.with_syntax(session.documents.get(text(given, "uri")))
    start, end = convert.to_bytes(snapshot, where(given), session.encoding)
    request = Request(snapshot, start, end, around=session.around(snapshot.uri))
    async with working(server, "Rewriting"):
        try:
            change = await changed(request, text(given, "instruction"), session.model())
        except NotMade as error:
            server.show(types.MessageType.Info, str(error))
            return False
    session.require_newest(snapshot)
    edit = convert.workspace_edit(
        snapshot, change, session.encoding, annotated=server.annotates_edits
    )
    params = types.ApplyWorkspaceEditParams(edit, label="Rewrite")
    # Shielded: pygls fails on an answer that nobody waits for any more.
    return (await asyncio.shield(server.workspace_apply_edit_async(params))).applied
