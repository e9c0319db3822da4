"""The chat of a client of the language server: its room, and how it is told and asked."""

from __future__ import annotations

import asyncio
import uuid
from itertools import count
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server.agent.events import Choice, Event, Question
from lsp_server.edge.attach.host import Host
from lsp_server.edge.buffers import EditorBuffers
from lsp_server.edge.chat import messages
from lsp_server.edge.chat.shapes import chosen, permission
from lsp_server.edge.chat.telling import Teller
from lsp_server.edge.diagnostics import Diagnostics
from lsp_server.edge.params import plain
from lsp_server.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from lsp_server.agent.desk import Buffers
    from lsp_server.edge.chat.room import Room
    from lsp_server.edge.server import FimbleServer


class EditorChat:
    """A room's `Client`. Nothing is opened before the first session is."""

    def __init__(self, server: FimbleServer) -> None:
        self._server = server
        self._room: Room | None = None
        self._host: Host | None = None
        self._opening = asyncio.Lock()
        self._tellers: dict[str, Teller] = {}
        self._counters: dict[str, count[int]] = {}
        self.diagnostics = Diagnostics()

    async def room(self) -> Room:
        """The room of the client's folder. Raises UsageError if it has none."""
        root = self._server.session.root
        if root is None:
            raise UsageError("There is no folder to chat about; open one in the editor.")
        async with self._opening:
            if self._room is None:
                self._room = await asyncio.to_thread(self._open, root)
        return self._room

    def _open(self, root: Path) -> Room:
        from lsp_server.edge.chat.room import Room  # 0.1 s, which no start should cost

        return Room(root, self._server.session.engine, self)

    async def be_found(self) -> None:
        """Let the user's other processes in this folder see what is open here."""
        buffers, root = self.buffers(""), self._server.session.root
        if buffers is not None and root is not None:
            self._host = Host(root, buffers)
            await self._host.open()

    async def end(self) -> None:
        """End all turns."""
        if self._host is not None:
            await self._host.close()
        if self._room is not None:
            await self._room.end()

    async def tell(self, session: str, turn: int, event: Event) -> None:
        """Notify the client of an event."""
        told = (await self._teller(session)).payload(event)
        if told is not None:
            seq = next(self._counters.setdefault(session, count(1)))
            params = {"session": session, "turn": turn, "seq": seq, "event": told}
            self._server.protocol.notify(messages.EVENT, params)

    async def ask(self, session: str, question: Question) -> Choice:
        """Ask the client; one that can't answer says no."""
        call = (await self._teller(session)).question(question)
        params = permission(session, question, call)
        protocol, number = self._server.protocol, str(uuid.uuid4())
        request = protocol.send_request_async(messages.ASK, params, number)
        answering = asyncio.ensure_future(request)
        answering.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        try:
            # Shielded: pygls fails if the answer comes after its waiter was cancelled.
            return chosen(plain(await asyncio.shield(answering)), question)
        except JsonRpcException:
            return "reject_once"
        except asyncio.CancelledError:
            protocol.notify(types.CANCEL_REQUEST, types.CancelParams(number))
            raise

    def buffers(self, session: str) -> Buffers | None:  # noqa: ARG002 - all see the same
        """The server's documents, if the client takes edits of them."""
        server = self._server
        root = server.session.root
        if root is None or not server.applies_edits:
            return None
        return EditorBuffers(
            root,
            server.session.documents,
            self.diagnostics,
            self._apply,
            units=server.session.encoding,
            annotated=server.annotates_edits,
        )

    async def _apply(
        self, params: types.ApplyWorkspaceEditParams
    ) -> types.ApplyWorkspaceEditResult:
        return await asyncio.shield(self._server.workspace_apply_edit_async(params))

    async def _teller(self, session: str) -> Teller:
        if session not in self._tellers:
            self._tellers[session] = Teller((await self.room()).root)
        return self._tellers[session]
