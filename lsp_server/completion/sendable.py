"""Which documents an engine may see: a private one goes to no other machine, whoever asks."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable
from pathlib import Path

from lsp_server.core.uris import path_of
from lsp_server.engines.base import Engine
from lsp_server.workspace.ignore import Ignored
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
        self._hidden: dict[str, tuple[bool, float]] = {}
        """The same of files of the workspace, by their paths: whether they are left out."""

    async def may_be_sent(self, uri: str) -> bool:
        """Whether the engine may see a document. Raises FimbleError if there is no engine."""
        known = self._known  # what is found out now does not count after `forget`
        now = time.monotonic()
        answer, since = known.get(uri, (False, -math.inf))
        if now - since > REMEMBERED_SECONDS:
            answer = not await self._why_not(uri)
            known[uri] = answer, now
        return answer

    async def hidden(self, paths: Iterable[str]) -> set[str]:
        """Those of the index's files that the engine may not see, as ignore files are now.

        The index may not have heard of it. Raises FimbleError if there is no engine.
        """
        hidden, now, asked = self._hidden, time.monotonic(), set(paths)
        unsure = {
            path
            for path in asked
            if now - hidden.get(path, (False, -math.inf))[1] > REMEMBERED_SECONDS
        }
        if unsure:
            out = await self._left_out(unsure)
            hidden.update((path, (path in out, now)) for path in unsure)
        return {path for path in asked if hidden[path][0]}

    async def _why_not(self, uri: str) -> str:
        if not await self._is_remote():
            return ""
        return await asyncio.to_thread(private, self._root, path_of(uri), "")

    async def _left_out(self, paths: set[str]) -> set[str]:
        if self._root is None or not await self._is_remote():
            return set()
        return await asyncio.to_thread(_left_out, self._root, paths)

    async def _is_remote(self) -> bool:
        return (await self._engine.info()).kind == "remote"

    def forget(self) -> None:
        """Files have changed, ignore files maybe among them."""
        self._known, self._hidden = {}, {}


def _left_out(root: Path, paths: set[str]) -> set[str]:
    ignored = Ignored(root, usual=False)
    return {path for path in paths if path in ignored}
