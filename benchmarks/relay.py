"""A relay on this machine that counts the connections through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpx

PIECE_BYTES = 1 << 16


@dataclass
class Relay:
    """Where it listens, and how many connections it has taken so far."""

    url: str = ""
    connections: int = 0


@asynccontextmanager
async def relay(url: str) -> AsyncGenerator[Relay, None]:
    """Hand everything on to a server on this machine, unread."""
    target = httpx.URL(url)
    counted = Relay()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted.connections += 1
        there, back = await asyncio.open_connection(target.host, target.port)
        await asyncio.gather(_hand_on(reader, back), _hand_on(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    counted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield counted


async def _hand_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await source.read(PIECE_BYTES):
            target.write(piece)
            await target.drain()
    target.close()
