"""The commands `fimble.explain` and `fimble.explainError`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from lsprotocol import types

from lsp_server.actions import error
from lsp_server.actions.action import Explain, Request
from lsp_server.actions.explain import explained, title
from lsp_server.core.uris import path_of
from lsp_server.edge import convert, pages
from lsp_server.edge.explanations import Explanation
from lsp_server.edge.params import optional_text, plain, text, where
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
    request = Request(snapshot, start, end, around=session.around(snapshot.uri))
    told, asked = optional_text(given, "message"), optional_text(given, "instruction")
    task = Explain(request, start, end, told, asked)
    pieces = explained(task, await server.model())
    return await _told(server, pieces, snapshot.uri, await asyncio.to_thread(title, task))


async def explain_error(server: FimbleServer, arguments: tuple[Any, ...]) -> str:
    """Have an error explained that was printed, show that, and return it."""
    given = plain(arguments[0]) if arguments else {}
    printed, uri = text(given, "text"), optional_text(given, "uri")
    path = path_of(uri)
    task = error.Error(printed, server.session.root, (path.parent,) if path else ())
    pieces = error.explained(task, await server.model())
    return await _told(server, pieces, uri or "error", error.title(task))


async def _told(
    server: FimbleServer, pieces: AsyncGenerator[str, None], uri: str, title: str
) -> str:
    """Show what is said while it comes, in the client's chat if it has one. Returns it."""
    if server.shows_explanations:
        with Explanation(server.protocol.notify, title) as shown:
            return await _said(server, pieces, shown.more)
    said = await _said(server, pieces)
    await _show(server, uri, said)
    return said


async def _said(
    server: FimbleServer,
    pieces: AsyncGenerator[str, None],
    show: Callable[[str], None] = lambda _: None,
) -> str:
    """All that is said; while it comes, its last line is told as progress."""
    said, shown = "", time.monotonic()
    async with working(server, "Explaining") as report, aclosing(pieces):
        async for piece in pieces:
            said += piece
            show(said)
            if time.monotonic() - shown > SECONDS_PER_REPORT:
                shown = time.monotonic()
                report(said.strip().rpartition("\n")[2])
    if not said.strip():
        raise UsageError("The model said nothing; try it again, or select less.")
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
