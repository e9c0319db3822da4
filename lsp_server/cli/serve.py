"""`fimble serve`: the language server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import os
import re
import socket
import sys

from lsp_server.cli.engine import opener
from lsp_server.edge.routes import register
from lsp_server.edge.server import FimbleServer
from lsp_server.errors import UsageError


def run(options: argparse.Namespace) -> int:
    """Serve one client until it exits. The exit code is the protocol's: 1 without `shutdown`."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # pygls logs whole messages, that is, the user's code; its errors reach us by other ways.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    server = FimbleServer(opener(options))
    register(server)
    if options.tcp is None:
        serving = server.serve_stdio()
    else:
        serving = _serve_tcp(server, _listen(options.tcp))
    with contextlib.suppress(SystemExit, KeyboardInterrupt, ConnectionError):
        asyncio.run(serving)
    sys.stderr.flush()
    # A thread may still wait for standard input, and Python would wait for the thread.
    os._exit(0 if server.protocol.was_shut_down else 1)


def _listen(address: str) -> socket.socket:
    """Bind a loopback address. Raises UsageError."""
    match = re.fullmatch(r"(?:\[(.+)\]|(.+)):([0-9]{1,5})", address)
    host, port = (match[1] or match[2], int(match[3])) if match else ("", 0)
    if not host or port > 65535:
        raise UsageError(f"--tcp takes HOST:PORT, such as 127.0.0.1:7658, not {address!r}.")
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"The host {host!r} can't be found; use 127.0.0.1.") from error
    if not ipaddress.ip_address(target[0]).is_loopback:
        raise UsageError(
            f"{host} is not a loopback address: whoever reaches the port can read and send code. "
            "Use 127.0.0.1 and, from elsewhere, an SSH tunnel."
        )
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(target)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Port {port} on {host} can't be used ({os.strerror(error.errno or 0)}); "
            "choose another, or 0 for any free one."
        ) from error
    return listener


async def _serve_tcp(server: FimbleServer, listener: socket.socket) -> None:
    """Serve the first client that connects; there is one session, so one client."""
    connected: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connected.put((reader, writer))

    listening = await asyncio.start_server(accept, sock=listener, limit=2**20)
    host, port = listener.getsockname()[:2]
    print(f"fimble: listening on {host}:{port}", file=sys.stderr, flush=True)
    reader, writer = await connected.get()
    listening.close()
    await server.serve(reader, writer)
