"""Who sits at a chat: the client at one end, and for each open session an agent at the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.desk import Buffers, Given
from lsp_server.agent.events import Choice, Event, Question
from lsp_server.engines.chat import ChatEngine
from lsp_server.workspace.index import Index


class Client(Protocol):
    """Who sits at the other end."""

    async def tell(self, session: str, turn: int, event: Event, /) -> None:
        """Show what happens. Turns count from 1; one that was cancelled before it began is 0."""
        ...

    async def ask(self, session: str, question: Question) -> Choice:
        """Have the user decide."""
        ...

    def buffers(self, session: str) -> Buffers | None:
        """The documents that are open at the client, if it shows them."""
        ...


@dataclass(slots=True)
class Seat:
    """An open session."""

    agent: Agent
    engine: ChatEngine
    noted: tuple[str, ...] = ()
    """What the user was told of it."""


class Seats:
    """Those of one folder."""

    def __init__(
        self,
        root: Path,
        library: Index,
        engine: Callable[[], ChatEngine],
        client: Client,
        places: Places,
    ) -> None:
        """`engine`: the one to ask now; a session that had another gets a new agent."""
        self._root = root
        self._library = library
        self._engine = engine
        self._client = client
        self._places = places
        self._seats: dict[str, Seat] = {}
        self.given: dict[str, list[Given]] = {}
        """What was put into open documents, by session."""

    def __iter__(self) -> Iterator[str]:
        """The sessions that have one."""
        return iter(self._seats)

    def __getitem__(self, session: str) -> Seat:
        """The one that a session has. Raises KeyError."""
        return self._seats[session]

    async def of(self, session: str) -> Seat:
        """The one that a session has, or a new one. To be called by one at a time."""
        engine, seat = self._engine(), self._seats.get(session)
        if seat is None or seat.engine is not engine:
            agent = await asyncio.to_thread(self._agent, session, engine)
            if seat is not None:
                await seat.agent.close()
            seat = self._seats[session] = Seat(agent, engine)
        return seat

    async def leave(self, session: str) -> None:
        """Let go of the one that a session has, if it has one."""
        seat = self._seats.pop(session, None)
        self.given.pop(session, None)
        if seat is not None:
            await seat.agent.close()

    def _agent(self, session: str, engine: ChatEngine) -> Agent:
        return Agent(
            engine,
            self._root,
            self._library,
            ask=partial(self._client.ask, session),
            buffers=self._client.buffers(session),
            places=self._places,
            given=self.given,
        )
