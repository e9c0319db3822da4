"""An authority of the tests' own, and servers that it vouches for."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

from tests.http_endpoint import Endpoint

HOST = "coder.office.example"
"""A name that leads nowhere but through a proxy."""


class Authority:
    """Signs certificates for 127.0.0.1 and HOST; `file` is what has to be trusted."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.file = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.file))
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1", HOST).configure_cert(self.context)

    @asynccontextmanager
    async def serving(self, served: Endpoint) -> AsyncIterator[int]:
        """The port at which an endpoint answers over TLS, too."""
        server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=self.context)
        async with server:
            yield server.sockets[0].getsockname()[1]
