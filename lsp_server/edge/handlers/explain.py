"""The commands `fimble.explain` and `fimble.explainError`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from lsprotocol import types

from lsp_server.actions import error
from lsp_server.actions.action import Explain, Request
from lsp_server.actions.explain import explained
from lsp_server.core.uris import path_of
from lsp_server.edge import convert, pages
from lsp_server.edge.params import fields, plain, text, where
from lsp_server.edge.progress import working
from lsp_server.edge.server import FimbleServer
from lsp_server.errors import UsageError

SECONDS_PER_REPORT = 0.2


async def explain(server: FimbleServer, arguments: tuple[Any, ...]) -> str:
    """Have code or a message explained, show that, and return it."""
    session = server.session
    given = plain(arguments[0]) if arguments else {}
    snapshot = await session.documents.with_syntax(session.documents.get(text(given, "uri")))
    start, end = convert.to_bytes(snapshot, where(given), session.encoding)
    message = fields(given).get("message") or ""
    if not isinstance(message, str):
        raise UsageError("The parameter message must be a text.")
    request = Request(snapshot, start, end, around=session.around(snapshot.uri))
    task = Explain(request, start, end, message)
    return await _told(server, explained(task, session.model()), snapshot.uri)


async def explain_error(server: FimbleServer, arguments: tuple[Any, ...]) -> str:
    """Have an error explained that was printed, show that, and return it."""
    session = server.session
    given = plain(arguments[0]) if arguments else {}
    printed, uri = text(given, "text"), fields(given).get("uri") or ""
    if not isinstance(uri, str):
        raise UsageError("The parameter uri must be a text.")
    path = path_of(uri)
    task = error.Error(printed, session.root, (path.parent,) if path else ())
    return await _told(server, error.explained(task, session.model()), uri or "error")


async def _told(server: FimbleServer, pieces: AsyncGenerator[str, None], uri: str) -> str:
    """Show what is said: as progress while it comes, then as a whole. Returns it."""
    said, told = "", time.monotonic()
    async with working(server, "Explaining") as report, aclosing(pieces):
        async for piece in pieces:
            said += piece
            if time.monotonic() - told > SECONDS_PER_REPORT:
                told = time.monotonic()
                report(said.strip().rpartition("\n")[2])
    if not said.strip():
        raise UsageError("The model said nothing; try it again, or select less.")
    await _show(server, uri, said.strip())
    return said.strip()


async def _show(server: FimbleServer, uri: str, said: str) -> None:
    """Open it beside the code where the client can, else as a message."""
    window = server.client_capabilities.window
    if window is None or window.show_document is None or not window.show_document.support:
        server.show(types.MessageType.Info, said)
        return
    try:
        page = await asyncio.to_thread(pages.write, uri, said)
    except OSError:  # no room, or another server has just tidied up
        server.show(types.MessageType.Info, said)
        return
    params = types.ShowDocumentParams(page.as_uri(), take_focus=False)
    server.window_show_document(params)
