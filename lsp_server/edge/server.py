"""The language server: pygls, our protocol, one session."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from lsp_server import __version__
from lsp_server.edge import messages
from lsp_server.edge.progress import LoadProgress
from lsp_server.edge.protocol import FimbleProtocol
from lsp_server.edge.session import OpenEngine, Session
from lsp_server.engines.base import EngineStatus

if TYPE_CHECKING:
    from pygls.server import ServerErrors

logger = logging.getLogger(__name__)


class FimbleServer(LanguageServer):
    """One client's server. `routes.register` gives it its handlers."""

    protocol: FimbleProtocol

    def __init__(self, open_engine: OpenEngine) -> None:
        super().__init__("fimble", __version__, protocol_cls=FimbleProtocol)
        self.session = Session(open_engine, self._on_status)
        self.problems: Sequence[str] = ()
        """Of the settings that came with `initialize`, until they can be shown."""
        self._progress: LoadProgress | None = None
        self._last_failure = ""

    async def run_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one client over a connection, until it exits or is gone."""
        self._stop_event = threading.Event()
        self.protocol.set_writer(writer)
        await run_async(
            self._stop_event, reader, self.protocol, error_handler=self.report_server_error
        )

    def start_progress(self) -> None:
        """Show model loading as progress, if the client can."""
        window = self.client_capabilities.window
        if window is not None and window.work_done_progress:
            self._progress = LoadProgress(self)
            self.session.spawn(self._progress.run())

    def name_problems(self, problems: Sequence[str]) -> None:
        """Show what is wrong with the settings."""
        for problem in problems:
            self._show(types.MessageType.Warning, problem)

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Log the kind of an error (its text may hold the user's code), answer what is no message.

        Errors of requests and notifications have been answered or logged where they arose.
        """
        if source is JsonRpcException:
            logger.error("a message could not be read: %s", type(error).__name__)
            self.protocol.refuse_unreadable(error)

    def _on_status(self, status: EngineStatus) -> None:
        self.protocol.notify(messages.STATUS, messages.status(status))
        if self._progress is not None:
            self._progress.update(status)
        if status.state == "failed" and status.message != self._last_failure:
            self._show(types.MessageType.Error, status.message)
        if status.state in ("failed", "ready"):
            self._last_failure = status.message if status.state == "failed" else ""

    def _show(self, kind: types.MessageType, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(kind, message))
