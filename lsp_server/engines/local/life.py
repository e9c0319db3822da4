"""What is known of one worker process, from its start to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from lsp_server import errors
from lsp_server.engines.base import Delta, EngineInfo, Event, Priority
from lsp_server.engines.local import wire
from lsp_server.engines.local.process import WorkerProcess


@dataclass(frozen=True, slots=True)
class Told:
    """The one answer to a request that streams nothing."""

    value: Any


class Life:
    """The worker's requests, and what it said of itself."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.info: EngineInfo | None = None
        """Once it is ready; its speeds are the last that were measured."""
        self.pending: dict[int, Priority] = {}
        """Requests that the worker has not finished or dropped, even if nobody listens any more."""
        self.heard = time.monotonic()
        self._streams: dict[int, asyncio.Queue[Event | Told | errors.FimbleError]] = {}
        self._ids = count(1)

    async def ask(
        self, message: wire.Message, priority: Priority
    ) -> AsyncGenerator[Event | Told, None]:
        """Send a request and stream what comes of it. Raises FimbleError."""
        request_id = next(self._ids)
        stream = self._streams[request_id] = asyncio.Queue()
        if not self.pending:  # else a worker that hangs would seem alive as long as requests come
            self.heard = time.monotonic()
        self.pending[request_id] = priority
        self.process.send(message | {"id": request_id})
        try:
            while True:
                event = await stream.get()
                if isinstance(event, errors.FimbleError):
                    raise event
                yield event
                if not isinstance(event, Delta):
                    return
        finally:
            del self._streams[request_id]
            if request_id in self.pending:
                self.process.send({"op": "cancel", "id": request_id})

    def deliver(self, message: wire.Message, event: Event | Told | errors.FimbleError) -> None:
        """Hand an event to the request that it is for, if that is still there."""
        stream = self._streams.get(message["id"])
        if stream is not None:
            stream.put_nowait(event)

    def end(self, message: wire.Message) -> Priority:
        """Note that the worker has done with a request, and how fast it was."""
        assert self.info is not None  # requests are sent to a worker that is ready
        reading, writing = message["speed"]
        self.info = replace(self.info, prompt_tokens_per_second=reading, seconds_per_token=writing)
        return self.pending.pop(message["id"])

    def bury(self, error: errors.FimbleError) -> None:
        """Tell everyone who waits for this worker that it has ended."""
        if not self.ready.done():
            self.ready.set_exception(error)
        self.ready.exception()  # asked for, so that asyncio does not complain if nobody waited
        for stream in self._streams.values():
            stream.put_nowait(again(error))


def again(error: errors.FimbleError) -> errors.FimbleError:
    """A fresh copy: one exception object raised in several tasks would mix their tracebacks."""
    return type(error)(str(error))
