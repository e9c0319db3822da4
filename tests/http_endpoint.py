"""An HTTP server whose every byte a test decides, to answer as no well-kept server would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: Any


Handler = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Endpoint:
    """Answers by path. `requests` keeps what arrived; `ended` is set when a connection ends."""

    url: str = ""
    routes: dict[str, bytes | Handler] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """The path of each request."""
    before_routes: Callable[[Request], bytes | None] | None = None
    """Answers instead of a route; what it answers is not kept."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    serving: set[asyncio.Task[None]] = field(default_factory=set)
    """Connections that are open; they end with the endpoint."""

    def bodies(self, path: str) -> list[Any]:
        return [request.body for request in self.requests if request.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection. A stream's end is the end of the connection."""
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                data = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(first.split()[1], headers, json.loads(data) if data else None)
                route = (self.before_routes and self.before_routes(request)) or self._route(request)
                if isinstance(route, bytes):
                    writer.write(route)
                else:
                    await route(request, writer)
                await writer.drain()
                if not isinstance(route, bytes) or b"Content-Length" not in route:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.serving.discard(task)
            self.ended.set()
            writer.close()

    def _route(self, request: Request) -> bytes | Handler:
        self.requests.append(request)
        self.arrived.put_nowait(request.path)
        return self.routes.get(request.path, reply({}, status=404))


@asynccontextmanager
async def endpoint() -> AsyncIterator[Endpoint]:
    """A running endpoint without routes."""
    served = Endpoint()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    served.url = f"http://{host}:{port}"
    try:
        yield served
    finally:
        server.close()
        for task in served.serving:
            task.cancel()
        await asyncio.gather(*served.serving)


def reply(body: object, *, status: int = 200, headers: str = "") -> bytes:
    """A whole answer with a JSON body, or with bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n{headers}\r\n".encode() + data


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def stream(*events: object) -> bytes:
    """A whole event stream; texts stand for themselves, objects for their JSON."""
    lines = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return STREAM + "".join(f"data: {line}\n\n" for line in lines).encode()


def dripping(piece: bytes) -> Callable[[Request, asyncio.StreamWriter], Awaitable[None]]:
    async def handler(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM)
        while not writer.transport.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    return handler
