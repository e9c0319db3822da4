"""Whether gaps are filled as they should be: a mode that an endpoint takes may still be wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from lsp_server.core import fim
from lsp_server.engines.base import Delta, Event, InfillRequest, Usage

MOST_WAITS = 10
"""Times as long as an answer may take, for its first word: it may wait for a place."""


class Fills(Protocol):
    """What is tested."""

    def infill(
        self, request: InfillRequest, spent: Callable[[Usage], None]
    ) -> AsyncGenerator[Event, None]:
        """See `Engine.infill`; `spent` hears what has been spent so far, whenever that is told."""
        ...


async def passes(dialect: Fills, seconds: float) -> bool:
    """Have the gap of the self-test filled.

    Raises RemoteError, and TimeoutError if no end comes within so many seconds of its first event,
    or none of these comes at all.
    """
    test = fim.self_test()
    request = InfillRequest(test.prefix, test.suffix, max_tokens=fim.SELF_TEST_TOKENS)
    text, has_begun = "", False
    async with (
        asyncio.timeout(MOST_WAITS * seconds) as clock,
        aclosing(dialect.infill(request, lambda _usage: None)) as events,
    ):
        async for event in events:
            if not has_begun:  # before that, it may have waited for a place
                has_begun = True
                clock.reschedule(asyncio.get_running_loop().time() + seconds)
            text += event.text if isinstance(event, Delta) else ""
    return test.passed(text)
