"""The command `fimble.apply`."""

from __future__ import annotations

from functools import partial
from typing import Any

from lsp_server.edge.changes import applied, edit_of
from lsp_server.edge.server import FimbleServer


async def apply(server: FimbleServer, arguments: tuple[Any, ...]) -> bool:
    """Do what was offered under a number; return whether the client has made the edit."""
    offer = server.session.lightbulb.chosen(arguments[0] if arguments else None)
    return await applied(server, offer.action.title, partial(edit_of, server, offer))
