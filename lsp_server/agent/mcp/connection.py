"""One server: its tools, and calls of them.

The connection lives in a task of its own, since what `mcp` opens must be closed by the task that
opened it. Whatever a server does, it ends with a sentence and never with the turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import (
    CONNECTION_CLOSED,
    INVALID_REQUEST,
    CallToolResult,
    Implementation,
    TextContent,
)

from lsp_server import __version__
from lsp_server.agent.mcp import http, stdio
from lsp_server.agent.mcp.config import Server
from lsp_server.agent.tools.base import ToolFailed

for _name in ("mcp", "client"):  # the package's loggers quote what a server says
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

MAX_TOOLS = 64
_MAX_PAGES = 8
MAX_CHARACTERS = 8_000
"""Of a result."""
CALL_SECONDS = 60.0
_GONE = (CONNECTION_CLOSED, INVALID_REQUEST)
"""Codes of errors: it has ended, or has begun anew at its address and knows nothing of us."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as its server describes it."""

    name: str
    description: str
    schema: Mapping[str, Any]


class Connection:
    """See the module's docstring."""

    def __init__(self, server: Server, seconds: float) -> None:
        """Begins to start it; it has so many seconds."""
        self.server = server
        self.offers: Sequence[Offer] = ()
        self.problem = ""
        """One sentence, once it has failed."""
        self._seconds = seconds
        self._allowance = stdio.Allowance()
        self._client: Client | None = None
        self._has_started = False
        self._is_settled = asyncio.Event()
        self._is_over = asyncio.Event()
        self._task = asyncio.create_task(self._live())

    @property
    def has_ended(self) -> bool:
        """It had started, and does not run any more."""
        return self._has_started and (self._is_over.is_set() or self._task.done())

    async def settled(self) -> None:
        """Wait until its tools are known, or `problem` is."""
        await self._is_settled.wait()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What a tool of it says, as text. Raises ToolFailed."""
        if self._client is None:
            raise ToolFailed(self.problem or f"The server {self.server.name} has ended.")
        self._allowance.renew()
        try:
            async with asyncio.timeout(CALL_SECONDS):
                result = await self._client.call_tool(name, dict(arguments))
        except TimeoutError:
            took = f"took longer than {CALL_SECONDS:.0f} s"
            raise ToolFailed(f"The server {self.server.name} {took}.") from None
        except MCPError as error:
            if error.error.code in _GONE:
                self._is_over.set()
            raise ToolFailed(f"{self.server.name}: {error.message[:MAX_CHARACTERS]}") from None
        except Exception as error:  # its answer makes no sense, or it is gone
            self._is_over.set()
            raise ToolFailed(self._wrong(error)) from None
        text = _text(result)
        if result.is_error:
            raise ToolFailed(text or "It failed, and does not say why.")
        return text or "Done; it says nothing."

    async def close(self) -> None:
        """End it, also while it starts, and wait until its processes have ended."""
        self._is_over.set()
        if not self._is_settled.is_set():
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _live(self) -> None:
        name = self.server.name
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._seconds):
                    client = await stack.enter_async_context(await self._opened(stack))
                    self.offers = await _offers(client)
                self._client, self._has_started = client, True
                self._is_settled.set()
                await self._is_over.wait()
        except TimeoutError:
            self.problem = f"The server {name} did not start within {self._seconds:.0f} s."
        except OSError as error:
            self.problem = f"The server {name} can't be started ({error.strerror})."
        except Exception as error:  # also groups of them, of tasks that `mcp` runs
            self.problem = self._wrong(error)
        finally:
            self._client = None
            self._is_settled.set()

    def _wrong(self, error: Exception) -> str:
        """The sentence for an error that only says that something is not as it should be."""
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        kind = "it says too much" if self._allowance.is_spent else type(error).__name__
        return f"The server {self.server.name} does not work ({kind})."

    async def _opened(self, stack: AsyncExitStack) -> Client:
        server = self.server
        if server.url:
            web = await stack.enter_async_context(http.client(server.headers, self._allowance))
            transport = streamable_http_client(server.url, http_client=web)
        else:
            transport = stdio.process(
                server.command,
                server.environment,
                server.folder,
                self._allowance,
                self._is_over.set,
            )
        us = Implementation(name="fimble", version=__version__)
        # Old servers don't answer the newer way of beginning, nor refuse it.
        return Client(transport, mode="legacy", client_info=us)


async def _offers(client: Client) -> list[Offer]:
    found: list[Offer] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        found += [Offer(t.name, t.description or "", t.input_schema) for t in page.tools]
        cursor = page.next_cursor
        if not cursor:
            break
    return found[:MAX_TOOLS]


def _text(result: CallToolResult) -> str:
    """The texts of a result, cut where they are long; what is none is named."""
    parts = [
        each.text if isinstance(each, TextContent) else f"[{each.type}, left out]"
        for each in result.content
    ]
    text = "\n".join(parts).strip()
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}\n[cut]"
