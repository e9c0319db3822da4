"""The chat sessions of one folder, for one client.

    room = Room(root, engine, client)
    opened = await room.begin("ask")
    ended = await room.turn(opened.stored.id, "rename parse to parse_line")
    await room.end()

A session runs one turn at a time, here and in all processes of the user. What fails in one turn is
told as its end, and other sessions go on. Methods raise FimbleError, and what the client raises.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lsp_server.agent import claims, trust
from lsp_server.agent.agent import Places, checked_mode, delete, open_journal
from lsp_server.agent.claims import Claimed, claimed
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.deeds import Show
from lsp_server.agent.desk import Change
from lsp_server.agent.draft import Draft, Task, drafted, tested
from lsp_server.agent.events import ThoughtChunk, TurnEnded
from lsp_server.agent.files.undo import EVERYWHERE, Undone
from lsp_server.agent.offers import Offers
from lsp_server.agent.permissions import Mode
from lsp_server.agent.review import Review, review
from lsp_server.agent.session import Session
from lsp_server.agent.store import Stored
from lsp_server.agent.workflows.verify import Outcome
from lsp_server.edge.chat import words
from lsp_server.edge.chat.records import Records
from lsp_server.edge.chat.replay import Runs
from lsp_server.edge.chat.seats import Client, Seats
from lsp_server.engines.chat import ChatEngine
from lsp_server.errors import UsageError
from lsp_server.workspace.index import Index

SILENT_SECONDS = 1.0
"""A model that takes longer to get ready is told of."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready for a turn."""

    stored: Stored
    notes: tuple[str, ...] = ()
    """Sentences for the user: which files a crash has left half done, what waits for his trust."""
    waits: bool = False
    """Something waits for his trust; the last note says what."""
    interrupted: str = ""
    """As in `Session`: what the last turn was interrupted at."""
    runs: Runs = ""
    """Whether a turn is under way."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """Changes that are worked out and not made."""

    changes: tuple[Change, ...]
    said: str
    """To the user, about them, or why there are none."""


@dataclass(slots=True)
class _Running:
    """A turn under way or about to be, or something else that must be alone with the session."""

    preparing: asyncio.Task[Session] | None = None
    session: Session | None = None
    is_cancelled: bool = False
    mode: Mode | None = None
    """Set while the session was being got ready, which may have read the one before."""
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Room:
    """See the module's docstring."""

    def __init__(
        self,
        root: Path,
        engine: Callable[[], ChatEngine],
        client: Client,
        *,
        places: Places | None = None,
    ) -> None:
        """`engine`: the one to ask now; it may be another one for the next turn.

        Raises UsageError if the root is no folder.
        """
        self._engine = engine
        self._client = client
        self._places = places or Places.usual()
        self._journal = open_journal(root, self._places)
        self.root = self._journal.workspace.root
        self._decisions = Decisions(self._places.decisions, self.root)
        self.records = Records(self.root, self._places.sessions)
        self._library = Index(self.root)
        self.offers = Offers(self._journal.workspace, self._library)
        self._seats = Seats(self.root, self._library, engine, client, self._places)
        self._running: dict[str, _Running] = {}

    def has(self, session: str) -> bool:
        """Whether a session is open here."""
        return session in self._seats or session in self._running

    async def begin(self, mode: str) -> Opened:
        """A new session."""
        stored = await self.records.create(checked_mode(mode))
        return await self.open(stored.id)

    async def open(self, session: str) -> Opened:
        """A session as it was left. Raises UsageError if there is none, or of another folder."""
        await self.records.stored(session)
        notes: list[str] = []
        interrupted = ""
        runs: Runs = "here" if session in self._running else ""
        if not runs:
            try:
                async with self._alone(session):
                    notes = await self._half_done(session)
                    interrupted = (await self.records.past(session)).interrupted
            except Claimed:  # it is being run, so nothing was cut off
                runs = "elsewhere"
        waiting = await self._distrusted()
        stored = await self.records.stored(session)
        return Opened(stored, (*notes, *waiting), bool(waiting), interrupted, runs)

    async def turn(self, session: str, text: str) -> TurnEnded:
        """Say something, and have the client told what comes of it.

        Raises UsageError if the session is busy, and EngineError or ModelError if there is no
        model to ask; what fails later is the end of the turn.
        """
        async with self._alone(session) as running:
            return await self._turn(session, text, running)

    def cancel(self, session: str, *, is_left: bool = False) -> None:
        """End the turn that runs, if one does: it ends as cancelled. `is_left` as in `Session`."""
        running = self._running.get(session)
        if running is None:
            return
        running.is_cancelled = True
        if running.session is not None:
            running.session.cancel(is_left=is_left)
        elif running.preparing is not None:
            running.preparing.cancel()

    async def set_mode(self, session: str, mode: str) -> None:
        """What may be done without asking; holds for the turn that runs too."""
        known = checked_mode(mode)
        await self.records.stored(session)
        await self.records.set_mode(session, known)
        if running := self._running.get(session):
            running.mode = known
            if running.session is not None:
                running.session.permit(known)

    async def trust(self, trusted: bool) -> None:
        """Let the folder's own files have a say from the next turn on, or no longer."""
        decide = partial(trust.decide, self._journal.workspace, self._decisions, trusted=trusted)
        await asyncio.to_thread(decide)

    async def trusts(self) -> bool:
        """Whether the folder's own files have a say. Raises StoreError."""
        decided = await asyncio.to_thread(self._decisions.trust_decided)
        return decided is not None and decided.trusted

    async def undo(
        self, session: str, turn: int | None = None, paths: Sequence[str] | None = None
    ) -> Undone:
        """Take back a turn, or the latest that changed something, in `paths` alone if given.

        Raises UndoRefused, and PathRefused for paths that are not in the folder.
        """
        relative = self._journal.workspace.relative
        wanted = EVERYWHERE if paths is None else [relative(path) for path in paths]
        async with self._alone(session):
            agent = (await self._seats.of(session)).agent
            if turn is None:
                return await agent.undo_latest(session, wanted)
            return await agent.undo(session, turn, wanted)

    async def changes(self, session: str, turn: int | None = None) -> Review:
        """What a turn changed, or the latest that changed something; also while one runs."""
        left, given = await self.records.left(session), tuple(self._seats.given.get(session, ()))
        return await asyncio.to_thread(review, self._journal.ledger, session, given, left, turn)

    async def fork(self, session: str, turn: int | None = None) -> Opened:
        """A new session that begins with another's turns, up to one if that is given."""
        copy = await self.records.fork(session, turn)
        return await self.open(copy.id)

    async def draft(self, does: Task, subject: str, text: str, show: Show) -> Drafted:
        """Have changes worked out that nobody makes; see `drafted`."""
        desk = self._draft()
        said = await drafted(desk, self._engine(), does, subject, text, show)
        return Drafted(desk.changes, said)

    async def tested(self, subject: str, path: str, text: str | None = None) -> Outcome | None:
        """What the nearest tests of a function say; see `agent.draft.tested`."""
        return await tested(self._draft(), self._engine(), subject, path, text)

    def _draft(self) -> Draft:
        return Draft(self._journal, self._library, self._decisions, self._client.buffers(""))

    async def close(self, session: str) -> None:
        """End its turn and let go of it; it can be opened again."""
        while (running := self._running.get(session)) is not None:
            self.cancel(session, is_left=True)
            await running.done.wait()
        await self._seats.leave(session)

    async def delete(self, session: str) -> None:
        """Forget a session for good."""
        await self.records.stored(session)
        await self.close(session)
        await delete(session, self._places)

    async def end(self) -> None:
        """End all turns, and let go of everything."""
        for session in {*self._running, *self._seats}:
            await self.close(session)
        self.offers.close()
        await self.records.close()
        await asyncio.to_thread(self._journal.ledger.close)
        self._library.close()

    async def _turn(self, session: str, text: str, running: _Running) -> TurnEnded:
        ended = TurnEnded("cancelled")
        ready = await self._prepared(session, running)
        if ready is None:
            await self._client.tell(session, 0, ended)
            return ended
        running.session = ready
        if running.mode is not None:
            ready.permit(running.mode)
        async with aclosing(ready.turn(text)) as events:
            async for event in events:
                if isinstance(event, TurnEnded):
                    ended = event
                await self._client.tell(session, ready.last_turn, event)
        return ended

    async def _prepared(self, session: str, running: _Running) -> Session | None:
        """What the turn is run by; None if it was cancelled meanwhile."""
        preparing = running.preparing = asyncio.create_task(self._ready(session))
        if running.is_cancelled:
            preparing.cancel()
        if not (await asyncio.wait([preparing], timeout=SILENT_SECONDS))[0]:
            await self._client.tell(session, 0, ThoughtChunk("Getting the model ready.\n"))
            await asyncio.wait([preparing])
        if running.is_cancelled:
            await asyncio.gather(preparing, return_exceptions=True)  # what went wrong is no matter
            return None
        ready = preparing.result()
        for note in self._new_notes(session, ready):
            await self._client.tell(session, ready.last_turn + 1, ThoughtChunk(note))
        return None if running.is_cancelled else ready

    def _new_notes(self, session: str, ready: Session) -> list[str]:
        seat = self._seats[session]
        known, seat.noted = seat.noted, ready.notes
        return [f"{note}\n" for note in ready.notes if note not in known]

    async def _distrusted(self) -> list[str]:
        """What of the folder would have a say, if the user trusted it."""
        own = await asyncio.to_thread(trust.own_files, self._journal.workspace, self._decisions)
        if own.is_decided:
            return []
        return [f"{own.unheard} as long as you don't trust it."]

    async def _ready(self, session: str) -> Session:
        """The session as it is in the store: another process may have had a turn meanwhile."""
        return await (await self._seats.of(session)).agent.resume(session)

    async def _half_done(self, session: str) -> list[str]:
        seat = await self._seats.of(session)
        return words.half_done(await seat.agent.recovered(session))

    @asynccontextmanager
    async def _alone(self, session: str) -> AsyncIterator[_Running]:
        """Nobody else does anything with the session meanwhile. Raises UsageError if one does."""
        if session in self._running:
            raise UsageError(f"Session {session} is busy; wait for its turn to end, or cancel it.")
        running = self._running[session] = _Running()
        try:
            await self.records.stored(session)
            async with claimed(claims.default_folder(), session):
                yield running
        finally:
            del self._running[session]
            running.done.set()
