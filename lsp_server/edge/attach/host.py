"""The language server's side: it answers for its open documents."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_server.edge.attach import address
from lsp_server.errors import describe

if TYPE_CHECKING:
    from lsp_server.agent.desk import Buffers, Change

logger = logging.getLogger(__name__)

MAX_LINE_BYTES = 1 << 26


class Host:
    """Of one folder, from `open` to `close`."""

    def __init__(self, root: Path, buffers: Buffers) -> None:
        self._root = root
        self._buffers = buffers
        self._server: asyncio.Server | None = None
        self._address: address.Address | None = None
        self._file: Path | None = None
        self._changing = asyncio.Lock()
        self._answering: set[asyncio.Task[None]] = set()
        """Held here, for the loop holds no task that waits."""

    async def open(self) -> None:
        """Listen, and let it be known. Where that can't be, the log says so."""
        if sys.platform == "win32":
            return  # it has no such sockets, and no agent that would ask
        async with self._changing:
            try:
                self._address = await asyncio.to_thread(address.make)
                self._server = await asyncio.start_unix_server(
                    self._begin, self._address.socket, limit=MAX_LINE_BYTES
                )
                self._file = await asyncio.to_thread(address.publish, self._root, self._address)
            except OSError as error:
                logger.warning("no other process can see what is open here: %s", describe(error))

    async def close(self) -> None:
        """Listen no more, and leave unanswered what is being asked."""
        async with self._changing:
            if self._server is not None:
                self._server.close()
            for task in self._answering:
                task.cancel()
            await asyncio.gather(*self._answering, return_exceptions=True)
            if self._file is not None and self._address is not None:
                await asyncio.to_thread(address.withdraw, self._file, self._address)

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._answer(reader, writer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(await reader.readline())
            if self._address and hmac.compare_digest(asked["secret"], self._address.secret):
                writer.write(json.dumps({"result": await self._result(asked)}).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            return  # it has not waited for the answer
        except Exception as error:  # nonsense is not answered, and must not end the server
            logger.warning("a request of another process failed: %s", describe(error))
        finally:
            writer.close()

    async def _result(self, asked: dict[str, Any]) -> Any:
        match asked["do"]:
            case "text":
                return await self._buffers.text(asked["path"])
            case "problems":
                return await self._buffers.problems(asked["path"])
            case "apply":
                changes = await asyncio.to_thread(_changes, asked["changes"])
                return await self._buffers.apply(changes)
        raise ValueError


def _changes(told: list[dict[str, str]]) -> list[Change]:
    from lsp_server.agent.desk import Change, File  # 0.1 s, which no start should cost

    return [Change(File(each["path"], each["old"], None), each["new"]) for each in told]
