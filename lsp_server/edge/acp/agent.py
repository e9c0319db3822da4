"""What is done for each request of the Agent Client Protocol.

The SDK reads and checks requests and calls the method of their name; answers are JSON as the
protocol has it. Updates of a session that a client must know of first come behind the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acp.exceptions import RequestError
from acp.schema import ClientCapabilities

from lsp_server.agent.agent import Places, delete
from lsp_server.agent.desk import Buffers
from lsp_server.agent.display import visible
from lsp_server.agent.events import Choice, Event, Question, TurnEnded
from lsp_server.agent.store import Store, check_folder
from lsp_server.edge.acp import shapes
from lsp_server.edge.acp.buffers import ClientFiles
from lsp_server.edge.attach.guest import ServersBuffers
from lsp_server.edge.chat import words
from lsp_server.edge.chat.room import Opened, Room
from lsp_server.edge.chat.shapes import chosen, info, permission, title
from lsp_server.edge.chat.telling import Teller
from lsp_server.engines.chat import ChatEngine
from lsp_server.errors import FimbleError, UsageError, describe
from lsp_server.workspace.indexer import Indexer

logger = logging.getLogger(__name__)

INTERNAL_ERROR = -32603


class Peer:
    """The client: what it can do, and how it is told and asked."""

    def __init__(self) -> None:
        self.request: Callable[[str, dict[str, Any]], Awaitable[Any]]
        self.notify: Callable[[str, dict[str, Any]], Awaitable[None]]
        self.capabilities = ClientCapabilities()

    async def update(self, session: str, update: dict[str, Any]) -> None:
        """Send `session/update`."""
        await self.notify("session/update", {"sessionId": session, "update": update})


class _Guest:
    """A room's `Client`: the peer, as the sessions of one folder see it."""

    def __init__(self, root: Path, peer: Peer) -> None:
        self._root = root
        self._peer = peer
        self._tellers: dict[str, Teller] = {}

    async def tell(self, session: str, _turn: int, event: Event) -> None:
        update = self._teller(session).payload(event)
        if update is not None and not isinstance(event, TurnEnded):
            await self._peer.update(session, update)

    async def ask(self, session: str, question: Question) -> Choice:
        call = self._teller(session).question(question)
        params = permission(session, question, call)
        try:
            answer = await self._peer.request("session/request_permission", params)
        except RequestError as error:
            logger.warning("the client could not ask: %s", describe(error))
            return "reject_once"
        return chosen(answer, question)

    def buffers(self, session: str) -> Buffers:
        files, others = self._peer.capabilities.fs, None
        if files is not None and files.read_text_file:
            writes = bool(files.write_text_file)
            others = ClientFiles(session, self._root, self._peer.request, writes=writes)
        return ServersBuffers(self._root, others)

    def _teller(self, session: str) -> Teller:
        return self._tellers.setdefault(session, Teller(self._root))


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder that sessions work in."""

    room: Room
    indexer: Indexer


class FimbleAgent:
    """See the module's docstring. The parameters are the protocol's; unknown ones are left out."""

    def __init__(self, engine: ChatEngine, peer: Peer, places: Places | None = None) -> None:
        self._engine = engine
        self._peer = peer
        self._kept = places or Places.usual()
        self._store = Store(self._kept.sessions)
        self._places: dict[Path, _Place] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def initialize(
        self, client_capabilities: ClientCapabilities | None = None, **_: Any
    ) -> dict[str, Any]:
        """Say what there is."""
        self._peer.capabilities = client_capabilities or ClientCapabilities()
        return shapes.initialized()

    async def new_session(self, cwd: str, **_: Any) -> dict[str, Any]:
        """Begin a session; it asks before it does anything."""
        return self._announced(await (await self._place(cwd)).room.begin("ask"))

    async def load_session(self, session_id: str, cwd: str, **_: Any) -> dict[str, Any]:
        """Open a session, and tell first what was said in it."""
        room = (await self._place(cwd)).room
        opened = await room.open(session_id)
        for _turn, told in (await room.records.history(session_id)).updates:
            if "sessionUpdate" in told:  # this protocol has no words for the end of a past turn
                await self._peer.update(session_id, told)
        return self._announced(opened)

    async def resume_session(self, session_id: str, cwd: str, **_: Any) -> dict[str, Any]:
        """Open a session whose history the client has."""
        return self._announced(await (await self._place(cwd)).room.open(session_id))

    async def fork_session(self, session_id: str, cwd: str, **_: Any) -> dict[str, Any]:
        """Begin a session with another's turns."""
        return self._announced(await (await self._place(cwd)).room.fork(session_id))

    async def list_sessions(self, cwd: str | None = None, **_: Any) -> dict[str, Any]:
        """The sessions, of one folder if it is given; all on one page."""
        folder = None if cwd is None else await asyncio.to_thread(Path(cwd).resolve)
        stored = await asyncio.to_thread(self._store.sessions, folder)
        return {"sessions": [info(each) for each in stored]}

    async def close_session(self, session_id: str, **_: Any) -> dict[str, Any]:
        """End its turn and let go of it."""
        await (await self._place_of(session_id)).room.close(session_id)
        return {}

    async def delete_session(self, session_id: str, **_: Any) -> dict[str, Any]:
        """Forget it for good."""
        if (place := self._known(session_id)) is not None:
            await place.room.delete(session_id)
        else:
            await delete(session_id, self._kept)
        return {}

    async def set_session_mode(self, session_id: str, mode_id: str, **_: Any) -> dict[str, Any]:
        """What is done without asking."""
        await self._set_mode(session_id, mode_id)
        return {}

    async def set_config_option(
        self, session_id: str, config_id: str, value: str | bool, **_: Any
    ) -> dict[str, Any]:
        """The same; there is no other option."""
        if config_id != shapes.MODE:
            raise UsageError(f"There is no option {config_id}; there is only {shapes.MODE}.")
        await self._set_mode(session_id, str(value))
        return {"configOptions": shapes.options(str(value))}

    async def prompt(self, session_id: str, prompt: list[Any], **_: Any) -> dict[str, Any]:
        """A turn, or a command."""
        place = self._known(session_id) or await self._place_of(session_id)
        text = shapes.said(prompt, place.room.root)
        if (command := words.command(text)) is not None:
            await self._say(session_id, await words.obey(place.room, session_id, command))
            if command.name == "mode":
                await self._tell_mode(session_id, command.rest)
            return {"stopReason": "end_turn"}
        ended = await place.room.turn(session_id, text)
        await self._peer.update(session_id, title(await place.room.records.stored(session_id)))
        for path in ended.changed:
            self._spawn(_read_again(place.indexer, path))
        if ended.reason == "error":
            raise RequestError(INTERNAL_ERROR, ended.problem)
        if ended.problem:
            await self._say(session_id, f"\n\n{ended.problem}")
        return {"stopReason": shapes.stop_reason(ended.reason)}

    async def cancel(self, session_id: str, **_: Any) -> None:
        """End a turn; its prompt is then answered."""
        if (place := self._known(session_id)) is not None:
            place.room.cancel(session_id)

    async def end(self) -> None:
        """End all turns, and let go of everything."""
        for place in self._places.values():
            await place.room.end()
            await place.indexer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(self._store.close)

    async def _set_mode(self, session: str, mode: str) -> None:
        await (await self._place_of(session)).room.set_mode(session, mode)
        self._spawn(self._tell_mode(session, mode))

    async def _tell_mode(self, session: str, mode: str) -> None:
        for update in shapes.mode_changes(mode):
            await self._peer.update(session, update)

    def _announced(self, opened: Opened) -> dict[str, Any]:
        async def announce() -> None:
            await self._peer.update(opened.stored.id, words.announced())
            for note in (*opened.notes, *words.interrupted(opened.interrupted)):
                await self._say(opened.stored.id, f"{note}\n")

        self._spawn(announce())
        self._spawn(self._warm_up())
        return shapes.opened(opened.stored)

    async def _warm_up(self) -> None:
        with contextlib.suppress(FimbleError):  # a turn will tell
            await self._engine.chat_info()

    async def _say(self, session: str, text: str) -> None:
        content = {"type": "text", "text": visible(text)}
        update = {"sessionUpdate": "agent_message_chunk", "content": content}
        await self._peer.update(session, update)

    def _known(self, session: str) -> _Place | None:
        """The place of a session that is open, or has a turn, without waiting for anything."""
        return next((each for each in self._places.values() if each.room.has(session)), None)

    async def _place_of(self, session: str) -> _Place:
        stored = await asyncio.to_thread(self._store.get, session)
        await asyncio.to_thread(check_folder, stored)
        return await self._place(stored.workspace)

    async def _place(self, cwd: str) -> _Place:
        folder = Path(cwd)
        if not folder.is_absolute():
            raise UsageError(f"The folder {cwd} is no absolute path; give one.")
        root = await asyncio.to_thread(folder.resolve)
        if root not in self._places:
            guest = _Guest(root, self._peer)
            room = await asyncio.to_thread(Room, root, lambda: self._engine, guest)
            place = self._places.setdefault(root, _Place(room, Indexer(root)))
            if place.room is room:
                self._spawn(_scan(place.indexer))
        return self._places[root]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something behind the answer: the SDK writes that before it lets anything else run."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _scan(indexer: Indexer) -> None:
    await indexer.scan()


async def _read_again(indexer: Indexer, path: str) -> None:
    await indexer.changed(path)
