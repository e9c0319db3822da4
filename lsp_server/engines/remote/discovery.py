"""Model servers that run on this machine, found by asking the ports that they usually listen at.

Invariants: nothing is asked before somebody wants to know; no connection goes to anything but the
two addresses of this machine, in numbers, since a name can lead elsewhere; no key is sent, and no
wait is longer than its bound. What is no model server (a web page, garbage, one that hangs) is not
found, which is no error.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

PORTS = (
    8080,  # llama-server, llama-swap
    1234,  # LM Studio
    8000,  # vLLM, llama-cpp-python
    30000,  # SGLang
)
OLLAMA_PORT = 11434
_HOSTS = ("127.0.0.1", "::1")
"""The second is asked where the first refuses."""
CONNECT_SECONDS = 0.5

Log = Literal["off", "sizes", "content"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a server has."""

    name: str
    """For `fimble.remote.model`."""
    fills_gaps: bool
    """As far as its server, or its name, tells."""


@dataclass(frozen=True, slots=True)
class Server:
    """A model server on this machine."""

    url: str
    """For `fimble.remote.url`."""
    title: str
    """What it is called."""
    dialect: str
    """For `fimble.remote.dialect`."""
    models: tuple[Model, ...]
    """At least one; first those that fill gaps. What only embeds or ranks is left out, and so is
    what the server has another machine do."""

    def described(self) -> dict[str, object]:
        """The server as a JSON object."""
        return {
            "url": self.url,
            "title": self.title,
            "dialect": self.dialect,
            "models": [{"name": each.name, "fillsGaps": each.fills_gaps} for each in self.models],
        }


async def find(ports: Iterable[int] | None = None, log: Log = "off") -> tuple[Server, ...]:
    """Ask these ports, else the usual ones, all at once; the servers in the order of their ports.

    `log` is as in `RemoteSettings`: what is asked is noted where the user wants that.
    """
    asked = dict.fromkeys(usual_ports(os.environ) if ports is None else ports)
    listening = [url for url in await asyncio.gather(*map(_listening, asked)) if url]
    if not listening:
        return ()
    examine = await asyncio.to_thread(_examine)
    found = await asyncio.gather(*(examine(url, log) for url in listening))
    return tuple(server for server in found if server is not None)


def usual_ports(environ: Mapping[str, str]) -> tuple[int, ...]:
    """Where model servers listen if nobody tells them otherwise, or where Ollama was told to."""
    told = _port_of(environ.get("OLLAMA_HOST", "").strip())
    return tuple(dict.fromkeys((told or OLLAMA_PORT, *PORTS)))


def _port_of(ollama_host: str) -> int | None:
    """The port in `OLLAMA_HOST`, if that is on this machine; without one there is a usual one.

    It is `HOST`, `HOST:PORT`, `:PORT` or an address with `http://` before that, whose own port
    is 80. An Ollama that listens at all addresses (`0.0.0.0`) does so at this machine's own.
    """
    scheme, separator, rest = ollama_host.rpartition("://")
    if separator and scheme != "http":
        return None
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if host not in ("", "localhost") and not _is_here(host):
        return None
    return port or (80 if separator else None)


def _is_here(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


async def _listening(port: int) -> str | None:
    """The address at which somebody listens; only then is more loaded, and asked."""
    for host in _HOSTS:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except ConnectionRefusedError:
            continue
        except OSError:  # a firewall says nothing, or there is no IPv6
            return None
        writer.close()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    return None


def _examine() -> Callable[[str, Log], Awaitable[Server | None]]:
    """What finds out who listens. Loading it takes some 0.2 s."""
    from lsp_server.engines.remote.examine import examine

    return examine
