"""The other side: documents that are open in language servers of the same folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsp_server.agent.desk import Buffers, Change
from lsp_server.edge.attach import address
from lsp_server.edge.attach.host import MAX_LINE_BYTES

WAIT_SECONDS = 10.0
"""A server is busy for less, and who edits may wait for its client."""


class ServersBuffers:
    """`agent.desk.Buffers`: of the first server that has a document, else of `others`."""

    def __init__(self, root: Path, others: Buffers | None = None) -> None:
        self._root = root
        self._others = others

    async def text(self, path: str) -> str | None:
        """What an open document says."""
        for text in await self._ask({"do": "text", "path": path}):
            if isinstance(text, str):
                return text
        return await self._others.text(path) if self._others else None

    async def apply(self, changes: Sequence[Change]) -> bool:
        """Have one that has them all open make the changes."""
        told = [{"path": c.path, "old": c.file.text, "new": c.text} for c in changes]
        if True in await self._ask({"do": "apply", "changes": told}, until=True):
            return True
        return await self._others.apply(changes) if self._others else False

    async def problems(self, path: str) -> list[str] | None:
        """What is wrong with a document, where it is known."""
        for problems in await self._ask({"do": "problems", "path": path}):
            if isinstance(problems, list):
                return [str(each) for each in problems]
        return await self._others.problems(path) if self._others else None

    async def _ask(self, request: dict[str, Any], until: object = None) -> list[Any]:
        """What the servers answer, one after the other, up to the answer `until`."""
        answers: list[Any] = []
        for file, where in (await asyncio.to_thread(address.found, self._root)).items():
            try:
                answers.append(await asyncio.wait_for(_asked(where, request), WAIT_SECONDS))
            except (ConnectionRefusedError, FileNotFoundError):
                await asyncio.to_thread(address.withdraw, file, where)
            except (OSError, ValueError, TimeoutError):
                continue  # it ends, or does not answer
            if until is not None and answers and answers[-1] == until:
                break
        return answers


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
