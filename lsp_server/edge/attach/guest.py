"""The other side: documents that are open in language servers of the same folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsp_server.agent.desk import Buffers, Change, File
from lsp_server.edge.attach import address
from lsp_server.edge.attach.host import MAX_LINE_BYTES
from lsp_server.edge.buffers import same

WAIT_SECONDS = 10.0
"""A server is busy for less, and who edits may wait for its client."""


class ServersBuffers:
    """`agent.desk.Buffers`: of the first server that has a document, else of `others`."""

    def __init__(self, root: Path, others: Buffers | None = None) -> None:
        self._root = root
        self._others = others

    async def text(self, path: str) -> str | None:
        """What an open document says."""
        for server in await self._servers():
            if (text := await server.text(path)) is not None:
                return text
        return await self._others.text(path) if self._others else None

    async def apply(self, changes: Sequence[Change]) -> bool:
        """Have each make the changes of what it has open; all are made, or none."""
        groups = await self._grouped(changes)
        if groups is None:
            return False
        for number, (buffers, group) in enumerate(groups):
            if not await buffers.apply(group):
                for earlier, made in groups[:number]:
                    await earlier.apply([_back(change) for change in made])
                return False
        return True

    async def problems(self, path: str) -> list[str] | None:
        """What is wrong with a document, where it is known."""
        for server in await self._servers():
            if (problems := await server.problems(path)) is not None:
                return problems
        return await self._others.problems(path) if self._others else None

    async def _servers(self) -> list[_Server]:
        found = await asyncio.to_thread(address.found, self._root)
        return [_Server(file, where) for file, where in found.items()]

    async def _grouped(
        self, changes: Sequence[Change]
    ) -> list[tuple[Buffers, list[Change]]] | None:
        """Who is to make which changes; None if there is nobody for one of them."""
        servers: list[Buffers] = [*await self._servers()]
        groups: list[tuple[Buffers, list[Change]]] = [(server, []) for server in servers]
        if self._others:
            groups.append((self._others, []))
        for change in changes:
            for buffers, group in groups:
                if buffers is self._others or await buffers.text(change.path) is not None:
                    group.append(change)
                    break
            else:
                return None
        return [(buffers, group) for buffers, group in groups if group]


class _Server:
    """`agent.desk.Buffers` of one server."""

    def __init__(self, file: Path, where: address.Address) -> None:
        self._file = file
        self._where = where

    async def text(self, path: str) -> str | None:
        text = await self._ask({"do": "text", "path": path})
        return text if isinstance(text, str) else None

    async def apply(self, changes: Sequence[Change]) -> bool:
        told = [{"path": c.path, "old": c.file.text, "new": c.text} for c in changes]
        done = await self._ask({"do": "apply", "changes": told})
        if done is not None:
            return done is True
        for change in changes:  # it may have made them, and not have said so
            text = await self.text(change.path)
            if text is None or not same(text, change.text):
                return False
        return True

    async def problems(self, path: str) -> list[str] | None:
        problems = await self._ask({"do": "problems", "path": path})
        return [str(each) for each in problems] if isinstance(problems, list) else None

    async def _ask(self, request: dict[str, Any]) -> Any:
        """What it answers; None if it doesn't, in time or at all."""
        try:
            return await asyncio.wait_for(_asked(self._where, request), WAIT_SECONDS)
        except (ConnectionRefusedError, FileNotFoundError):
            await asyncio.to_thread(address.withdraw, self._file, self._where)
        except (OSError, ValueError, TimeoutError):
            pass  # it ends, or is busy
        return None


def _back(change: Change) -> Change:
    return Change(File(change.path, change.text, None), change.file.text)


async def _asked(where: address.Address, request: dict[str, Any]) -> Any:
    """Ask one server. Raises OSError, and ValueError if it hangs up."""
    if not await asyncio.to_thread(where.is_ours):
        raise FileNotFoundError
    reader, writer = await asyncio.open_unix_connection(where.socket, limit=MAX_LINE_BYTES)
    try:
        writer.write(json.dumps(request | {"secret": where.secret}).encode() + b"\n")
        return json.loads(await reader.readline())["result"]
    finally:
        writer.close()
