"""The client of one endpoint: which certificates it trusts, and through which proxy it goes."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import httpx

from lsp_server.engines.remote.address import Address
from lsp_server.errors import RemoteError
from lsp_server.settings import RemoteSettings

KEPT_SECONDS = 60.0
"""A connection is kept so long for the next request: setting one up takes two or three round trips
to a host that is far away."""


def make(settings: RemoteSettings, address: Address, connections: int) -> httpx.AsyncClient:
    """Make the client. Raises RemoteError. Blocks for some tens of ms, to load certificates."""
    through_tls = settings.proxy.startswith("https:")
    # Plain http has no use for certificates.
    trusted = _trusted(settings, address) if address.secure or through_tls else None
    try:
        proxy = (
            httpx.Proxy(settings.proxy, ssl_context=trusted if through_tls else None)
            if settings.proxy
            else None
        )
        return httpx.AsyncClient(
            timeout=None,  # `Http` has the one clock
            limits=httpx.Limits(max_connections=connections, keepalive_expiry=KEPT_SECONDS),
            verify=trusted or False,
            proxy=proxy,
            trust_env=not address.loopback,  # its proxies have no business on this machine
        )
    except ImportError as error:
        raise RemoteError(
            "A SOCKS proxy needs the Python package socksio; install it with "
            f"`pip install 'httpx[socks]'`, or name another proxy in {settings.where}.proxy."
        ) from error
    except (ValueError, httpx.InvalidURL):  # their words repeat the address, maybe a password
        raise RemoteError(
            "The address of a proxy is not valid; correct the environment variables HTTPS_PROXY, "
            f"HTTP_PROXY and ALL_PROXY, or set {settings.where}.proxy."
        ) from None


def proxy_of(settings: RemoteSettings, address: Address) -> str:
    """What names the proxy that requests go through, for messages; empty if there is none."""
    if settings.proxy:
        return f"{settings.where}.proxy"
    if address.loopback or proxy_bypass(address.host):
        return ""
    known = getproxies()
    scheme = "https" if address.secure else "http"
    name = next((name for name in (scheme, "all") if name in known), "")
    return name and f"{name.upper()}_PROXY"


def _trusted(settings: RemoteSettings, address: Address) -> ssl.SSLContext:
    """The usual authorities, and the user's own."""
    try:
        trusted = httpx.create_ssl_context(trust_env=not address.loopback)
    except OSError as error:  # ssl.SSLError is one
        raise RemoteError(
            "The certificates that the environment variable SSL_CERT_FILE or SSL_CERT_DIR names "
            "can't be read; correct or unset it."
        ) from error
    if not settings.ca_file:
        return trusted
    setting = f"{settings.where}.caFile"
    try:
        path = Path(settings.ca_file).expanduser()
    except RuntimeError as error:
        raise RemoteError(f"{setting} names a user that there is not; correct it.") from error
    if not path.is_absolute():
        raise RemoteError(f"{setting} must be a whole path, such as /etc/ssl/office.pem.")
    try:
        trusted.load_verify_locations(cafile=path)
    except ssl.SSLError as error:
        raise RemoteError(
            f"{setting} holds no certificate in PEM; name a file that does."
        ) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise RemoteError(f"{setting} can't be read ({why}); correct it.") from error
    return trusted
