"""Where an endpoint is, from what the user wrote into the `url` of its settings."""

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
    where: str
    """Where its settings stand, for messages."""


def parse(url: str, where: str) -> Address:
    """Check the address in the settings that stand at `where`. Raises RemoteError."""
    try:
        parsed = httpx.URL(url.strip())
        host = parsed.host  # which is decoded here
    except (httpx.InvalidURL, UnicodeError) as error:
        raise RemoteError(f"{where}.url is not a valid address; correct it.") from error
    if parsed.scheme not in ("http", "https") or not host:
        raise RemoteError(
            f"{where}.url must be an address such as http://127.0.0.1:8080 or "
            "https://host.example/v1; correct it."
        )
    if parsed.port is not None and parsed.port > 65535:
        raise RemoteError(f"{where}.url names a port above 65535; correct it.")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise RemoteError(
            f"{where}.url must not hold a user name, a password, `?` or `#`; put a key into an "
            f"environment variable or the keyring, and say where it is in {where}.apiKey."
        )
    base = str(parsed).rstrip("/")
    return Address(
        root=base.removesuffix("/v1").rstrip("/"),
        v1=base if parsed.path.strip("/") else f"{base}/v1",
        host=parsed.netloc.decode("ascii"),
        loopback=is_loopback(host),
        secure=parsed.scheme == "https",
        where=where,
    )


def is_loopback(host: str) -> bool:
    """Whether a host's name is that of this machine, whatever a resolver says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
