"""A proxy that notes what it is asked for, and leads every host to one server of the test."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """Connects whatever host is asked for to `port` of this machine."""

    port: int
    url: str = ""
    asked: list[str] = field(default_factory=list)
    """Method and target of each request: `CONNECT host:443`, `POST http://host/path`."""
    heads: list[str] = field(default_factory=list)
    """All that each request said before its body."""
    refusal: bytes = b""
    """Is answered instead."""
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            self.asked.append(f"{method} {target}")
            self.heads.append(head)
            if self.refusal:
                writer.write(self.refusal)
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                parts = urlsplit(target)
                first, _, rest = head.partition("\r\n")
                line = first.replace(target, parts.path)
                far_writer.write(f"{line}\r\n{rest}".encode())
            try:
                await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))
            finally:
                far_writer.close()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.serving.discard(task)
            writer.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def proxy(port: int, context: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """A running proxy, over TLS if a context is given."""
    running = Proxy(port)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=context)
    scheme = "https" if context else "http"
    running.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        server.close()
        for task in running.serving:
            task.cancel()
        await asyncio.gather(*running.serving)
