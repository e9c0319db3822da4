"""What the settings of an endpoint may hold: keys by reference, headers, proxies.

Each check raises ValueError with the end of a sentence. None repeats a value: it may be the key
itself, put into the wrong place.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lsp_server.core import key_reference

_HEADER = re.compile(r"[\w!#$%&'*+.^`|~-]{1,60}", re.ASCII)
_CREDENTIAL_NAME = re.compile(
    r"auth(?!or\b)|cookie|\bkey\b|api-?key|token(?!s)|secret|\bpass|\bpat\b|credential",
    re.IGNORECASE,
)
_CREDENTIAL = re.compile(
    r"(?:bearer|basic|digest|token)\s"
    r"|(?:sk-|gh[opsur]_|github_pat_|glpat-|xox[abprs]-|hf_|AKIA|eyJ)[\w-]{8}",
    re.IGNORECASE,
)
_OURS = frozenset(
    (
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""Headers that belong to the form of a request, or decide where it goes. `User-Agent` is not among
them: some gateways go by it."""

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def check_key(text: str) -> None:
    """A reference, or nothing."""
    if text and key_reference.parse(text) is None:
        raise ValueError(
            "must say where the key is, `env:NAME` for an environment variable or `keyring:NAME` "
            "for what `fimble key set NAME` keeps, and not be the key"
        )


def check_header(name: str, value: str) -> None:
    """A header whose value is a reference, or a text that is no credential."""
    if not _HEADER.fullmatch(name):
        raise ValueError("is no name of a header")
    if name.lower() in _OURS:
        raise ValueError("is set by Fimble itself")
    if key_reference.is_meant(value):
        if key_reference.parse(value) is None:
            raise ValueError("must be `env:` or `keyring:` and a name")
    elif not key_reference.is_sendable(value) or value != value.strip():
        raise ValueError("must be printable ASCII without spaces around it")
    elif _CREDENTIAL_NAME.search(name) or _CREDENTIAL.match(value):
        raise ValueError(
            "looks like a credential, so it must say where its value is, `env:NAME` or "
            "`keyring:NAME`, and not be the value"
        )


def check_proxy(text: str) -> None:
    """The address of a proxy, or nothing."""
    if text and not _is_proxy(text):
        raise ValueError(
            "must be an address such as http://proxy.example:3128 (or https, or socks5), with no "
            "more than a host and a port; a proxy that wants a user name goes into the environment "
            "variable HTTPS_PROXY"
        )


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        plain = parts.username is None and parts.password is None and parts.port != 0
    except ValueError:
        return False
    rest = parts.path.strip("/") or parts.query or parts.fragment
    clean = text.isascii() and text.isprintable() and " " not in text
    return bool(plain and clean and not rest and parts.hostname and parts.scheme in PROXY_SCHEMES)
