"""Where an endpoint is, from what the user wrote into `fimble.remote.url`."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

import httpx

from lsp_server.errors import RemoteError


@dataclass(frozen=True, slots=True)
class Address:
    """The two bases that requests are made from, without a slash at their ends."""

    root: str
    """What llama-server's own paths (`/props`) follow."""
    v1: str
    """What OpenAI's paths (`/completions`) follow: the path as given, or `/v1` if none was."""
    host: str
    """Host and port, for messages."""
    loopback: bool
    secure: bool


def parse(url: str) -> Address:
    """Check an address. Raises RemoteError."""
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise RemoteError("fimble.remote.url is not a valid address; correct it.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise RemoteError(
            "fimble.remote.url must be an address such as http://127.0.0.1:8080 or "
            "https://host.example/v1; correct it."
        )
    if parsed.port is not None and parsed.port > 65535:
        raise RemoteError("fimble.remote.url names a port above 65535; correct it.")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise RemoteError(
            "fimble.remote.url must not hold a user name, a password, `?` or `#`; put a key into "
            "an environment variable and name that in fimble.remote.apiKeyEnv."
        )
    base = str(parsed).rstrip("/")
    return Address(
        root=base.removesuffix("/v1").rstrip("/"),
        v1=base if parsed.path.strip("/") else f"{base}/v1",
        host=parsed.netloc.decode("ascii"),
        loopback=_is_loopback(parsed.host),
        secure=parsed.scheme == "https",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
