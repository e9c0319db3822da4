"""The remote engine: connects when first asked, and again after the endpoint was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from http.client import TOO_MANY_REQUESTS
from typing import TYPE_CHECKING

from lsp_server.core import fim
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import (
    Delta,
    EngineInfo,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    StatusListener,
    Usage,
    UsageListener,
)
from lsp_server.engines.remote.backoff import Backoff
from lsp_server.errors import EngineUnavailable, FimbleError, RemoteError, UsageError
from lsp_server.settings import RemoteSettings

if TYPE_CHECKING:  # httpx, behind these, is only loaded for the first request
    from lsp_server.engines.remote.http import Http
    from lsp_server.engines.remote.probe import Dialect


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What has been found out about an endpoint."""

    dialect: Dialect
    fim_ok: bool

    def info(self) -> EngineInfo:
        return EngineInfo(
            model=self.dialect.model,
            kind="remote",
            template=self.dialect.template,
            fim_ok=self.fim_ok,
            context_tokens=self.dialect.context_tokens,
            prompt_tokens_per_second=self.dialect.prompt_tokens_per_second,
            seconds_per_token=self.dialect.seconds_per_token,
            shows_files=self.dialect.shows_files,
            chooses_names=self.dialect.chooses_names,
        )


class RemoteEngine:
    """Engine over an endpoint.

    Getting to know the endpoint, its self-test included, is one task that all requests wait for; a
    request that is cancelled meanwhile does not stop it, or fast typing would never let it end.
    After a failure, requests fail at once with its reason until a pause is over; the pauses grow
    until a request succeeds.
    """

    def __init__(
        self,
        settings: RemoteSettings,
        on_status: StatusListener,
        on_usage: UsageListener | None = None,
    ) -> None:
        self._settings = settings
        self._on_status = on_status
        self._on_usage = on_usage
        self._http: Http | None = None
        self._connection: asyncio.Task[_Endpoint] | None = None
        self._backoff = Backoff()
        self._closed = False

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix; priorities are the endpoint's own affair."""
        connection = await self._connected()
        dialect = connection.result().dialect
        if request.names and not dialect.chooses_names:
            raise UsageError(
                f"The endpoint of {dialect.model} can't be held to names; use a local model or a "
                "llama-server for that."
            )
        from lsp_server.engines.remote.http import Refused

        cost, pieces = Usage(), 0

        def spent(usage: Usage) -> None:
            nonlocal cost
            cost = usage

        try:
            async with aclosing(dialect.infill(request, spent)) as events:
                async for event in events:
                    self._backoff.succeeded()
                    if isinstance(event, Delta):
                        pieces += 1
                    if pieces > request.max_tokens:
                        # A piece is a token at least: this endpoint does not heed the limit.
                        yield Finished("length", cost)
                        return
                    yield event
        except RemoteError as error:
            if not (isinstance(error, Refused) and error.status == TOO_MANY_REQUESTS):
                self._lose(connection, error)
            raise
        finally:
            if self._on_usage is not None:
                # An endpoint that does not tell has written a token at least for each piece.
                generated = max(pieces, cost.generated_tokens)
                self._on_usage(request.priority, replace(cost, generated_tokens=generated))

    async def info(self) -> EngineInfo:
        """Connect and describe the endpoint."""
        return (await self._connected()).result().info()

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

    async def _connected(self) -> asyncio.Task[_Endpoint]:
        """The task that got to know the endpoint, when it is done."""
        if self._closed:
            raise _closed()
        if self._connection is None:
            self._backoff.check()
            self._connection = asyncio.create_task(self._connect())
            self._connection.add_done_callback(self._forget_failure)
        connection = self._connection
        try:
            await asyncio.shield(connection)
        except asyncio.CancelledError:
            if connection.cancelled():  # by `close`; this request itself was not
                raise _closed() from None
            raise
        return connection

    async def _connect(self) -> _Endpoint:
        from lsp_server.engines.remote import http, probe

        try:
            if self._http is None:
                self._http = http.Http(self._settings)
            if not self._backoff.failures:
                self._on_status(EngineStatus("loading", f"Connecting to {self._http.host}."))
            dialect = await probe.connect(self._http, self._settings)
            endpoint = _Endpoint(dialect, await self._fills_gaps(dialect))
        except FimbleError as error:
            self._fail(error)
            raise
        self._on_status(EngineStatus("ready", endpoint.info().announcement()))
        return endpoint

    def _forget_failure(self, connection: asyncio.Task[_Endpoint]) -> None:
        failed = connection.cancelled() or connection.exception() is not None
        if failed and self._connection is connection:
            self._connection = None

    def _lose(self, connection: asyncio.Task[_Endpoint], error: FimbleError) -> None:
        """Get to know the endpoint again: another model or server may answer next.

        Requests that ran at the same time fail together; the first of them counts.
        """
        if self._connection is connection:
            self._connection = None
            self._fail(error)

    def _fail(self, error: FimbleError) -> None:
        if not self._closed:
            self._backoff.failed(error)
            self._on_status(EngineStatus("failed", str(error)))

    async def _fills_gaps(self, dialect: Dialect) -> bool:
        """Whether the endpoint passes the self-test; one that never comes to an end does not."""
        test = fim.self_test()
        request = InfillRequest(test.prefix, test.suffix, max_tokens=fim.SELF_TEST_TOKENS)
        try:
            async with (
                asyncio.timeout(2 * self._settings.timeout_seconds),
                aclosing(dialect.infill(request, lambda _usage: None)) as events,
            ):
                return test.passed("".join([e.text async for e in events if isinstance(e, Delta)]))
        except TimeoutError:
            return False


def _closed() -> EngineUnavailable:
    return EngineUnavailable("The remote engine is closed; restart the language server.")
