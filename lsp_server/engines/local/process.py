"""One worker process: its pipes, its last words and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence

from lsp_server.engines.local import wire

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
ENVIRONMENT = {
    # OpenMP threads spin between layers. Left at its default, llama.cpp falls to a tenth of its
    # speed while something else keeps the cores busy; with fewer spins it hardly minds, and is as
    # fast on a quiet machine.
    "GOMP_SPINCOUNT": "10000",
}
LINE_BYTES = 2**20
"""Longest message that is read."""
TAIL_BYTES = 1000
"""How much of what it printed last is kept."""


class WorkerProcess:
    """A child that speaks `wire` over its standard streams; after `start`, `end` must follow."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._tail = b""
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, command: Sequence[str]) -> WorkerProcess:
        """Start the child; what the user set in the environment stands. Raises OSError."""
        starting = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_BYTES,
                env={**ENVIRONMENT, **os.environ},
            )
        )
        try:
            return cls(await asyncio.shield(starting))
        except asyncio.CancelledError:
            # When asyncio.run ends, it cancels `starting` too, and in Python 3.11 that may then
            # wait for ever for pipes that nobody connects any more: only a second one ends it.
            await asyncio.wait({starting}, timeout=0.2)
            if not starting.cancel():
                await cls(starting.result()).end(0.0)
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """As `subprocess` gives it: negative for a signal; None while the process runs."""
        return self._process.returncode

    @property
    def last_words(self) -> str:
        """The end of what the child, or native code in it, printed to standard error."""
        return " | ".join(self._tail.decode(errors="replace").splitlines())

    def send(self, message: wire.Message) -> None:
        """Write a message. One to a child that has ended is lost: its end shows in `read`."""
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(wire.encode(message))

    async def read(self, handle: Callable[[wire.Message], None]) -> None:
        """Call `handle` with each message until the child closes its output.

        Raises ValueError if it writes anything else, and what `handle` raises.
        """
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            handle(wire.decode(line))

    def kill(self) -> None:
        """Kill the child if it runs."""
        # Process.kill() would reap it behind asyncio's back, and the exit code would be lost.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, KILL)

    async def end(self, patience_seconds: float) -> None:
        """Give the child time to end by itself, then kill it; return when it is gone.

        A caller that is cancelled meanwhile has it killed at once, and still waits for its end.
        """
        patience: float | None = patience_seconds
        gone = cancelled = False
        while not gone:
            try:
                # Not asyncio.wait_for: in Python 3.11 it forgets a cancellation that comes together
                # with the result.
                async with asyncio.timeout(patience):
                    await self._process.wait()
                gone = True
            except (TimeoutError, asyncio.CancelledError) as reason:
                cancelled = cancelled or isinstance(reason, asyncio.CancelledError)
                patience = None
                self.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.wait({self._listener})
        if cancelled:
            raise asyncio.CancelledError

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        while chunk := await self._process.stderr.read(4096):
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
