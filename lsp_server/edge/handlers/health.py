"""`fimble/health`."""

from __future__ import annotations

from typing import Any

from lsp_server.edge import params as read
from lsp_server.edge.server import FimbleServer
from lsp_server.engines.roles.order import Health


async def health(server: FimbleServer, params: Any) -> dict[str, Any]:
    """How the engines do."""
    engine = server.session.engine()
    engines = await engine.look() if read.fields(params).get("look") is True else engine.health()
    return {"engines": [shown(each) for each in engines]}


def shown(health: Health) -> dict[str, Any]:
    """One engine in one role."""
    seconds = health.first_word_seconds
    return {
        "role": health.role,
        "name": health.name,
        "state": health.state,
        "message": health.message,
        "answered": health.answered,
        "failed": health.failed,
        "firstWordMs": None if seconds is None else round(1000 * seconds, 1),
    }
