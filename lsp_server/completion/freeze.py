"""Anchors of the size that an engine can afford."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import lru_cache

from lsp_server.completion.anchor import Anchor, anchor_at
from lsp_server.completion.pieces import Piece, choose, tokens
from lsp_server.completion.project import Project
from lsp_server.completion.sendable import Sendable
from lsp_server.completion.session import Spot
from lsp_server.completion.window import token_budget, visible
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import Engine
from lsp_server.errors import describe

logger = logging.getLogger(__name__)

COUNTED_LINES = 4096
"""Lines whose token counts are remembered; one key changes one line."""
COUNTED_CHARACTERS = 1000
"""Longer lines are counted anew, for they would fill the memory."""


NEEDED_SECONDS = 0.2
"""Longest wait for what other files tell; it usually takes a few milliseconds."""
SLACK_TOKENS = 64
"""For the markers, so that the engine never finds the pieces to be more than half of a prompt."""
CONTEXT_PART = 0.4
"""Part of what may be evaluated that pieces of other files get."""

Parse = Callable[[Snapshot], Awaitable[Snapshot]]
"""Gives a snapshot its syntax, if it can."""


class Freezer:
    """Makes anchors, by the measured speed and the vocabulary of one engine."""

    def __init__(
        self,
        engine: Engine,
        sendable: Sendable,
        parse: Parse | None = None,
        project: Project | None = None,
    ) -> None:
        """Without `parse`, snapshots are taken as they come; `project` knows of other files."""
        self._engine = engine
        self._sendable = sendable
        self._parse = parse
        self._project = project
        self._counter: Counter | None = None
        self._remembering: Counter = estimate

    async def anchor(self, spot: Spot, seconds: float) -> Anchor:
        """Freeze what can be evaluated in so many seconds around the cursor.

        What the engine has evaluated for the session's other places costs nothing: pieces of other
        files that are shown there already, and, if they are all, the beginning of the prefix. Room
        is left for the answer. Raises FimbleError.
        """
        if self._parse is not None:
            spot = replace(spot, snapshot=await self._parse(spot.snapshot))
        info = await self._engine.info()
        max_tokens = spot.settings.max_tokens
        budget = token_budget(info, seconds=seconds, max_tokens=max_tokens)
        most = info.context_tokens - max_tokens
        known = list(spot.session.anchors())
        held = known[0].context if known else ()
        path, context = "", held
        if self._project is not None and info.shows_files:
            path = self._project.path(spot.snapshot.uri)
            room = int(CONTEXT_PART * budget)
            least = visible(spot.snapshot, spot.cursor, budget - room, self._count())
            pieces = await self._needed(self._project, spot, least)
            shown = {each.path for each in held} | {each.path for each in pieces}
            hidden = await self._sendable.hidden(shown)  # files may have changed meanwhile
            held = tuple(each for each in held if each.path not in hidden)
            pieces = [each for each in pieces if each.path not in hidden]
            context = choose(pieces, held, room, (most - SLACK_TOKENS) // 2, self._count())
        taken = tokens(context, self._count())
        new = taken - (tokens(held, self._count()) if context[: len(held)] == held else 0)
        anchor = anchor_at(
            spot.snapshot,
            spot.cursor,
            min(budget - new, most - taken),
            self._count(),
            known=[other for other in known if other.context == context],
            most=most - taken,
        )
        return replace(anchor, context=context, path=path)

    async def _needed(self, project: Project, spot: Spot, visible: range) -> list[Piece]:
        """What belongs there beside those rows; nothing new where that can't be told in time."""
        try:
            async with asyncio.timeout(None if project.is_waited_for else NEEDED_SECONDS):
                return await project.needed(spot.snapshot, spot.cursor, visible)
        except TimeoutError:
            return []
        except Exception as error:  # a suggestion without it is better than none
            logger.error("what other files tell could not be found: %s", describe(error))
            return []

    def _count(self) -> Counter:
        """The engine's token counter, remembering lines it has counted."""
        counter = self._engine.counter()
        if counter is not self._counter:
            self._counter = counter
            self._remembering = _remember(counter)
        return self._remembering


def _remember(count: Counter) -> Counter:
    """Remember the counts of lines, unless they are long."""
    remembering = lru_cache(COUNTED_LINES)(count)
    return lambda text: (remembering if len(text) <= COUNTED_CHARACTERS else count)(text)
