"""What a user is told of an endpoint that can't be reached, or refuses."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from http.client import (
    FORBIDDEN,
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    PAYMENT_REQUIRED,
    PROXY_AUTHENTICATION_REQUIRED,
    SERVICE_UNAVAILABLE,
    TOO_MANY_REQUESTS,
    UNAUTHORIZED,
)

import httpx

from lsp_server.engines.remote.address import Address


def no_connection(address: Address, proxy: str, error: BaseException) -> str:
    """Why there is no connection. `proxy` is what names the proxy on the way, if there is one."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return (
            f"There is no secure connection to {address.host}: nobody who is trusted vouches for "
            f"the certificate; check {address.where}.url, or name your own authority in "
            f"{address.where}.caFile."
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"There is no secure connection to {address.host}, maybe because it speaks plain http; "
            f"check {address.where}.url."
        )
    if proxy:
        return (
            f"The proxy on the way to {address.host} does not answer; start it, or correct {proxy}."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return (
            f"The host of {address.host} is not known; check {address.where}.url and the network."
        )
    return f"No server answers at {address.host}; start it, or correct {address.where}.url."


def no_way_through(address: Address, proxy: str, error: httpx.ProxyError) -> str:
    """Why a proxy doesn't connect."""
    status = re.match(r"\d{3}\b", str(error))
    if status and int(status[0]) == PROXY_AUTHENTICATION_REQUIRED:
        return f"Fimble can't reach {address.host}: {_wants_login(address.where)}"
    told = f" ({status[0]})" if status else ""
    return f"The proxy of {proxy} refuses to connect to {address.host}{told}; see its log."


def refusal(address: Address, status: int, source: str, wait: int | None) -> str:
    """What an endpoint does that answers with this status: the sentence goes on from its name.

    `source` is where its key comes from, if it has one; `wait` are seconds, if it told some.
    """
    where = address.where
    if status in (UNAUTHORIZED, FORBIDDEN):
        if source:
            return f"refused the API key ({status}); check {source}."
        return (
            f"wants an API key ({status}); put it into an environment variable or, with "
            f"`fimble key set`, into the keyring, and say where it is in {where}.apiKey."
        )
    if status == TOO_MANY_REQUESTS:
        when = "later" if wait is None else f"in {wait} s"
        return f"takes no more requests for now (429); try again {when}."
    if status == PAYMENT_REQUIRED:
        return "wants to be paid first (402); see your account there."
    if status == NOT_FOUND:
        return f"has no such address or model (404); check {where}.url and {where}.model."
    if status == PROXY_AUTHENTICATION_REQUIRED:
        return f"can't be reached (407): {_wants_login(where)}"
    if status == SERVICE_UNAVAILABLE:
        return "is busy or still loading its model (503); try again in a moment."
    if status >= INTERNAL_SERVER_ERROR:
        return f"failed ({status}); see its log, or try again."
    if 300 <= status < 400:
        return (
            f"redirects ({status}), which Fimble doesn't follow, so that no code goes elsewhere; "
            f"put the final address into {where}.url."
        )
    return f"refused the request ({status}); check {where}.model and {where}.template."


def _wants_login(where: str) -> str:
    return (
        "the proxy wants a user name and a password; put its address with them into the "
        f"environment variable HTTPS_PROXY, and leave {where}.proxy empty."
    )


TOO_LONG = "can't read a prompt of that length; start it with a larger context."
"""The same, where it was told."""


def status_meant(status: int, reason: bytes) -> int:
    """The right status for a refusal: LiteLLM without a database has another for a wrong key.

    `reason` is what the refusal says.
    """
    return 401 if status == 400 and b'"no_db_connection"' in reason else status


def seconds_to_wait(header: str) -> int | None:
    """What `Retry-After` says; its other form, a date, counts for nothing."""
    return int(header) if header.isascii() and header.isdecimal() and len(header) < 7 else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it, attempts on several addresses included."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        error = error.__cause__ or error.__context__
