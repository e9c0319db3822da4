"""All servers of a workspace, and their tools as the agent's: `server__tool`.

Each call is asked about unless the user said always, which is remembered for that very server: one
of the same name that is another program asks again. Results are data.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lsp_server.agent.calls.schema import Tool as Schema
from lsp_server.agent.desk import Desk
from lsp_server.agent.mcp.config import Server
from lsp_server.agent.tools.base import Result, Tool
from lsp_server.core.tokens import estimate

if TYPE_CHECKING:
    from lsp_server.agent.mcp.connection import Connection, Offer

START_SECONDS = 20.0
MAX_DESCRIPTION = 300
_PLAIN = re.compile(r"[\w-]{1,64}", re.ASCII)
_MISSING = "MCP servers need a package: pip install 'fimble[mcp]'."


class Fleet:
    """See the module's docstring."""

    def __init__(self, start_seconds: float = START_SECONDS) -> None:
        self._start_seconds = start_seconds
        self._running: dict[str, Connection] = {}
        """By the digests of their servers."""

    async def tools(self, servers: Sequence[Server], room: int) -> tuple[list[Tool], list[str]]:
        """The tools of these servers, which run then, and of no other, as many as fit in `room`
        tokens; and one sentence for all that doesn't work. Those that have ended begin anew; those
        that did not start are not waited for again.
        """
        wanted = {server.digest: server for server in servers}
        for digest, connection in list(self._running.items()):
            if digest not in wanted or connection.has_ended:
                del self._running[digest]
                await connection.close()
        if not wanted:
            return [], []
        try:
            # In a thread: it takes a second.
            module = await asyncio.to_thread(import_module, "lsp_server.agent.mcp.connection")
        except ModuleNotFoundError:
            return [], [_MISSING]
        for digest, server in wanted.items():
            if digest not in self._running:
                self._running[digest] = module.Connection(server, self._start_seconds)
        connections = [self._running[digest] for digest in wanted]
        await asyncio.gather(*(connection.settled() for connection in connections))
        found: list[Tool] = []
        problems: list[str] = []
        for connection in connections:
            if connection.problem:
                problems.append(connection.problem)
            for offer in filter(lambda offer: _PLAIN.fullmatch(offer.name), connection.offers):
                tool = _tool(connection, offer)
                size = estimate(json.dumps(tool.schema.parameters) + tool.schema.description)
                if size > room:
                    problems.append(f"{tool.schema.name} is left out: the model's window is small.")
                else:
                    room -= size
                    found.append(tool)
        return found, problems

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(connection.close() for connection in self._running.values()))
        self._running.clear()


def _tool(connection: Connection, offer: Offer) -> Tool:
    server = connection.server
    name = f"{server.name}__{offer.name}"

    async def run(desk: Desk, call: str, arguments: Mapping[str, Any]) -> Result:
        shown = json.dumps(arguments, ensure_ascii=False)
        rule = ("mcp:", server.digest, offer.name)
        await desk.permissions.tool(call, f"Call {name}", shown, rule)
        return Result(await connection.call(offer.name, arguments))

    description = " ".join(offer.description.split())[:MAX_DESCRIPTION]
    schema = Schema(name, description, _parameters(offer.schema))
    return Tool(schema, "other", run, lambda _: f"Call {name}")


def _parameters(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in which everything is where it should be, whatever a server says."""
    given = schema.get("properties")
    properties = {
        name: each
        for name, each in (given.items() if isinstance(given, dict) else ())
        if _PLAIN.fullmatch(name) and isinstance(each, dict)
    }
    needed = schema.get("required")
    required = [name for name in (needed if isinstance(needed, list) else ()) if name in properties]
    return {"type": "object", "properties": properties, "required": required}
