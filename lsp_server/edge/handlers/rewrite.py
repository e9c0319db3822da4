"""The command `fimble.rewrite`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lsprotocol import types

from lsp_server.actions.action import Request
from lsp_server.actions.rewrite import changed
from lsp_server.edge import convert
from lsp_server.edge.changes import applied, as_edit, worked_out
from lsp_server.edge.params import plain, text, where
from lsp_server.edge.server import FimbleServer

TITLE = "Rewrite"


async def rewrite(server: FimbleServer, arguments: tuple[Any, ...]) -> bool:
    """Have code changed as the user says; return whether the client has made the edit."""
    session = server.session
    given = plain(arguments[0]) if arguments else {}
    snapshot = await session.documents.with_syntax(session.documents.get(text(given, "uri")))
    start, end = convert.to_bytes(snapshot, where(given), session.encoding)
    request = Request(snapshot, start, end, around=session.around(snapshot.uri))
    instruction, model = text(given, "instruction"), await server.model()

    async def work(_: Callable[[str], None]) -> types.WorkspaceEdit:
        return as_edit(server, snapshot, await changed(request, instruction, model))

    return await applied(server, TITLE, partial(worked_out, server, TITLE, snapshot, work))
