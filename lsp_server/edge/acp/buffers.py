"""Documents that are open at the client, as far as the protocol tells: it reads and writes files.

A client answers with what it shows, saved or not. What is the same on the disk is left to the
disk: edits of it are written down and can be undone after a restart, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from acp.exceptions import RequestError

from lsp_server.agent.desk import Change

Request = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Sends a request to the client. Raises ConnectionError, or the SDK's RequestError."""


class ClientFiles:
    """`agent.desk.Buffers` of one session."""

    def __init__(self, session: str, root: Path, request: Request, *, writes: bool) -> None:
        """`writes`: the client takes new texts, too."""
        self._session = session
        self._root = root
        self._request = request
        self._writes = writes

    async def text(self, path: str) -> str | None:
        """What the client shows, where that is not what is on the disk."""
        shown = await self._shown(path)
        if shown is None:
            return None
        saved = await asyncio.to_thread(_saved, self._root / path)
        return None if saved is not None and _lines(saved) == _lines(shown) else shown

    async def apply(self, changes: Sequence[Change]) -> bool:
        """Hand the client new texts, if it still shows what was read."""
        if not self._writes:
            return False
        for change in changes:
            if await self._shown(change.path) != change.file.text:
                return False
        for change in changes:
            path = str(self._root / change.path)
            params = {"sessionId": self._session, "path": path, "content": change.text}
            try:
                await self._request("fs/write_text_file", params)
            except RequestError:
                return False
        return True

    async def problems(self, path: str) -> list[str] | None:  # noqa: ARG002 - see `Buffers`
        """The protocol doesn't tell."""
        return None

    async def _shown(self, path: str) -> str | None:
        params = {"sessionId": self._session, "path": str(self._root / path)}
        try:
            answer = await self._request("fs/read_text_file", params)
        except RequestError:  # it isn't open there, and can't be read
            return None
        content = answer.get("content") if isinstance(answer, dict) else None
        return content if isinstance(content, str) else None


def _saved(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
