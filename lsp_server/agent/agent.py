"""Sessions of one workspace, begun and resumed: the pieces of the agent put together.

agent = Agent(engine, root, library, ask=ask)
session = await agent.begin("edit")
async for event in session.turn("rename parse to parse_line"): ...
await agent.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import get_args

from lsp_server.agent import claims, decisions, history, store
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.desk import Buffers, Desk, Given
from lsp_server.agent.dialect import Dialect
from lsp_server.agent.events import Question
from lsp_server.agent.files.journal import Journal, Recovered
from lsp_server.agent.files.ledger import Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.undo import EVERYWHERE, Undone, named, undo, unsure
from lsp_server.agent.manner import ANSWER_TOKENS, Manner
from lsp_server.agent.map import repository_map
from lsp_server.agent.mcp.config import both
from lsp_server.agent.mcp.fleet import Fleet
from lsp_server.agent.permissions import Ask, Mode, Permissions, nobody
from lsp_server.agent.probe import remembered
from lsp_server.agent.prompt import system_message
from lsp_server.agent.session import Session
from lsp_server.agent.store import Store, Stored
from lsp_server.agent.tools import offered
from lsp_server.agent.tools.base import Tool
from lsp_server.agent.trust import SERVERS, OwnFiles, decide, own_files
from lsp_server.agent.workflows.size import is_small
from lsp_server.engines.chat import ChatEngine
from lsp_server.errors import UndoRefused, UsageError
from lsp_server.models.store import config_dir, state_dir
from lsp_server.workspace.index import Index

MAP_CONTEXT_TOKENS = 16_000
"""Of models with tools of their own; smaller ones need the room, and names confuse them."""
FOREIGN_SHARE = 8
"""Tools of MCP servers take at most this part of the window: an eighth."""
MAX_DOUBTED = 50
"""Files that the user is told of when he is asked whether their changes are his."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the agent keeps what it must remember."""

    sessions: Path
    decisions: Path
    journal: Path
    """A folder."""
    servers: Path | None = None
    """The user's own file of MCP servers, which need not exist."""
    scorecards: Path = field(default_factory=remembered.default_folder)
    """A folder: what was measured of models."""

    @classmethod
    def usual(cls) -> Places:
        """Those of this user."""
        return cls(
            store.default_path(),
            decisions.default_path(),
            state_dir() / "journal",
            config_dir() / "mcp.json",
        )


class Agent:
    """See the module's docstring."""

    def __init__(
        self,
        engine: ChatEngine,
        root: Path,
        library: Index,
        *,
        ask: Ask = nobody,
        buffers: Buffers | None = None,
        places: Places | None = None,
        given: dict[str, list[Given]] | None = None,
    ) -> None:
        """`given`: what was put into open documents, by session; filled in here.

        Raises UsageError if the root is no folder, and AgentError or StoreError.
        """
        places = places or Places.usual()
        self._journal = open_journal(root, places)
        self.store = Store(places.sessions)
        self.decisions = Decisions(places.decisions, self._journal.workspace.root)
        self._own_servers = places.servers
        self._fleet = Fleet()
        self._engine = engine
        self._scorecards = places.scorecards
        self._library = library
        self._ask = ask
        self._buffers = buffers
        self._given = {} if given is None else given
        self._opened: dict[str, Session] = {}

    async def begin(self, mode: str = "ask") -> Session:
        """A new session."""
        mode = checked_mode(mode)
        stored = await asyncio.to_thread(self.store.create, self._journal.workspace.root, mode)
        return await self._open(stored)

    async def resume(self, identity: str, mode: str | None = None) -> Session:
        """A session as it was left. Raises UsageError if there is none, or of another folder."""
        root = self._journal.workspace.root
        stored = await asyncio.to_thread(self.store.of, root, identity)
        if mode is not None and mode != stored.mode:
            await asyncio.to_thread(self.store.set_mode, identity, checked_mode(mode))
            stored = await asyncio.to_thread(self.store.get, identity)
        return await self._open(stored)

    async def own_files(self) -> OwnFiles:
        """What the folder's own files would say, and whether it counts. Raises StoreError."""
        return await asyncio.to_thread(own_files, self._journal.workspace, self.decisions)

    async def trust(self, trusted: bool) -> None:
        """Let the folder's own files have a say, or no longer; in sessions opened from now on."""
        work = partial(decide, self._journal.workspace, self.decisions, trusted=trusted)
        await asyncio.to_thread(work)

    async def recovered(self, session: str) -> Sequence[Recovered]:
        """What was half done in a session when its process died; it is settled now.

        With what changed since a command began that nobody saw end.
        """
        steps = await asyncio.to_thread(self._journal.recover, session)
        commands = await asyncio.to_thread(Watch(self._journal).recover, session)
        changed = [step for _, changes in commands for step in changes.steps]
        return [*steps, *(Recovered(step, "perhaps yours") for step in changed)]

    async def undo(
        self, session: str, turn: int | None = None, paths: Container[str] = EVERYWHERE
    ) -> Undone:
        """Put back what a session, or one turn of it, has changed, in `paths` alone if given.

        Raises UndoRefused.
        The user is asked about what he may have changed himself; without a yes that stays.
        """
        text = None if turn is None else str(turn)
        doubtful = await asyncio.to_thread(unsure, self._journal, session, text, paths)
        yes = bool(doubtful) and await self._ask(_doubt(doubtful)) == "allow_once"
        opened = self._opened.get(session)
        in_editor = await opened.take_back(turn, paths) if opened else []
        try:
            work = partial(undo, self._journal, session, text, paths=paths, all_of_it=yes)
            undone = await asyncio.to_thread(work)
        except UndoRefused as refused:
            if not in_editor:
                raise
            raise UndoRefused(
                f"In the editor {named(in_editor)} was put back, but on the disk: {refused}"
            ) from refused
        return Undone(tuple(sorted({*undone.paths, *in_editor})), undone.merged)

    async def undo_latest(self, session: str, paths: Container[str] = EVERYWHERE) -> Undone:
        """Put back what the latest turn has changed that changed something; see `undo`."""
        past = await asyncio.to_thread(lambda: history.read(self.store.entries(session)))
        for turn in range(past.last_turn, 0, -1):
            undone = await self.undo(session, turn, paths)
            doubtful = await asyncio.to_thread(unsure, self._journal, session, str(turn), paths)
            if undone.paths or doubtful:  # asked about, and left
                return undone
        return Undone((), ())

    async def close(self) -> None:
        """End the servers, and let go of the files."""
        await self._fleet.close()
        await asyncio.to_thread(self._journal.ledger.close)
        await asyncio.to_thread(self.store.close)

    async def _open(self, stored: Stored) -> Session:
        mode = checked_mode(stored.mode)
        own = await self.own_files()
        desk = Desk(
            stored.id,
            self._journal,
            self._library,
            Permissions(mode, self.decisions, self._ask),
            buffers=self._buffers,
            given=self._given.setdefault(stored.id, []),
        )
        find_manner = partial(self._manner, mode, own)
        manner = await find_manner()
        opened = self._opened[stored.id] = await asyncio.to_thread(
            Session, self._engine, manner, find_manner, desk, self.store, stored, own.problems
        )
        return opened

    async def _manner(self, mode: Mode, own: OwnFiles) -> Manner:
        """How the engine is asked that answers now."""
        info = await self._engine.chat_info()
        way = await asyncio.to_thread(remembered.known_way, self._scorecards, info)
        tools = offered(writes=mode != "plan", few=way != "native")
        # A small model's steps are fixed, and none of them is another server's.
        room = 0 if is_small(info) else info.context_tokens // FOREIGN_SHARE
        foreign, problems = await self._foreign(own, mode, room)
        tools = (*tools, *foreign)
        schemas = [tool.schema for tool in tools]
        names = ""
        if way == "native" and info.context_tokens >= MAP_CONTEXT_TOKENS:
            workspace = self._journal.workspace
            names = await asyncio.to_thread(repository_map, self._library, workspace)
        root = self._journal.workspace.root
        writes = mode != "plan"
        system = system_message(root, schemas, way, writes=writes, rules=own.rules, names=names)
        dialect = Dialect(self._engine, schemas, way, max_tokens=ANSWER_TOKENS)
        return Manner(info, dialect, tools, system, tuple(problems))

    async def _foreign(
        self, own: OwnFiles, mode: Mode, room: int
    ) -> tuple[Sequence[Tool], Sequence[str]]:
        """Tools of MCP servers, and what is wrong with those; none where nothing may be changed."""
        if mode == "plan" or room == 0:
            return (), ()
        mine, root = self._own_servers, self._journal.workspace.root
        text = await asyncio.to_thread(_text, mine) if mine else ""
        servers, problems = both(text, own.servers, (str(mine), SERVERS), root)
        tools, more = await self._fleet.tools(servers, room)
        return tools, [*problems, *more]


def _text(path: Path) -> str:
    """What the user's own file says; empty if there is none. Raises UsageError."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read ({error}); correct it, or move it away.") from error


def _doubt(paths: Sequence[str]) -> Question:
    reason = "They changed while a command ran whose end nobody saw, or after it: perhaps by you."
    return Question(
        "undo", f"Undo the changes of {named(paths)}?", reason, "\n".join(paths[:MAX_DOUBTED])
    )


def open_journal(root: Path, places: Places) -> Journal:
    """What the agent has changed in a folder. Raises UsageError and AgentError."""
    workspace = Workspace(root)
    if workspace.root == workspace.root.parent:
        raise UsageError("Name a project's folder to work in, not the whole disk.")
    return Journal(workspace, Ledger(places.journal, workspace.root))


async def delete(identity: str, places: Places) -> None:
    """Forget a session for good, and how to undo it; its folder may be gone.

    Raises UsageError if there is none or somebody runs it, StoreError and AgentError.
    """
    kept = Store(places.sessions)
    try:
        stored = await asyncio.to_thread(kept.get, identity)
        async with claims.claimed(claims.default_folder(), identity):
            await asyncio.to_thread(_forget, Path(stored.workspace), identity, places)
            await asyncio.to_thread(kept.delete, identity)
        await asyncio.to_thread(claims.forget, claims.default_folder(), identity)
    finally:
        await asyncio.to_thread(kept.close)


def _forget(root: Path, identity: str, places: Places) -> None:
    ledger = Ledger(places.journal, root)
    try:
        ledger.forget(identity)
    finally:
        ledger.close()


def checked_mode(mode: str) -> Mode:
    """A mode by its name. Raises UsageError."""
    found: Mode | None = next((known for known in get_args(Mode) if known == mode), None)
    if found is None:
        raise UsageError(f"There is no mode {mode}; use one of {', '.join(get_args(Mode))}.")
    return found
