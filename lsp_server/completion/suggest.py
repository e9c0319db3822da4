"""From a cursor to a suggestion."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache

from lsp_server.completion.overlap import fit_to_line
from lsp_server.completion.stop import Limits, Stopper
from lsp_server.completion.window import Window, token_budget, window
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.core.tokens import Counter
from lsp_server.engines.base import Delta, Engine, Finished, InfillRequest
from lsp_server.settings import CompletionSettings

PATIENCE = 3
"""An explicit request may take so many times the latency budget."""
COUNTED_LINES = 16384
"""Lines whose token counts are remembered; one key changes one line."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text that replaces what stands between `start`, the cursor, and `end` on the same line."""

    text: str
    start: Point
    end: Point


class Completer:
    """Asks one engine for suggestions.

    Invariant: of several automatic requests for one document only the newest goes on; a suggestion
    for what has been typed over is worth nothing.
    """

    def __init__(self, engine: Engine, settings: CompletionSettings) -> None:
        self._engine = engine
        self._settings = settings
        self._latest: dict[str, asyncio.Task[Suggestion | None]] = {}
        self._counter: Counter | None = None

    async def suggest(
        self, snapshot: Snapshot, cursor: Point, *, invoked: bool
    ) -> Suggestion | None:
        """Return what belongs at the cursor, or None if there is nothing to say.

        `invoked`: the user asked for it, so it may take more context, and time to end a block.
        Raises FimbleError. Cancelling the caller cancels the generation.
        """
        if not invoked:
            settings = self._settings
            if not settings.automatic or snapshot.language in settings.disabled_languages:
                return None
            older = self._latest.pop(snapshot.uri, None)
            if older is not None:
                older.cancel()
        task = asyncio.create_task(self._suggest(snapshot, cursor, invoked=invoked))
        if not invoked:
            self._latest[snapshot.uri] = task
        try:
            await asyncio.wait([task])
            return None if task.cancelled() else task.result()
        finally:
            task.cancel()
            if self._latest.get(snapshot.uri) is task:
                del self._latest[snapshot.uri]

    async def _suggest(
        self, snapshot: Snapshot, cursor: Point, *, invoked: bool
    ) -> Suggestion | None:
        info = await self._engine.info()
        seconds = self._settings.latency_budget_ms / 1000 * (PATIENCE if invoked else 1)
        deadline = math.inf if invoked else time.monotonic() + seconds
        limit = self._settings.max_tokens
        budget = token_budget(info, seconds=seconds, max_tokens=limit)
        shown = window(snapshot, cursor, budget, self._count())
        grammar = None if snapshot.syntax is None else snapshot.syntax.grammar
        limits = Limits(self._settings.max_lines, lambda: time.monotonic() < deadline)
        text = await self._generate(shown, Stopper(shown, grammar, limits), limit)
        text, replaced = fit_to_line(text, shown, grammar)
        if not text.strip():
            return None
        end = Point(cursor.row, cursor.column + replaced)
        return Suggestion(text, cursor, end)

    async def _generate(self, shown: Window, stopper: Stopper, max_tokens: int) -> str:
        request = InfillRequest(shown.prefix, shown.suffix, max_tokens)
        async with aclosing(self._engine.infill(request)) as events:
            async for event in events:
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
            self._remembering = lru_cache(COUNTED_LINES)(counter)
        return self._remembering
