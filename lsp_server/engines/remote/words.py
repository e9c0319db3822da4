"""What a user is told of an endpoint that can't be reached, or refuses."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator


def no_connection(host: str, error: BaseException) -> str:
    """Why there is no connection."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"There is no secure connection to {host}, because of its certificate or because it "
            "speaks plain http; check fimble.remote.url."
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"The host of {host} is not known; check fimble.remote.url and the network."
    return f"No server answers at {host}; start it, or correct fimble.remote.url."


def refusal(status: int, key_env: str, wait: int | None) -> str:
    """What an endpoint does that answers with this status: the sentence goes on from its name.

    `key_env` is where its key comes from, if it has one; `wait` are seconds, if it told some.
    """
    if status in (401, 403):
        if key_env:
            return f"refused the API key ({status}); check the environment variable {key_env}."
        return (
            f"wants an API key ({status}); put it into an environment variable and name that in "
            "fimble.remote.apiKeyEnv."
        )
    if status == 429:
        when = "later" if wait is None else f"in {wait} s"
        return f"takes no more requests for now (429); try again {when}."
    if status in _REFUSALS:
        return _REFUSALS[status]
    if status >= 500:
        return f"failed ({status}); see its log, or try again."
    if 300 <= status < 400:
        return (
            f"redirects ({status}), which Fimble doesn't follow, so that no code goes elsewhere; "
            "put the final address into fimble.remote.url."
        )
    return f"refused the request ({status}); check fimble.remote.model and fimble.remote.template."


_REFUSALS = {
    402: "wants to be paid first (402); see your account there.",
    404: "has no such address or model (404); check fimble.remote.url and fimble.remote.model.",
    503: "is busy or still loading its model (503); try again in a moment.",
}


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
