"""The server with an engine that fails as no engine should, quoting the user's code."""

from __future__ import annotations

import argparse
from collections.abc import AsyncGenerator
from unittest.mock import patch

from lsp_server.cli import serve
from lsp_server.engines.base import Event, InfillRequest
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.roles.engine import RoleEngine


class BrokenEngine(FakeEngine):
    def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        raise RuntimeError(request.prefix)


if __name__ == "__main__":
    options = argparse.Namespace(tcp=None, script=None, model=None, endpoint=None)
    with patch(
        "lsp_server.cli.engine.open_engine", lambda *_: RoleEngine.of("broken", BrokenEngine([]))
    ):
        serve.run(options)
