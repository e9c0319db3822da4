"""The language server: pygls, our protocol, one session."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.io_ import StdinAsyncReader, StdoutWriter
from pygls.lsp.server import LanguageServer

from lsp_server import __version__
from lsp_server.actions.asking import PROMPTS, Model
from lsp_server.actions.own_files import Own
from lsp_server.edge import messages
from lsp_server.edge.editor_chat import EditorChat
from lsp_server.edge.folder import watch
from lsp_server.edge.frames import QuietWriter, Reader, Writer, bodies
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
        self.chat = EditorChat(self)
        self.problems: Sequence[str] = ()
        """Of the settings that came with `initialize`, until they can be shown."""
        self.shows_explanations = False
        """Whether the client has a chat in which explanations are shown."""
        self._progress: LoadProgress | None = None
        self._last_failure = ""
        self._last_loading: tuple[str, int | None] | None = None
        self._last_status: EngineStatus | None = None

    async def serve_stdio(self) -> None:
        """Serve the client at the other end of this process's standard streams; see `serve`."""
        reader = StdinAsyncReader(sys.stdin.buffer, self.thread_pool)
        await self.serve(reader, StdoutWriter(sys.stdout.buffer))

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """Serve one client until it exits or is gone.

        Raises SystemExit when it exits, UsageError if its messages can't be told apart.
        """
        asyncio.get_running_loop().set_exception_handler(_log_kind)
        self.protocol.set_writer(QuietWriter(writer))
        try:
            async for body in bodies(reader):
                try:
                    self.protocol.receive(body)
                except Exception as error:  # one message must not end the session
                    logger.error("a message could not be handled: %s", type(error).__name__)
                # A reader with bytes in store does not wait. Let the handler take what it needs of
                # the document before the next message changes it.
                await asyncio.sleep(0)
        finally:
            await self.close()  # a client that is gone has not asked for it

    async def close(self) -> None:
        """End everything that runs."""
        await self.chat.end()
        await self.session.close()

    def start_progress(self) -> None:
        """Show model loading as progress, if the client can."""
        self._progress = self._bar()

    def open_folder(self) -> None:
        """Index the client's folder, with progress of its own."""
        bar = self._bar()
        self.session.open_folder(bar.update if bar else lambda _status: None)
        if self.session.root is not None:
            self.session.spawn(watch(self))
            self.session.spawn(self.chat.be_found())

    @property
    def shows_progress(self) -> bool:
        """Whether the client shows work in progress."""
        window = self.client_capabilities.window
        return window is not None and bool(window.work_done_progress)

    @property
    def applies_edits(self) -> bool:
        """Whether the client lets the server edit its documents."""
        workspace = self.client_capabilities.workspace
        return workspace is not None and bool(workspace.apply_edit)

    @property
    def annotates_edits(self) -> bool:
        """Whether the client asks the user where an annotation of an edit says that it should."""
        workspace = self.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        return edits is not None and edits.change_annotation_support is not None

    def show(self, kind: types.MessageType, message: str) -> None:
        """Show the user a sentence."""
        self.window_show_message(types.ShowMessageParams(kind, message))

    async def own(self) -> Own:
        """What is the user's own; what is wrong with it is shown."""
        found = await asyncio.to_thread(self.session.own.look, self.session.root)
        self.name_problems(found.problems)
        return found

    async def model(self) -> Model:
        """What actions ask, with the user's own prompts."""
        return self.session.model(replace(PROMPTS, own=(await self.own()).prompts))

    def _bar(self) -> LoadProgress | None:
        if not self.shows_progress:
            return None
        bar = LoadProgress(self)
        self.session.spawn(bar.run())
        return bar

    def keep_stats(self) -> None:
        """Save what is counted now and then, and show it with the status."""

        def show() -> None:
            if self._last_status is not None:
                self._send(self._last_status)

        self.session.keep_stats(show)

    def name_problems(self, problems: Sequence[str]) -> None:
        """Show what is wrong with the settings, or with the user's own files."""
        for problem in problems:
            self.show(types.MessageType.Warning, problem)

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """Say nothing: errors have been answered or logged where they arose.

        pygls would show their texts, which may hold the user's code, in the editor.
        """

    def _on_status(self, status: EngineStatus) -> None:
        loading = None
        if status.state == "loading":
            loading = status.message, messages.whole_percent(status)
            if loading == self._last_loading:
                return
        self._last_loading = loading
        self._last_status = status
        self._send(status)
        if self._progress is not None:
            self._progress.update(status)
        if status.state == "failed" and status.message != self._last_failure:
            self.show(types.MessageType.Error, status.message)
        if status.state in ("failed", "ready"):
            self._last_failure = status.message if status.state == "failed" else ""

    def _send(self, status: EngineStatus) -> None:
        figures = self.session.stats.figures()
        self.protocol.notify(messages.STATUS, messages.status(status, figures))


def _log_kind(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log that something failed behind the scenes. asyncio would show results: the user's code."""
    logger.error("background work failed: %s", type(context.get("exception")).__name__)
