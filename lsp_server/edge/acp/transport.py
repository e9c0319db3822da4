"""Messages as lines of JSON. A line that is none is answered, and the next one is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

MAX_LINE_BYTES = 1 << 26
_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600


class Lines:
    """A `Transport` of the SDK, which would end the connection at a message that is no object."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._draining = asyncio.Lock()

    async def send(self, message: dict[str, Any]) -> None:
        """Write a message, before anything else happens; then wait until there is room again."""
        if self._writer.is_closing():
            return  # the client is gone, and nobody reads any more
        self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            async with self._draining:
                await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """The next message; None at the end."""
        while line := await self._line():
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                await self._refuse(_PARSE_ERROR, "This line is not JSON.")
                continue
            if isinstance(message, dict):
                return message
            await self._refuse(_INVALID_REQUEST, "A message is one JSON object.")
        return None

    async def close(self) -> None:
        """Write no more."""
        self._writer.close()

    async def _line(self) -> bytes:
        try:
            return await self._reader.readline()
        except ValueError:  # longer than the limit: what follows is no beginning of a message
            return b""

    async def _refuse(self, code: int, text: str) -> None:
        error = {"code": code, "message": text}
        await self.send({"jsonrpc": "2.0", "id": None, "error": error})
