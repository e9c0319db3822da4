"""What became of suggestions, as far as the client tells."""

from __future__ import annotations

from typing import Any

from lsp_server.edge.server import FimbleServer


def did_show(server: FimbleServer, params: Any) -> None:
    """It is on the screen."""
    server.session.feedback.shown(_identity(params))


def did_accept(server: FimbleServer, arguments: tuple[Any, ...]) -> None:
    """The command of an item: all of it was inserted."""
    if arguments:
        server.session.feedback.accepted(str(arguments[0]))


def did_partly_accept(server: FimbleServer, params: Any) -> None:
    """A word or a line of it was inserted."""
    length = getattr(params, "acceptedLength", None)
    if isinstance(length, int):
        server.session.feedback.partly_accepted(_identity(params), length)


def did_reject(server: FimbleServer, params: Any) -> None:
    """It was dismissed."""
    server.session.feedback.rejected(_identity(params))


def _identity(params: Any) -> str:
    """The id of an item; one that is not known where the client gave none."""
    return str(getattr(params, "id", ""))
