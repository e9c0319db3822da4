"""`fimble/discover`."""

from __future__ import annotations

from typing import Any

from lsp_server.edge.server import FimbleServer
from lsp_server.engines.remote import discovery


async def discover(server: FimbleServer, _params: Any) -> dict[str, Any]:
    """Look for model servers on this machine."""
    found = await discovery.find(log=server.session.settings.remote.log)
    return {"servers": [each.described() for each in found]}
