"""Reading the folder of a chat: it is waited for, but not for ever."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lsp_server.engines.base import EngineStatus, StatusListener
from lsp_server.workspace.indexer import Indexer

PATIENCE_SECONDS = 30.0
"""Of a folder that takes longer a part is enough to begin with."""


class Reading:
    """Goes on beside the chat until `close`. What is left then is read by a later one."""

    def __init__(self, root: Path, on_status: StatusListener) -> None:
        self._on_status = on_status
        self._hint = ""
        self._progress = "nothing is"
        self._indexer = Indexer(root, self._heard)
        self._scan = asyncio.create_task(self._indexer.scan())

    async def wait(self, *, interruptible: bool) -> str:
        """Wait for its end, as long as that is worth it; what to tell the user, if it isn't over.

        `interruptible`: Ctrl-C ends the wait, and not the program.
        """
        ended = asyncio.Event()
        self._scan.add_done_callback(lambda _: ended.set())
        self._hint = " Ctrl-C begins without the rest." if interruptible else ""
        with (
            suppress(TimeoutError),
            interrupts(ended.set if interruptible else None),
        ):
            await asyncio.wait_for(ended.wait(), PATIENCE_SECONDS)
        if self._scan.done():
            return ""
        return (
            f"Of this folder {self._progress} read so far; the rest is read while you chat, and "
            "what is defined there is not known before."
        )

    async def close(self) -> None:
        """End it."""
        self._scan.cancel()
        await self._indexer.close()

    def _heard(self, done: int, total: int) -> None:
        self._progress = f"{done} of {total} files are"
        text = f"Reading the folder: {done} of {total} files.{self._hint}"
        self._on_status(EngineStatus("loading", text))


@contextmanager
def interrupts(action: Callable[[], None] | None) -> Iterator[None]:
    """Have Ctrl-C do something instead; where that can't be, and with None, it does what it did."""
    if action is None:
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)  # the loop would put Python's own in its place
    with suppress(NotImplementedError, ValueError):  # not on Windows, nor beside the main thread
        loop.add_signal_handler(signal.SIGINT, action)
    try:
        yield
    finally:
        with suppress(NotImplementedError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, before)
