"""Work that is not left half done when whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Do work to its end, and only then be cancelled.

    A thread can't be stopped, and an answer that is on its way comes: with `asyncio.shield` alone
    they would go on behind the back of whoever tells what was done.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    task.exception()  # what went wrong is no matter any more
    raise cancelled
