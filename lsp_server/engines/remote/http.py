"""Requests to the endpoint, and one clear sentence for whatever goes wrong with them.

Invariants: nothing is sent that the gate has not passed; no redirect is followed; credentials
travel only encrypted or on this machine; no wait for the endpoint is longer than `timeoutSeconds`
of its settings or, for a chat, `fimble.chat.timeoutSeconds`; no answer is read without bound; no
more requests run at once than `maxRequests`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from http.client import FORBIDDEN, UNAUTHORIZED
from itertools import count

import httpx

from lsp_server import __version__
from lsp_server.engines.base import Priority
from lsp_server.engines.remote import address, client, credentials, sse, words
from lsp_server.engines.remote.answer import Answer, Unexpected
from lsp_server.engines.remote.asked import Asked
from lsp_server.engines.remote.connection import closed
from lsp_server.engines.remote.gate import Gate, Passed
from lsp_server.engines.remote.places import Places
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings

MAX_ANSWER_BYTES = 16 << 20
MAX_CONNECTIONS = 8
STALE_SECONDS = 0.25
"""A kept connection that is closed fails at once; later, the server has begun with the request, and
may have died of it."""
MAX_REASON_BYTES = 64 << 10
REST_SECONDS = 0.1
"""How long the end of a stream whose last event has come may take; it usually came with that."""
_TOO_LONG = re.compile(rb"context[ _](?:length|size|window)|too many tokens", re.IGNORECASE)
"""How endpoints say that a prompt does not fit: llama-server, Ollama, vLLM, OpenAI, Mistral."""

_FAILED = ("error", "insufficient_system_resource")
"""Reasons to end an answer: Mistral's and DeepSeek's words for a failure."""
_HEADERS = {"User-Agent": f"fimble/{__version__}", "Accept-Encoding": "identity"}
MAX_RETRY_AFTER = 60.0
"""Seconds that an endpoint which asks for it is left alone at most."""


class Unreachable(RemoteError):
    """No answer came, or it broke off: whatever was known of the endpoint may have changed."""


class Empty(Unreachable):
    """An answer ended before its first word."""


class Refused(RemoteError):
    """The endpoint answered with an error."""

    def __init__(
        self,
        message: str,
        status: int,
        *,
        too_long: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.too_long = too_long
        """Whether it said that the prompt does not fit into the context."""
        self.retry_after = retry_after
        """Seconds that it wants to be left alone, if it said so."""


class Http:
    """A client for one endpoint. All methods raise RemoteError; EngineUnavailable once closed."""

    def __init__(self, settings: RemoteSettings, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        """`max_answer_bytes` bounds answers that are read as a whole."""
        self._max_answer_bytes = max_answer_bytes
        self.address = address.parse(settings.url, settings.where)
        self.host = self.address.host
        self._settings = settings
        self._gate = Gate(self.address, settings.log)
        self._most = settings.max_requests or MAX_CONNECTIONS
        self._places = Places(self._most)
        self._preparing = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None
        self._credentials: httpx.Headers | None = None
        self._closed = False

    async def get(self, url: str) -> Answer:
        """Return the JSON object at an address."""
        return await self._fetch("GET", url, None, Priority.TYPING)

    async def post(
        self, url: str, body: Mapping[str, object], priority: Priority = Priority.TYPING
    ) -> Answer:
        """Send a JSON object, return the one that answers.

        By default it has the priority of what every other request may wait for.
        """
        return await self._fetch("POST", url, body, priority)

    async def stream(self, asked: Asked) -> AsyncGenerator[Answer | None, None]:
        """Send a JSON object; yield each that comes back, and None for `[DONE]`.

        Closing the generator closes the connection. Raises Unreachable if the stream ends: whoever
        has read the last event that matters stops asking.
        """
        seconds = asked.timeout_seconds
        async with (
            self._open("POST", asked.url, asked.body, asked.priority, seconds) as response,
            aclosing(asked.framing(response.aiter_bytes())) as events,
        ):
            if "html" in response.headers.get("Content-Type", ""):  # of a proxy, or a login
                raise Unexpected(self.address)
            for number in count():
                async with self._patience(seconds):
                    data = await anext(events, None)
                if data is None:
                    if number:
                        raise Unreachable(f"{self.host} broke off its answer; try again.")
                    raise Empty(f"{self.host} sent an empty answer; try again, or see its log.")
                if number >= asked.most_events:
                    raise Unreachable(f"{self.host} answers without an end; see its log.")
                if data == b"[DONE]":
                    await _read_to_the_end(events)
                    yield None
                    continue
                answer = Answer.parse(data, self.address)
                if "error" in answer:
                    raise Unreachable(f"{self.host} failed while answering; see its log.")
                yield answer

    def check_reason(self, reason: str) -> None:
        """Raise Unreachable if an answer that has ended so, in OpenAI's words, is none."""
        if reason in _FAILED:
            raise Unreachable(f"{self.host} failed while answering; see its log.")

    async def close(self) -> None:
        """Close all connections; streams that are still read fail."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()

    async def _fetch(
        self, method: str, url: str, body: Mapping[str, object] | None, priority: Priority
    ) -> Answer:
        data = bytearray()
        async with self._open(method, url, body, priority) as response, self._patience():
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > self._max_answer_bytes:
                    raise Unexpected(self.address)
        return Answer.parse(bytes(data), self.address)

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        url: str,
        body: Mapping[str, object] | None,
        priority: Priority,
        timeout_seconds: float | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """An answer of status 200 whose body has not been read yet."""
        ready, headers = await self._ready()
        async with self._places.taken(priority):
            passed = await self._gate.passed(method, url, body)
            if self._closed:  # while this waited
                raise closed()
            async with self._patience(timeout_seconds):
                response = await _send(ready, _request(ready, passed, headers))
            try:
                if response.status_code != httpx.codes.OK:
                    raise await self._refusal(response)
                yield response
            finally:
                await response.aclose()

    async def _ready(self) -> tuple[httpx.AsyncClient, httpx.Headers]:
        """The client, and the headers that the settings ask for; made once, when first needed."""
        async with self._preparing:
            if self._client is None:
                self._client = await asyncio.to_thread(
                    client.make, self._settings, self.address, self._most
                )
            if self._credentials is None:
                self._credentials = await credentials.read(self._settings, self.address)
            if self._closed:
                await self._client.aclose()
                raise closed()
            return self._client, self._credentials

    @asynccontextmanager
    async def _patience(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Bound the time of one wait, and translate what may go wrong in it."""
        setting = self.address.where if seconds is None else "fimble.chat"
        seconds = self._settings.timeout_seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise Unreachable(
                f"{self.host} did not answer within {seconds:g} s; it may be busy, or "
                f"{setting}.timeoutSeconds too low for it."
            ) from error
        except httpx.ConnectError as error:
            raise Unreachable(words.no_connection(self.address, self._proxy, error)) from error
        except httpx.ProxyError as error:
            raise Unreachable(words.no_way_through(self.address, self._proxy, error)) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise Unreachable(f"{self.host} broke off the connection; try again.") from error
        except sse.LineTooLong as error:
            raise Unexpected(self.address) from error

    async def _refusal(self, response: httpx.Response) -> RemoteError:
        reason = await self._reason(response)
        status = words.status_meant(response.status_code, reason)
        if status in (UNAUTHORIZED, FORBIDDEN):
            self._credentials = None  # the keyring may have others by now
        wait = words.seconds_to_wait(response.headers.get("Retry-After", ""))
        too_long = _TOO_LONG.search(reason) is not None
        source = credentials.source(self._settings)
        told = words.refusal(self.address, status, source, wait)
        return Refused(
            f"{self.host} {words.TOO_LONG if too_long else told}",
            status,
            too_long=too_long,
            retry_after=wait and min(float(wait), MAX_RETRY_AFTER),
        )

    async def _reason(self, response: httpx.Response) -> bytes:
        """What a refusal says, as far as it matters. Never shown: the prompt may be in it."""
        data = b""
        if response.status_code not in (400, 413, 422, 500):  # 500: Ollama, of the model's runner
            return data
        with suppress(RemoteError):  # then it does not say
            async with self._patience():
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > MAX_REASON_BYTES:
                        break
        return data

    @property
    def _proxy(self) -> str:
        return client.proxy_of(self._settings, self.address)


def _request(ready: httpx.AsyncClient, passed: Passed, wanted: Mapping[str, str]) -> httpx.Request:
    headers = httpx.Headers(_HEADERS)
    if passed.content is not None:
        headers["Content-Type"] = "application/json"
    headers.update(wanted)
    return ready.build_request(passed.method, passed.url, content=passed.content, headers=headers)


async def _send(ready: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    sent_at = time.monotonic()
    try:
        return await ready.send(request, stream=True)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        if ready.is_closed or time.monotonic() - sent_at > STALE_SECONDS:
            raise
        # A connection that was kept, and that the server closed meanwhile. llama-server closes
        # after each stream without saying so.
        return await ready.send(request, stream=True)


async def _read_to_the_end(events: AsyncGenerator[bytes, None]) -> None:
    """Else the connection would be closed, and the next request need another."""
    with suppress(TimeoutError, httpx.HTTPError, sse.LineTooLong):
        async with asyncio.timeout(REST_SECONDS):
            async for _ in events:
                pass
