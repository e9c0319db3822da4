"""Which documents an engine may see: a private one goes to no other machine, whoever asks."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsp_server.core.uris import path_of
from lsp_server.engines.base import Engine
from lsp_server.workspace.private import private


class Sendable:
    """Remembers of each document whether its name and the ignore files let it be sent.

    Credentials in its text don't keep it back: they are masked (`engines.remote.gate`).
    """

    def __init__(self, engine: Engine, root: Path | None) -> None:
        """`root`: the workspace's, resolved."""
        self._engine = engine
        self._root = root
        self._known: dict[str, bool] = {}

    async def may_be_sent(self, uri: str) -> bool:
        """Whether the engine may see a document. Raises FimbleError if there is no engine."""
        known = self._known  # what is found out now does not count after `forget`
        if uri not in known:
            known[uri] = not await self._why_not(uri)
        return known[uri]

    async def _why_not(self, uri: str) -> str:
        if (await self._engine.info()).kind != "remote":
            return ""
        return await asyncio.to_thread(private, self._root, path_of(uri), "")

    def forget(self) -> None:
        """Files have changed, ignore files maybe among them."""
        self._known = {}
