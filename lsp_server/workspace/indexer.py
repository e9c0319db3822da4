"""Builds and updates a workspace's index in the background.

The work is done by another process of low priority (`worker`), so neither the event loop nor
Python's global lock is ever held for it. The server reads the same database with `Index`.

Of several servers on one workspace one scans at a time; the others' scans wait for it, and then
find little to do. Saved files are taken by the process that hears of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsp_server.workspace.schema import default_path

# -P: the current folder is the user's project; no module of its may be imported.
COMMAND = (sys.executable, "-P", "-m", "lsp_server.workspace.worker")
MAX_TRIES = 3
"""How often a request is sent to a new worker when the one that had it has died and has read
nothing: a scan that gets on is gone on with, however often."""
EXIT_SECONDS = 2.0

Progress = Callable[[int, int], None]
"""Gets the number of files that are done, and of all that are to be read."""


class Indexer:
    """The worker of one workspace; it is started when first needed, and again if it dies."""

    def __init__(
        self, root: Path, on_progress: Progress | None = None, *, file: Path | None = None
    ) -> None:
        """`file`: the database, by default the one that `Index` opens too."""
        self._arguments = (str(root), str(file or default_path(root)))
        self._on_progress = on_progress
        self._process: asyncio.subprocess.Process | None = None
        self._listener: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._asked: dict[int, asyncio.Future[bool]] = {}
        self._last_id = 0
        self._steps = 0
        """How often files were read, by whichever worker."""
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._process.pid if self._process else None

    async def scan(self) -> bool:
        """Build the index, or make it agree with the files again; return when that is done.

        False if it could not be done: the database can't be written, or the worker keeps dying.
        """
        return await self._ask({"do": "scan"})

    async def changed(self, path: str) -> bool:
        """Read a file again that was saved, made, moved or deleted; return when that is done.

        `path` is relative to the root, with `/`. What doesn't belong to the workspace is ignored.
        For an ignore file or a folder a scan begins, which is not waited for.
        """
        return await self._ask({"do": "changed", "path": path})

    async def close(self) -> None:
        """End the worker; what it was doing is given up."""
        self._closed = True
        process, listener = self._process, self._listener
        if process is None or listener is None:
            return
        if process.stdin:
            process.stdin.close()
        done, _ = await asyncio.wait({listener}, timeout=EXIT_SECONDS)
        if not done:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.wait({listener})

    async def _ask(self, message: dict[str, Any]) -> bool:
        tries = 0
        while tries < MAX_TRIES:
            if not await self._start():
                return False
            assert self._process and self._process.stdin
            self._last_id += 1
            number = self._last_id
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._asked[number] = answer
            steps = self._steps
            line = json.dumps({**message, "id": number})
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(line.encode() + b"\n")
            try:
                return await answer
            except ConnectionError:  # the worker has died
                tries = tries + 1 if self._steps == steps else 0
            finally:
                self._asked.pop(number, None)
        return False

    async def _start(self) -> bool:
        async with self._starting:
            if self._closed:
                return False
            if self._process is None:
                try:
                    self._process = await asyncio.create_subprocess_exec(
                        *COMMAND,
                        *self._arguments,
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=asyncio.subprocess.DEVNULL,  # it might hold the user's code
                    )
                except OSError:
                    return False
                self._listener = asyncio.create_task(self._listen(self._process))
            return True

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        try:
            async for line in process.stdout:
                self._hear(line)
        finally:
            if process.stdin:
                process.stdin.close()  # first, since a worker that still runs waits for this
            await process.wait()
            self._process = None
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(ConnectionError())

    def _hear(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:  # cut off by the worker's end
            return
        if message["event"] == "progress":
            self._steps += message["done"] > 0
            if self._on_progress:
                self._on_progress(message["done"], message["total"])
        elif (answer := self._asked.get(message["id"])) and not answer.done():
            answer.set_result(message["ok"])
