"""How many requests of one endpoint run at once, and which goes next when places are rare."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from lsp_server.engines.base import Priority


class Places:
    """A number of places, taken by priority and, within one, in the order of arrival.

    Where there are two or more, the last free one is kept for typing: whatever else runs, a
    keystroke waits for nothing.
    """

    def __init__(self, number: int) -> None:
        """`number` is 1 or more."""
        self._free = number
        self._kept = 1 if number > 1 else 0
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    @asynccontextmanager
    async def taken(self, priority: Priority) -> AsyncIterator[None]:
        """Wait for a place and have it. Whoever is cancelled meanwhile leaves at once."""
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._arrivals), turn))
        self._admit()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._free += 1
            else:
                turn.cancel()
            self._admit()

    def _admit(self) -> None:
        while self._waiting:
            priority, _, turn = self._waiting[0]
            # Nobody behind the first has a right that the first has not.
            if not turn.done():
                if self._free <= (0 if priority is Priority.TYPING else self._kept):
                    return
                self._free -= 1
                turn.set_result(None)
            heapq.heappop(self._waiting)
