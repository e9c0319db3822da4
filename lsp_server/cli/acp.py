"""`fimble acp`: the agent for editors that speak the Agent Client Protocol."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

from lsp_server.agent.files.paths import check_system
from lsp_server.cli.engine import opener
from lsp_server.cli.own_settings import own_settings
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import UsageError


def run(options: argparse.Namespace) -> int:
    """Serve one client until it closes the streams."""
    check_system()
    try:
        from lsp_server.edge.acp.serve import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "acp":
            raise
        raise UsageError(
            "The Agent Client Protocol is not installed; get it with `pip install 'fimble[acp]'`."
        ) from None
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    open_engine = opener(options)

    async def serve_client() -> None:
        await serve(open_engine(own_settings(), lambda _status: None, not_counted))

    asyncio.run(serve_client())
    return 0
