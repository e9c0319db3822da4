"""What the user types, line by line, for everybody who asks; a wait for it can be given up.

A thread that waits in `input` can't be stopped: it would keep the process until a line comes, and
take the line that somebody else has asked for. So a single thread reads, for as long as the process
lives, and lines wait here for whoever asks next.
"""

from __future__ import annotations

import asyncio
import codecs
import sys
from contextlib import suppress
from threading import Thread

CHUNK_BYTES = 65_536


class Lines:
    """Of the standard input, from the first question on. One asks at a time."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._reader: Thread | None = None
        self._is_over = False

    async def ask(self, prompt: str) -> str:
        """The next line, without its end. Raises EOFError if there is none."""
        sys.stdout.write(prompt)
        sys.stdout.flush()
        if self._reader is None:
            loop = asyncio.get_running_loop()
            self._reader = Thread(target=self._read, args=(loop,), daemon=True)
            self._reader.start()
        line = None if self._is_over else await self._lines.get()
        if line is None:
            self._is_over = True
            raise EOFError
        return line

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        decoder = codecs.getincrementaldecoder(sys.stdin.encoding or "utf-8")("replace")
        begun = ""
        # Not `sys.stdin`: it has a lock, which the end of the process would find taken.
        with (
            open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source,
            suppress(RuntimeError),  # the loop is closed, so nobody asks any more
        ):
            while data := source.read(CHUNK_BYTES):
                *whole, begun = (begun + decoder.decode(data)).split("\n")
                for line in whole:
                    loop.call_soon_threadsafe(self._lines.put_nowait, line.rstrip("\r"))
            if begun:
                loop.call_soon_threadsafe(self._lines.put_nowait, begun)
            loop.call_soon_threadsafe(self._lines.put_nowait, None)
