"""Which documents an engine may see: a private one goes to no other machine, whoever asks."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

from lsp_server.core.uris import path_of
from lsp_server.engines.base import Engine
from lsp_server.workspace.private import private

REMEMBERED_SECONDS = 5.0
"""Not all clients tell when an ignore file changes."""


class Sendable:
    """Remembers of each document whether its name and the ignore files let it be sent.

    Credentials in its text don't keep it back: they are masked (`engines.remote.gate`).
    """

    def __init__(self, engine: Engine, root: Path | None) -> None:
        """`root`: the workspace's, resolved."""
        self._engine = engine
        self._root = root
        self._known: dict[str, tuple[bool, float]] = {}
        """And when that was found out."""

    async def may_be_sent(self, uri: str) -> bool:
        """Whether the engine may see a document. Raises FimbleError if there is no engine."""
        known = self._known  # what is found out now does not count after `forget`
        now = time.monotonic()
        answer, since = known.get(uri, (False, -math.inf))
        if now - since > REMEMBERED_SECONDS:
            answer = not await self._why_not(uri)
            known[uri] = answer, now
        return answer

    async def _why_not(self, uri: str) -> str:
        if (await self._engine.info()).kind != "remote":
            return ""
        return await asyncio.to_thread(private, self._root, path_of(uri), "")

    def forget(self) -> None:
        """Files have changed, ignore files maybe among them."""
        self._known = {}
