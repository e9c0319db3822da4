"""`fimble/stats`."""

from __future__ import annotations

from typing import Any

from lsp_server.edge.server import FimbleServer


def stats(server: FimbleServer, _params: Any) -> dict[str, Any]:
    """What this server has counted since its start."""
    return server.session.stats.figures()
