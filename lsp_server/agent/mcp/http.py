"""A server at an address: an HTTP client whose answers end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx2
from mcp.shared._httpx_utils import create_mcp_http_client

from lsp_server.agent.mcp.stdio import Allowance


def client(headers: Mapping[str, str], allowance: Allowance) -> httpx2.AsyncClient:
    """With these headers; it follows a redirect only to the same origin."""
    made = create_mcp_http_client(dict(headers))

    async def bounded(response: httpx2.Response) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, allowance)

    made.event_hooks["response"].append(bounded)
    return made


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, allowance: Allowance) -> None:
        self._stream = stream
        self._allowance = allowance

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            if not self._allowance.take(len(piece)):
                raise httpx2.ReadError("The server says too much.")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
