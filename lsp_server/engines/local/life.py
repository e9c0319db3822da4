"""What is known of one worker process, from its start to its end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from lsp_server import errors
from lsp_server.engines.base import EngineInfo, Event, Priority
from lsp_server.engines.local import wire
from lsp_server.engines.local.process import WorkerProcess


class Life:
    """The worker's requests, and what it said of itself."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.info: EngineInfo | None = None
        """Once it is ready; its speeds are the last that were measured."""
        self.streams: dict[int, asyncio.Queue[Event | errors.FimbleError]] = {}
        self.pending: dict[int, Priority] = {}
        """Requests that the worker has not finished or dropped, even if nobody listens any more."""
        self.heard = time.monotonic()

    def end(self, message: wire.Message) -> Priority:
        """Note that the worker has done with a request, and how fast it was."""
        assert self.info is not None  # requests are sent to a worker that is ready
        reading, writing = message["speed"]
        self.info = replace(self.info, prompt_tokens_per_second=reading, seconds_per_token=writing)
        return self.pending.pop(message["id"])
