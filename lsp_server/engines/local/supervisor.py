"""Keeps one worker process alive: starts it, watches it, restarts it after a crash or a hang.

    stopped -> loading -> ready -> (crash) -> loading after 0, 1, 2, 4 ... seconds
                  |                              |
                  +-> failed (the model is wrong)+-> failed (too many crashes: the circuit is open)

A worker that has begun to answer a request counts as healthy again. One that died of native code
(not of a signal that somebody sent) is followed by a conservative one: on the CPU, without the
kernels that repack weights for special instructions. In `failed`, requests are refused at once with
the reason; after `RETRY_SECONDS` the next request tries again, so that a model that has been
pulled, or memory that has been freed, is noticed without a restart of the editor.

Invariant: a request that was sent to a worker hears of that worker's end at once, and exactly once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from lsp_server import errors
from lsp_server.engines.base import (
    Delta,
    EngineInfo,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    Priority,
    StatusListener,
    Usage,
    UsageListener,
)
from lsp_server.engines.chat import ChatEvent, ChatRequest
from lsp_server.engines.local import wire
from lsp_server.engines.local.life import Life, Told, again
from lsp_server.engines.local.process import KILL, WorkerProcess

logger = logging.getLogger(__name__)

# -P: the current folder is the user's project; no module of its may be imported.
WORKER_COMMAND = (sys.executable, "-P", "-m", "lsp_server.engines.local.worker")
MAX_CRASHES = 5
_NOT_NATIVE = {0, 1, -signal.SIGTERM, -KILL}
"""Exit codes of a worker that ended otherwise than by a fault in native code."""
PAUSE_SECONDS = 1.0
RETRY_SECONDS = 60.0
EXIT_SECONDS = 1.0
"""How long a worker that has closed its output may take to end by itself, for its exit code."""
SAVE_SECONDS = 1.0
"""How long a worker that was told to end may take to keep its state."""
_CRASHED = errors.EngineCrashed(
    "The model's worker process ended unexpectedly; it is being restarted, please try again."
)
_SHUT_DOWN = errors.EngineUnavailable("The engine has been shut down.")


class Supervisor:
    """See the module's docstring. Must be used from one event loop."""

    def __init__(
        self,
        load_order: Callable[[], Awaitable[wire.Message]],
        on_status: StatusListener,
        on_usage: UsageListener,
        *,
        command: Sequence[str] = WORKER_COMMAND,
        hang_seconds: float = 60.0,
        pause_seconds: float = PAUSE_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """`load_order` gives the message that loads the model; it may raise FimbleError.

        `on_usage` does not hear of requests that end with their worker: nobody knows their cost.

        A worker with work to do that says nothing for `hang_seconds` is killed. `pause_seconds` is
        the first pause between two restarts, each later one is twice as long.
        """
        self._load_order = load_order
        self._on_status = on_status
        self._on_usage = on_usage
        self._command = command
        self._hang_seconds = hang_seconds
        self._pause_seconds = pause_seconds
        self._retry_seconds = retry_seconds
        self._life: Life | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._failure: errors.FimbleError | None = None
        self._retry_at = 0.0
        self._crashes = 0
        self._conservative = False
        self._closed = False
        self._changed = asyncio.Event()

    async def info(self) -> EngineInfo:
        """Wait for a ready worker. Raises FimbleError when there will be none."""
        info = (await self._ready()).info
        assert info is not None  # set together with `ready`
        return info

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the answer of the worker. Raises FimbleError."""
        async with aclosing(self._ask("infill", request)) as events:
            async for event in events:
                yield event

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the answer of the worker. Raises FimbleError."""
        async with aclosing(self._ask("chat", request)) as events:
            async for event in events:
                yield event

    async def tell(self, op: str, **fields: object) -> Any:
        """What the worker tells when it is asked for one thing. Raises FimbleError."""
        life = await self._ready()
        async with aclosing(life.ask({"op": op, **fields}, Priority.CHAT)) as events:
            event = await anext(events)
        assert isinstance(event, Told)
        return event.value

    async def _ask(
        self, op: str, request: InfillRequest | ChatRequest
    ) -> AsyncGenerator[Event, None]:
        life = await self._ready()
        message = {"op": op, "request": asdict(request)}
        async with aclosing(life.ask(message, request.priority)) as events:
            async for event in events:
                assert not isinstance(event, Told)
                yield event

    async def close(self) -> None:
        """End the worker, which may keep its state first. Safe to call twice."""
        self._closed = True
        self._changed.set()
        keeper, self._keeper = self._keeper, None
        if keeper is not None and not keeper.done():
            try:
                if self._life is not None and self._life.info is not None:
                    self._life.process.send({"op": "end"})
                    await asyncio.wait({keeper}, timeout=SAVE_SECONDS)
            finally:
                keeper.cancel()
            await asyncio.wait({keeper})
            self._status("stopped", "The model has been unloaded.")

    @property
    def worker_pid(self) -> int | None:
        """Process id of the present worker."""
        return None if self._life is None else self._life.process.pid

    async def _ready(self) -> Life:
        """Wait for a worker that takes requests."""
        life = await self._living()
        try:
            await asyncio.shield(life.ready)
        except errors.FimbleError as error:
            raise again(error) from None
        if life is not self._life:  # it has ended since, and told those it knew of
            raise self._ended()
        return life

    async def _living(self) -> Life:
        """Return the present worker, starting one if there is none."""
        while True:
            if self._closed:
                raise again(_SHUT_DOWN)
            if self._life is not None:
                return self._life
            if self._keeper is None or (self._keeper.done() and time.monotonic() >= self._retry_at):
                self._failure = None
                self._keeper = asyncio.create_task(self._keep())
            if self._failure is not None:
                raise again(self._failure)
            self._changed.clear()
            await self._changed.wait()

    def _set(self, life: Life | None, failure: errors.FimbleError | None = None) -> None:
        self._life = life
        self._failure = failure
        self._changed.set()

    async def _keep(self) -> None:
        """Start workers one after the other until one fails for good."""
        self._crashes = 0
        try:
            while True:
                if self._crashes > 1:
                    await asyncio.sleep(self._pause_seconds * 2.0 ** (self._crashes - 2))
                await self._live(await self._load_order())
                if self._closed:
                    return
                self._crashes += 1
                if self._crashes >= MAX_CRASHES:
                    raise errors.EngineUnavailable(
                        f"The model's worker process crashed {self._crashes} times in a row and is "
                        "left alone for a minute; run `fimble doctor` to see what is wrong."
                    )
                self._status("loading", "The model's worker ended unexpectedly; restarting it.")
        except errors.FimbleError as error:
            self._give_up(error)
        except Exception as error:  # whatever it is, nobody may be left waiting
            logger.error("the model's worker can't be run: %s", errors.describe(error))
            self._give_up(
                errors.EngineUnavailable(
                    f"The model's worker process can't be run ({type(error).__name__}); "
                    "run `fimble doctor` to see what is wrong."
                )
            )

    def _give_up(self, error: errors.FimbleError) -> None:
        self._retry_at = time.monotonic() + self._retry_seconds
        self._set(None, error)
        self._on_status(EngineStatus.failed(error))

    async def _live(self, order: wire.Message) -> None:
        """Run one worker until it ends. Raises FimbleError if it says that it can't load."""
        process = await WorkerProcess.start(self._command)
        life = Life(process)
        watch = asyncio.create_task(self._watch(life))
        patience = 0.0
        try:
            self._set(life)
            self._status("loading", "Loading the model.", 0.0)
            process.send({"op": "load", "conservative": self._conservative, **order})
            await process.read(lambda message: self._handle(life, message))
            patience = EXIT_SECONDS
        finally:
            self._set(None)
            watch.cancel()
            life.bury(self._ended())
            await process.end(patience)
        if process.exit_code not in _NOT_NATIVE:
            self._conservative = True
        if process.last_words:
            logger.warning("worker %d: %s", process.pid, process.last_words)

    def _handle(self, life: Life, message: wire.Message) -> None:
        life.heard = time.monotonic()
        match message["event"]:
            case "delta":
                self._crashes = 0
                logprobs, evaluated = tuple(message["logprobs"]), message["evaluated_tokens"]
                life.deliver(message, Delta(message["text"], logprobs, evaluated))
            case "finished":
                usage = self._account(life, message)
                life.deliver(message, Finished(message["reason"], usage))
            case "dropped":
                self._account(life, message)
                life.deliver(message, errors.EngineCrashed("llama.cpp refused this prompt."))
            case "told":
                del life.pending[message["id"]]
                life.deliver(message, Told(message["value"]))
            case "refused":
                del life.pending[message["id"]]
                life.deliver(message, getattr(errors, message["error"])(message["message"]))
            case "loading":
                percent = f"{message['fraction']:.0%}"
                self._status("loading", f"Loading the model ({percent}).", message["fraction"])
            case "ready":
                life.info = EngineInfo(**message["info"])
                life.ready.set_result(None)
                self._status("ready", life.info.announcement())
            case "failed":
                error = getattr(errors, message["error"])(message["message"])
                life.ready.set_exception(error)
                raise error

    def _account(self, life: Life, message: wire.Message) -> Usage:
        usage = Usage(**message["usage"])
        self._on_usage(life.end(message), usage)
        return usage

    def _ended(self) -> errors.FimbleError:
        return again(_SHUT_DOWN if self._closed else _CRASHED)

    async def _watch(self, life: Life) -> None:
        """Kill a worker that has work to do and says nothing."""
        while True:
            await asyncio.sleep(self._hang_seconds / 10)
            busy = life.pending or not life.ready.done()
            if busy and time.monotonic() - life.heard > self._hang_seconds:
                logger.warning("worker %d hangs; killing it", life.process.pid)
                life.process.kill()
                return

    def _status(self, state: Any, message: str, fraction: float | None = None) -> None:
        self._on_status(EngineStatus(state, message, fraction))
