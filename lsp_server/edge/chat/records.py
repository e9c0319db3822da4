"""The stored sessions of one folder.

Methods raise StoreError, and UsageError for sessions that are not there or of other folders.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsp_server.agent import history
from lsp_server.agent.history import Past
from lsp_server.agent.store import Store, Stored
from lsp_server.edge.chat.replay import History, Runs, replayed


class Records:
    """See the module's docstring."""

    def __init__(self, root: Path, file: Path) -> None:
        """`root` is resolved."""
        self._root = root
        self._store = Store(file)

    async def create(self, mode: str) -> Stored:
        """A new session."""
        return await asyncio.to_thread(self._store.create, self._root, mode)

    async def stored(self, session: str) -> Stored:
        """One session, without what was said in it."""
        return await asyncio.to_thread(self._store.of, self._root, session)

    async def sessions(self) -> list[Stored]:
        """All of them, the latest first."""
        return await asyncio.to_thread(self._store.sessions, self._root)

    async def set_mode(self, session: str, mode: str) -> None:
        """What the user lets it do from now on."""
        await self.stored(session)
        await asyncio.to_thread(self._store.set_mode, session, mode)

    async def fork(self, session: str, turn: int | None) -> Stored:
        """A new one that begins with another's turns, up to one if that is given."""
        await self.stored(session)
        return await asyncio.to_thread(self._store.fork, session, turn)

    async def export(self, session: str) -> dict[str, Any]:
        """All of one, as a JSON object."""
        await self.stored(session)
        return await asyncio.to_thread(self._store.export, session)

    async def history(self, session: str, *, runs: Runs = "") -> History:
        """What was said in it, as payloads of events; `runs` as in `replayed`."""
        await self.stored(session)
        return replayed(await asyncio.to_thread(self._store.entries, session), runs=runs)

    async def left(self, session: str) -> dict[int, list[str]]:
        """The files that each turn had changed when it ended."""
        await self.stored(session)
        entries = await asyncio.to_thread(self._store.entries, session)
        return {each.turn: each.body["files"] for each in entries if each.kind == "ended"}

    async def past(self, session: str) -> Past:
        """What was said in it, as the model is told."""
        return history.read(await asyncio.to_thread(self._store.entries, session))

    async def close(self) -> None:
        """Let go of the file."""
        await asyncio.to_thread(self._store.close)
