"""A server as a process: started, spoken to line by line, and ended with all its children.

The package `mcp` has the same, but for limits: it keeps a line that never ends, and logs what it
can't read. Here a server that says too much is ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import psutil
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from lsp_server.agent.commands.environment import scrubbed

MAX_LINE_BYTES = 8_000_000
MAX_BYTES = 32_000_000
MAX_MESSAGES = 5_000
"""Between two questions; beyond, a server floods."""
GRACE_SECONDS = 1.0
"""For a server to end by itself once its input is closed, and again once it is told to."""
_POLL_SECONDS = 0.01

Inbox = MemoryObjectReceiveStream[SessionMessage | Exception]
Outbox = MemoryObjectSendStream[SessionMessage]


class Allowance:
    """What a server may still say; asking it something renews it."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """As at the beginning."""
        self._bytes, self._messages = MAX_BYTES, MAX_MESSAGES

    @property
    def is_spent(self) -> bool:
        """It has said too much."""
        return self._bytes < 0 or self._messages < 0

    def take(self, size: int) -> bool:
        """Count a message of that many bytes; False if it is too much."""
        self._bytes -= size
        self._messages -= 1
        return not self.is_spent


@asynccontextmanager
async def process(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    allowance: Allowance,
    on_end: Callable[[], None],
) -> AsyncGenerator[tuple[Inbox, Outbox], None]:
    """Run a server while the context lasts. Raises OSError if it can't be started.

    `on_end` is called when it says nothing more: it has ended, or says too much.
    """
    started = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=scrubbed(os.environ) | dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a terminal would obey what is in it
        start_new_session=True,
        limit=MAX_LINE_BYTES,
    )
    to_inbox, inbox = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outbox, from_outbox = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = (
        asyncio.create_task(_read(started, to_inbox, allowance)),
        asyncio.create_task(_write(started, from_outbox)),
    )
    tasks[0].add_done_callback(lambda _: on_end())
    try:
        yield inbox, outbox
    finally:
        for task in tasks:
            task.cancel()
        for stream in (to_inbox, inbox, outbox, from_outbox):
            stream.close()
        await _end(started)
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(
    started: asyncio.subprocess.Process,
    inbox: MemoryObjectSendStream[SessionMessage | Exception],
    allowance: Allowance,
) -> None:
    """Hand on what the server says; the end of the stream says that it is over."""
    assert started.stdout
    async with inbox:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            while True:
                try:
                    line = await started.stdout.readline()
                except ValueError:  # a line without an end
                    allowance.take(MAX_BYTES + 1)
                    return
                if not line or not allowance.take(len(line)):
                    return
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    continue  # servers print greetings, too
                await inbox.send(SessionMessage(message))


async def _write(
    started: asyncio.subprocess.Process, outbox: MemoryObjectReceiveStream[SessionMessage]
) -> None:
    assert started.stdin
    async with outbox:
        with suppress(ConnectionError):
            async for each in outbox:
                line = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                started.stdin.write(line.encode() + b"\n")
                await started.stdin.drain()


async def _end(started: asyncio.subprocess.Process) -> None:
    """End a process and all that it has started, politely at first."""
    assert started.stdin
    children = await asyncio.to_thread(_children, started.pid)
    started.stdin.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not await _has_ended(started):
            with suppress(ProcessLookupError):
                os.killpg(started.pid, number)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(started.pid, signal.SIGKILL)  # what it left of its group
    await asyncio.to_thread(_kill, children)  # also those that left the group
    await _has_ended(started)
    # What it wrote and nobody read would keep it open, and asyncio has no other way to say so.
    started._transport.close()  # type: ignore[attr-defined]


def _children(process: int) -> list[psutil.Process]:
    try:
        return psutil.Process(process).children(recursive=True)
    except psutil.Error:
        return []


def _kill(processes: Sequence[psutil.Process]) -> None:
    for each in processes:
        with suppress(psutil.Error):  # a number that was used anew is told, too
            each.kill()
    psutil.wait_procs(processes, timeout=GRACE_SECONDS)


async def _has_ended(started: asyncio.subprocess.Process) -> bool:
    """Wait a moment for it; not by `wait`, which waits for all that hold its output, too."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            while started.returncode is None:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(_POLL_SECONDS)
    return started.returncode is not None
