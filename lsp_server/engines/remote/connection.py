"""What is known of an endpoint, found out once for all requests, and again after it was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from lsp_server.engines.remote.backoff import Backoff
from lsp_server.errors import EngineUnavailable, FimbleError, describe

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Connection(Generic[T]):
    """Getting to know an endpoint is one task that all requests wait for.

    A request that is cancelled meanwhile does not stop it, or fast typing would never let it end.
    After a failure, requests fail at once with its reason until a pause is over; the pauses grow
    until a request succeeds.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[T]], on_failure: Callable[[FimbleError], None]
    ) -> None:
        self._connect = connect
        self._on_failure = on_failure
        self._backoff = Backoff()
        self._task: asyncio.Task[T] | None = None
        self._closed = False

    @property
    def has_failed(self) -> bool:
        """Whether there was no success since the last failure."""
        return self._backoff.failures > 0

    async def known(self) -> asyncio.Task[T]:
        """The task that got to know the endpoint, when it is done. Raises FimbleError."""
        if self._closed:
            raise closed()
        if self._task is None or self._task.done():
            self._backoff.check()
        if self._task is None:
            self._task = asyncio.create_task(self._know())
            self._task.add_done_callback(self._forget_failure)
        task = self._task
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # by `close`; this request itself was not
                raise closed() from None
            raise
        return task

    def succeeded(self) -> None:
        """Note that a request is being answered."""
        self._backoff.succeeded()

    def lose(self, task: asyncio.Task[T], error: FimbleError) -> None:
        """Get to know the endpoint again: another model or server may answer next.

        Requests that ran at the same time fail together; the first of them counts.
        """
        if self._task is task:
            self._task = None
            self._fail(error)

    def rest(self, error: FimbleError, seconds: float | None) -> None:
        """Leave the endpoint alone for as long as it asks: it is as it was, but has no time."""
        self._backoff.failed(error, seconds or 0)

    async def close(self) -> None:
        """Requests fail from now on."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _know(self) -> T:
        try:
            return await self._connect()
        except FimbleError as error:
            self._fail(error)
            raise
        except Exception as fault:  # of ours; else nobody would hear of it, and all would be asked
            logger.error("getting to know an endpoint failed: %s", describe(fault))
            unknown = EngineUnavailable(
                f"Fimble failed to connect to the endpoint ({type(fault).__name__}); this is a "
                "bug, its log says where."
            )
            self._fail(unknown)
            raise unknown from fault

    def _forget_failure(self, task: asyncio.Task[T]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._task is task:
            self._task = None

    def _fail(self, error: FimbleError) -> None:
        if not self._closed:
            self._backoff.failed(error)
            self._on_failure(error)


def closed() -> EngineUnavailable:
    """What requests to a closed engine fail with."""
    return EngineUnavailable("The remote engine is closed; restart the language server.")
