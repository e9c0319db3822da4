"""From a cursor to a suggestion."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache

from lsp_server.completion.overlap import fit_to_line
from lsp_server.completion.stop import Limits, Stopper
from lsp_server.completion.window import token_budget, window
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import Delta, Engine, Finished, InfillRequest
from lsp_server.settings import CompletionSettings

PATIENCE = 3
"""An explicit request may take so many times the latency budget."""
OVERDUE = 3
"""An automatic request is given up if no text has come after so many latency budgets: the engine is
busy with something else, and the user has long gone on. The prompt alone may well take a little
more than one, since its size comes from an estimate."""
COUNTED_LINES = 16384
"""Lines whose token counts are remembered; one key changes one line."""
COUNTED_CHARACTERS = 1000
"""Longer lines are counted anew, for they would fill the memory."""

Parse = Callable[[Snapshot], Awaitable[Snapshot]]
"""Gives a snapshot its syntax, if it can."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text that replaces what stands between `start`, the cursor, and `end` on the same line."""

    text: str
    start: Point
    end: Point


class Completer:
    """Asks one engine for suggestions.

    Invariant: from the moment it is asked, a request ends those before it for the same document
    that are automatic, or for another text. A suggestion for what has been typed over is worth
    nothing.
    """

    def __init__(
        self, engine: Engine, settings: CompletionSettings, parse: Parse | None = None
    ) -> None:
        """Without `parse`, snapshots are taken as they come."""
        self.settings = settings
        self._engine = engine
        self._parse = parse
        self._running: dict[asyncio.Task[Suggestion | None], _Asked] = {}
        self._counter: Counter | None = None
        self._remembering: Counter = estimate

    async def suggest(
        self, snapshot: Snapshot, cursor: Point, *, invoked: bool
    ) -> Suggestion | None:
        """Return what belongs at the cursor, or None if there is nothing to say.

        `invoked`: the user asked for it, so it may take more context, and time to end a block.
        Raises FimbleError. Cancelling the caller cancels the generation.
        """
        if not invoked:
            settings = self.settings
            if not settings.automatic or snapshot.language in settings.disabled_languages:
                return None
        for older, asked in self._running.items():
            if asked.is_ended_by(snapshot):
                older.cancel()
        task = asyncio.create_task(self._suggest(snapshot, cursor, invoked=invoked))
        self._running[task] = _Asked(snapshot, invoked)
        try:
            await asyncio.wait([task])
            return None if task.cancelled() else task.result()
        finally:
            task.cancel()
            del self._running[task]

    async def _suggest(
        self, snapshot: Snapshot, cursor: Point, *, invoked: bool
    ) -> Suggestion | None:
        if self._parse is not None:
            snapshot = await self._parse(snapshot)
        info = await self._engine.info()
        seconds = self.settings.latency_budget_ms / 1000
        deadline = math.inf if invoked else time.monotonic() + seconds
        overdue = None if invoked else OVERDUE * seconds
        limit = self.settings.max_tokens
        may_cost = seconds * PATIENCE if invoked else seconds
        budget = token_budget(info, seconds=may_cost, max_tokens=limit)
        shown = window(snapshot, cursor, budget, self._count())
        grammar = None if snapshot.syntax is None else snapshot.syntax.grammar
        limits = Limits(self.settings.max_lines, lambda: time.monotonic() < deadline)
        request = InfillRequest(shown.prefix, shown.suffix, limit)
        try:
            text = await self._generate(request, Stopper(shown, grammar, limits), overdue)
        except TimeoutError:
            return None
        text, replaced = fit_to_line(text, shown, grammar)
        if not text.strip():
            return None
        end = Point(cursor.row, cursor.column + replaced)
        return Suggestion(text, cursor, end)

    async def _generate(
        self, request: InfillRequest, stopper: Stopper, overdue: float | None
    ) -> str:
        """Raises TimeoutError if nothing has come after `overdue` seconds."""
        async with (
            asyncio.timeout(overdue) as waiting,
            aclosing(self._engine.infill(request)) as events,
        ):
            async for event in events:
                waiting.reschedule(None)
                match event:
                    case Delta(text=text):
                        stopper.feed(text)
                        if stopper.done:
                            break
                    case Finished(reason=reason):
                        stopper.finish(complete=reason == "end")
        return stopper.text

    def _count(self) -> Counter:
        """The engine's token counter, remembering lines it has counted."""
        counter = self._engine.counter()
        if counter is not self._counter:
            self._counter = counter
            self._remembering = _remember(counter)
        return self._remembering


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request that runs is about."""

    snapshot: Snapshot
    invoked: bool

    def is_ended_by(self, newer: Snapshot) -> bool:
        """Whether it is of no use once something is asked of that snapshot."""
        if self.snapshot.uri != newer.uri:
            return False
        return not self.invoked or self.snapshot.text is not newer.text


def _remember(count: Counter) -> Counter:
    """Remember the counts of lines, unless they are long."""
    remembering = lru_cache(COUNTED_LINES)(count)
    return lambda text: (remembering if len(text) <= COUNTED_CHARACTERS else count)(text)
