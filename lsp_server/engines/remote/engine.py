"""The remote engine: connects when first asked, and again after the endpoint was lost."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from http.client import BAD_REQUEST, TOO_MANY_REQUESTS, UNPROCESSABLE_ENTITY
from pathlib import Path
from typing import TYPE_CHECKING

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
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, Message, Thought
from lsp_server.engines.remote.connection import Connection, closed
from lsp_server.errors import ContextExceeded, FimbleError, RemoteError, UsageError
from lsp_server.settings import ChatSettings, RemoteSettings

if TYPE_CHECKING:  # httpx, behind these, is only loaded for the first request
    from lsp_server.engines.remote.http import Http
    from lsp_server.engines.remote.probe import Dialect
    from lsp_server.engines.remote.thinking import Thinking

MESSAGE_TOKENS = 4
"""What a message's role and markers are taken for."""


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What has been found out about an endpoint that fills gaps."""

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
            note=self.dialect.note,
        )


class RemoteEngine:
    """Engine over an endpoint. Many can chat but not fill gaps, so each has its own connection."""

    def __init__(
        self,
        settings: RemoteSettings,
        on_status: StatusListener,
        on_usage: UsageListener | None = None,
        chat: ChatSettings | None = None,
        folder: Path | None = None,
    ) -> None:
        """`folder` is where it is remembered how endpoints fill gaps; None: nowhere."""
        self._settings = settings
        self._folder = folder
        self._chat_settings = chat or ChatSettings()
        self._on_status = on_status
        self._on_usage = on_usage
        self._open_http: Http | None = None
        self._filling = Connection(self._connect, self._fail)
        self._chatting = Connection(self._connect_chat, lambda _error: None)
        self._closed = False

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix; priorities are the endpoint's own affair."""
        endpoint = await self._filling.known()
        dialect = endpoint.result().dialect
        if request.names and not dialect.chooses_names:
            raise UsageError(
                f"The endpoint of {dialect.model} can't be held to names; use a local model or a "
                "llama-server for that."
            )
        from lsp_server.engines.remote.gate import open_gap
        from lsp_server.engines.remote.http import Refused

        gap = await open_gap(request)
        if gap is None:
            yield Finished("end")
            return
        bill = _Bill(request, self._on_usage)
        try:
            answer = gap.restored(dialect.infill(gap.request, bill.spent))
            async with aclosing(answer) as events:
                async for event in events:
                    self._filling.succeeded()
                    if bill.exceeds(event):
                        yield Finished("length", bill.cost)
                        return
                    yield event
        except RemoteError as error:
            if isinstance(error, Refused) and error.status == TOO_MANY_REQUESTS:
                self._filling.rest(error, error.retry_after)
            else:
                self._filling.lose(endpoint, error)
            raise
        finally:
            bill.settle()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the assistant's next message."""
        endpoint = await self._chatting.known()
        dialect = endpoint.result()
        dialect.info.check(request)
        from lsp_server.engines.remote.http import Refused

        bill = _Bill(request, self._on_usage)
        try:
            async with aclosing(dialect.chat(request, bill.spent)) as events:
                async for event in events:
                    self._chatting.succeeded()
                    if bill.exceeds(event):
                        yield Finished("length", bill.cost)
                        return
                    yield event
        except RemoteError as error:
            if isinstance(error, Refused) and error.too_long:
                raise ContextExceeded(
                    f"The chat is longer than {dialect.info.model} can read at once; begin a new "
                    "one, or give its server a larger context."
                ) from error
            if isinstance(error, Refused) and error.status == TOO_MANY_REQUESTS:
                self._chatting.rest(error, error.retry_after)
            elif not (isinstance(error, Refused) and error.status in _OF_THE_REQUEST):
                self._chatting.lose(endpoint, error)
            raise
        finally:
            bill.settle()

    async def chat_info(self) -> ChatInfo:
        """Connect and say how the endpoint chats."""
        info = (await self._chatting.known()).result().info
        address = f"{self._http().address.root}\n{info.model}"
        identity = hashlib.sha256(address.encode()).hexdigest()[:32]
        return replace(info, identity=identity, is_remote=True)

    async def count_chat(self, messages: Sequence[Message]) -> int:
        """An estimate that errs upwards: the endpoint's vocabulary is not at hand."""
        texts = [
            text
            for message in messages
            for text in (message.content, *(call.name + call.arguments for call in message.calls))
        ]
        return MESSAGE_TOKENS * len(messages) + sum(map(estimate, texts))

    async def info(self) -> EngineInfo:
        """Connect and describe the endpoint."""
        return (await self._filling.known()).result().info()

    def counter(self) -> Counter:
        """An estimate: the endpoint's vocabulary is not at hand."""
        return estimate

    async def close(self) -> None:
        """Close the connections. Requests still running fail."""
        if self._closed:
            return
        self._closed = True
        await self._filling.close()
        await self._chatting.close()
        if self._open_http is not None:
            await self._open_http.close()
        self._on_status(EngineStatus("stopped", "The remote engine is closed."))

    def _http(self) -> Http:
        """The client of both connections. Raises RemoteError for settings that can't be used."""
        from lsp_server.engines.remote import http

        if self._closed:
            raise closed()
        if self._open_http is None:
            self._open_http = http.Http(self._settings)
        return self._open_http

    async def _connect(self) -> _Endpoint:
        from lsp_server.engines.remote import probe

        http = self._http()
        if not self._filling.has_failed:
            self._on_status(EngineStatus("loading", f"Connecting to {http.host}."))
        dialect = await probe.connect(http, self._settings, self._chat_settings, self._folder)
        endpoint = _Endpoint(dialect, await self._fills_gaps(dialect))
        self._on_status(EngineStatus("ready", endpoint.info().announcement()))
        return endpoint

    async def _connect_chat(self) -> Thinking:
        from lsp_server.engines.remote import probe

        return await probe.connect_chat(self._http(), self._settings, self._chat_settings)

    def _fail(self, error: FimbleError) -> None:
        self._on_status(EngineStatus.failed(error))

    async def _fills_gaps(self, dialect: Dialect) -> bool:
        """Whether the endpoint passes the self-test; one that never comes to an end does not."""
        try:
            return await dialect.fills_gaps(2 * self._settings.timeout_seconds)
        except TimeoutError:
            return False


_OF_THE_REQUEST = (BAD_REQUEST, UNPROCESSABLE_ENTITY)
"""Refusals of a chat that say nothing about the endpoint."""


class _Bill:
    """What a request has cost so far, by what the endpoint tells and by the pieces that came."""

    def __init__(
        self, request: InfillRequest | ChatRequest, on_usage: UsageListener | None
    ) -> None:
        self._request = request
        self._on_usage = on_usage
        self._pieces = self._thoughts = 0
        self.cost = Usage()

    def spent(self, usage: Usage) -> None:
        """Note what the endpoint tells."""
        self.cost = usage

    def exceeds(self, event: ChatEvent) -> bool:
        """Count an event; whether there were too many.

        A piece is a token at least: then this endpoint does not heed the limit. Thoughts have a
        limit of their own (`Thinking`).
        """
        self._pieces += isinstance(event, Delta)
        self._thoughts += isinstance(event, Thought)
        return self._pieces > self._request.max_tokens

    def settle(self) -> None:
        """Tell the listener."""
        if self._on_usage is not None:
            # An endpoint that does not tell has written a token at least for each piece.
            generated = max(self._pieces + self._thoughts, self.cost.generated_tokens)
            self._on_usage(self._request.priority, replace(self.cost, generated_tokens=generated))
