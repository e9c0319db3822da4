"""The remote engine: connects when first asked, and again after the endpoint was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http.client import TOO_MANY_REQUESTS
from typing import TYPE_CHECKING

from lsp_server.core import fim
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import (
    Delta,
    EngineInfo,
    EngineStatus,
    Event,
    InfillRequest,
    StatusListener,
)
from lsp_server.errors import EngineUnavailable, FimbleError, RemoteError
from lsp_server.settings import RemoteSettings

if TYPE_CHECKING:  # httpx, behind these, is only loaded for the first request
    from lsp_server.engines.remote.http import Http
    from lsp_server.engines.remote.probe import Dialect

_SELF_TEST_TOKENS = 12


class RemoteEngine:
    """Engine over an endpoint.

    Getting to know the endpoint is one task that all requests wait for; a request that is cancelled
    meanwhile does not stop it, or fast typing would never let it end. A failure is not remembered.
    """

    def __init__(self, settings: RemoteSettings, on_status: StatusListener) -> None:
        self._settings = settings
        self._on_status = on_status
        self._http: Http | None = None
        self._connection: asyncio.Task[Dialect] | None = None
        self._tested: tuple[Dialect, bool] | None = None
        self._closed = False

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix; priorities are the endpoint's own affair."""
        dialect = await self._connected()
        from lsp_server.engines.remote.http import Refused

        try:
            async with aclosing(dialect.infill(request)) as events:
                async for event in events:
                    yield event
        except RemoteError as error:
            if not (isinstance(error, Refused) and error.status == TOO_MANY_REQUESTS):
                self._lose(error)
            raise

    async def info(self) -> EngineInfo:
        """Connect, make the endpoint fill a known gap once, and describe it."""
        dialect = await self._connected()
        if self._tested is None or self._tested[0] is not dialect:
            self._tested = dialect, await self._fills_gaps()
        return EngineInfo(
            model=dialect.model,
            kind="remote",
            template=dialect.template,
            fim_ok=self._tested[1],
            context_tokens=dialect.context_tokens,
            prompt_tokens_per_second=dialect.prompt_tokens_per_second,
            seconds_per_token=dialect.seconds_per_token,
        )

    def counter(self) -> Counter:
        """An estimate: the endpoint's vocabulary is not at hand."""
        return estimate

    async def close(self) -> None:
        """Close the connections. Requests still running fail."""
        if self._closed:
            return
        self._closed = True
        if self._connection is not None:
            self._connection.cancel()
            await asyncio.wait([self._connection])
        if self._http is not None:
            await self._http.close()
        self._on_status(EngineStatus("stopped", "The remote engine is closed."))

    async def _connected(self) -> Dialect:
        if self._closed:
            raise _closed()
        if self._connection is None:
            self._connection = asyncio.create_task(self._connect())
            self._connection.add_done_callback(self._forget_failure)
        connection = self._connection
        try:
            return await asyncio.shield(connection)
        except asyncio.CancelledError:
            if connection.cancelled():  # by `close`; this request itself was not
                raise _closed() from None
            raise

    async def _connect(self) -> Dialect:
        from lsp_server.engines.remote import http, probe

        try:
            if self._http is None:
                self._http = http.Http(self._settings)
            self._on_status(EngineStatus("loading", f"Connecting to {self._http.host}."))
            dialect = await probe.connect(self._http, self._settings)
        except FimbleError as error:
            self._report(error)
            raise
        message = f"{dialect.model} is ready at {self._http.host} ({dialect.name})."
        self._on_status(EngineStatus("ready", message))
        return dialect

    def _forget_failure(self, connection: asyncio.Task[Dialect]) -> None:
        failed = connection.cancelled() or connection.exception() is not None
        if failed and self._connection is connection:
            self._connection = None

    def _lose(self, error: FimbleError) -> None:
        """Get to know the endpoint again: another model or server may answer next."""
        if self._connection is not None and self._connection.done():
            self._connection = None
        self._report(error)

    def _report(self, error: FimbleError) -> None:
        if not self._closed:
            self._on_status(EngineStatus("failed", str(error)))

    async def _fills_gaps(self) -> bool:
        test = fim.self_test()
        request = InfillRequest(test.prefix, test.suffix, max_tokens=_SELF_TEST_TOKENS)
        async with aclosing(self.infill(request)) as events:
            return test.passed("".join([e.text async for e in events if isinstance(e, Delta)]))


def _closed() -> EngineUnavailable:
    return EngineUnavailable("The remote engine is closed; restart the language server.")
