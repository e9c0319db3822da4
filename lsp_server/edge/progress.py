"""What takes a while, as work-done progress for clients that show it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_server.edge.messages import whole_percent
from lsp_server.engines.base import EngineStatus
from lsp_server.errors import UsageError

if TYPE_CHECKING:
    from lsp_server.edge.server import FimbleServer


@asynccontextmanager
async def working(server: FimbleServer, message: str) -> AsyncIterator[Callable[[str], None]]:
    """Show that something is done for a request while it lasts; the user may cancel it there.

    What it gives shows another message. Raises UsageError once the user has cancelled it: the
    client has not, so it waits for an answer.
    """
    if not server.shows_progress:
        yield lambda _: None
        return
    token = str(uuid.uuid4())
    progress = server.work_done_progress
    request = asyncio.current_task()
    ended = asyncio.Event()
    is_cancelled = False

    def cancel(_: object) -> None:
        nonlocal is_cancelled
        if request is not None and not ended.is_set():
            is_cancelled = request.cancel()

    async def show() -> None:
        try:
            await asyncio.shield(progress.create_async(token))
        except JsonRpcException:  # the client declines
            return
        progress.tokens[token].add_done_callback(cancel)
        progress.begin(
            token, types.WorkDoneProgressBegin(title="Fimble", cancellable=True, message=message)
        )
        await ended.wait()
        progress.end(token, types.WorkDoneProgressEnd())
        del progress.tokens[token]

    def report(message: str) -> None:
        if token in progress.tokens:  # the client has agreed
            progress.report(token, types.WorkDoneProgressReport(message=message))

    server.session.spawn(show())
    try:
        yield report
    except asyncio.CancelledError:
        if request is None or not is_cancelled or request.uncancel():
            raise
        raise UsageError("This was cancelled, so nothing was changed.") from None
    finally:
        ended.set()


class LoadProgress:
    """Turns states into one progress bar for each load."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._states: asyncio.Queue[EngineStatus] = asyncio.Queue()

    def update(self, status: EngineStatus) -> None:
        """Take a change of state."""
        self._states.put_nowait(status)

    async def run(self) -> None:
        """Show loads until cancelled."""
        while True:
            status = await self._states.get()
            if status.state == "loading":
                await self._show(status)

    async def _show(self, status: EngineStatus) -> None:
        token = str(uuid.uuid4())
        progress = self._server.work_done_progress
        try:
            # Shielded: pygls fails if the answer comes after its waiter was cancelled.
            await asyncio.shield(progress.create_async(token))
        except JsonRpcException:  # the client declines: no bar for this load
            while status.state == "loading":
                status = await self._states.get()
            return
        progress.begin(
            token,
            types.WorkDoneProgressBegin(title="Fimble", message=status.message, percentage=0),
        )
        while status.state == "loading":
            report = types.WorkDoneProgressReport(
                message=status.message, percentage=whole_percent(status)
            )
            progress.report(token, report)
            status = await self._states.get()
        progress.end(token, types.WorkDoneProgressEnd(message=status.message))
