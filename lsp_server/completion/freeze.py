"""Anchors of the size that an engine can afford."""

from __future__ import annotations

from functools import lru_cache

from lsp_server.completion.anchor import Anchor, anchor_at
from lsp_server.completion.session import Spot
from lsp_server.completion.window import token_budget
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import Engine

COUNTED_LINES = 4096
"""Lines whose token counts are remembered; one key changes one line."""
COUNTED_CHARACTERS = 1000
"""Longer lines are counted anew, for they would fill the memory."""


class Freezer:
    """Makes anchors, by the measured speed and the vocabulary of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counter: Counter | None = None
        self._remembering: Counter = estimate

    async def anchor(self, spot: Spot, seconds: float) -> Anchor:
        """Freeze what can be evaluated in so many seconds around the cursor.

        What the engine has evaluated for the session's other places costs nothing. Room is left
        for the answer. Raises FimbleError.
        """
        info = await self._engine.info()
        max_tokens = spot.settings.max_tokens
        return anchor_at(
            spot.snapshot,
            spot.cursor,
            token_budget(info, seconds=seconds, max_tokens=max_tokens),
            self._count(),
            known=spot.session.anchors(),
            most=info.context_tokens - max_tokens,
        )

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
