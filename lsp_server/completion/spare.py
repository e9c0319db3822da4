"""What is computed between two keys, so that the next one need not wait.

First, what follows if the suggestion is accepted: the generation goes on to the end of the next
statement. Then, once the user pauses, a larger context: the cursor's surroundings are frozen anew,
as many as a few seconds suffice to evaluate. All of it is bounded, so a server that is left alone
comes to rest; on battery, and where each token is paid for, nothing is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import aclosing

from lsp_server.completion.freeze import Freezer
from lsp_server.completion.session import Place, Spot, TypingSession
from lsp_server.completion.stop import Limits, Stopper
from lsp_server.engines.base import Engine, Priority
from lsp_server.errors import FimbleError, describe
from lsp_server.models.hardware import on_battery

logger = logging.getLogger(__name__)

GRACE_SECONDS = 0.3
"""Editors cancel a request and send the next one; if none comes, nobody wants the answer."""
PAUSE_SECONDS = 1.0
"""After so long without a key the user has paused."""
REFINE_SECONDS = 6.0
"""What may be spent on evaluating a larger context."""


class SpareTime:
    """Does one thing at a time, and drops it for the next key."""

    def __init__(self, engine: Engine, freezer: Freezer) -> None:
        self._engine = engine
        self._freezer = freezer
        self._task: asyncio.Task[None] | None = None

    def use(self, spot: Spot, place: Place, accepted: str) -> None:
        """After an answer: prepare for the next keys. `accepted` is the gap with the suggestion."""
        self._start(self._prepare(spot, place, accepted))

    def abandon(self, session: TypingSession) -> None:
        """After a cancelled request: end what it asked for, unless another comes soon."""

        async def wait() -> None:
            await asyncio.sleep(GRACE_SECONDS)
            session.close()

        self._start(wait())

    def warm_up(self, spot: Spot) -> None:
        """The cursor is here, and the user may soon type: evaluate what a first key would need."""
        self._start(self._freeze(spot, spot.budget))

    def stop(self) -> None:
        """The time is over: somebody asks for something."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self.stop()
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(_contain)

    async def _prepare(self, spot: Spot, place: Place, accepted: str) -> None:
        session, settings = spot.session, spot.settings
        if not await self.is_free():
            session.close()
            return
        limits = Limits(settings.max_lines)
        await session.follow(
            place,
            accepted,
            Stopper(spot.around(place, accepted), spot.grammar, limits),
            max_tokens=settings.max_tokens,
            priority=Priority.SPECULATION,
        )
        session.close()
        await asyncio.sleep(PAUSE_SECONDS)
        await self._freeze(spot, REFINE_SECONDS)

    async def _freeze(self, spot: Spot, seconds: float) -> None:
        """Evaluate an anchor of that size at the cursor; only then use it."""
        if not await self.is_free():
            return
        anchor = await self._freezer.anchor(spot, seconds)
        middle = anchor.middle(spot.snapshot.text, spot.cursor)
        found = spot.find()
        if middle is None or (found is not None and found[0].anchor.is_as_good_as(anchor)):
            return
        request = anchor.request(0, Priority.IDLE, middle)
        async with aclosing(self._engine.infill(request)) as events:
            async for _ in events:
                pass
        place = spot.session.add(anchor)
        if found is not None:
            place.take_over(found[0], found[1].removesuffix(middle))

    async def is_free(self) -> bool:
        """Whether computing ahead costs neither battery nor money."""
        return (await self._engine.info()).kind != "remote" and not on_battery()


def _contain(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, FimbleError):  # that, the next request hears of
        logger.error("what was done in spare time failed: %s", describe(error))
