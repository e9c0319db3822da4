"""The files of a workspace while a command runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from lsp_server.agent.files.ledger import Key
from lsp_server.agent.files.snapshot import Started, TooLarge, Watch
from lsp_server.agent.files.undo import named
from lsp_server.agent.whole import whole


@asynccontextmanager
async def watched(watch: Watch, key: Key, warn: Callable[[str], None]) -> AsyncIterator[list[str]]:
    """Note what a command changes, so that it can be undone; `warn` is told if that can't be.

    When it has ended, the list says in sentences what can't be put back.
    """
    notes: list[str] = []
    try:
        started = await _begun(watch, key)
    except TooLarge as error:
        warn(str(error))
        yield notes
        return
    try:
        yield notes
    finally:
        try:
            changes = await whole(asyncio.to_thread(watch.end, started))
        except TooLarge as error:
            notes.append(str(error))
        else:
            if changes.lost:
                notes.append(f"{named(changes.lost)} changed too; that can't be undone.")


async def _begun(watch: Watch, key: Key) -> Started:
    """Look at all files; a command that is cancelled before it runs leaves no trace of that.

    If it did, whatever the user saves from then on would count as what the command changed.
    """
    begun: list[Started] = []

    async def begin() -> None:
        begun.append(await asyncio.to_thread(watch.begin, key))

    try:
        await whole(begin())
    except asyncio.CancelledError:
        for started in begun:
            await whole(asyncio.to_thread(watch.drop, started))
        raise
    return begun[0]
