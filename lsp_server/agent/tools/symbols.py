"""Where names are defined and used, by the workspace's index."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from lsp_server.agent.desk import Desk
from lsp_server.agent.events import Location
from lsp_server.agent.files.read import hidden, left_out
from lsp_server.agent.lookup import is_in, split
from lsp_server.agent.tools.base import Result, Tool, ToolFailed, schema
from lsp_server.agent.tools.search import search
from lsp_server.workspace.index import Definition

MAX_DEFINITIONS = 10
MAX_USES = 30
_USE_COLUMNS = 120


async def _definitions(desk: Desk, _: str, arguments: Mapping[str, Any]) -> Result:
    owner, last = split(arguments["name"])
    found = await asyncio.to_thread(_shown, desk, last)
    if owner:
        found = [each for each in found if is_in(each, owner)] or found
    if not found:
        raise ToolFailed(f"Nothing called {last} is defined in the project; search for it.")
    lines = [described(each) for each in found]
    uses = await search(desk.workspace, rf"\b{last}\b") if arguments.get("uses") else []
    defined = {(each.path, each.symbol.first_row + 1) for each in found}
    used = [use for use in uses if (use.path, use.line) not in defined]
    if used:
        lines.append("Used in:")
        lines += [f"{u.path}:{u.line}: {u.text.strip()[:_USE_COLUMNS]}" for u in used[:MAX_USES]]
    places = tuple(Location(each.path, each.symbol.first_row + 1) for each in found)
    return Result("\n".join(lines), locations=places)


def _shown(desk: Desk, name: str) -> list[Definition]:
    """Definitions, but for those in files that are left out by now."""
    found = desk.library.definitions(name, MAX_DEFINITIONS)
    ignored = left_out(desk.workspace)
    return [each for each in found if hidden(desk.workspace, each.path, ignored) is None]


def described(found: Definition) -> str:
    """A definition on one line, or two with the first sentence of its documentation."""
    symbol = found.symbol
    inside = f" in {symbol.container}" if symbol.container else ""
    place = f"{found.path}:{symbol.first_row + 1}-{symbol.last_row + 1}"
    doc = f"\n    {symbol.doc}" if symbol.doc else ""
    return f"{place}: {symbol.signature}{inside}{doc}"


TOOL = Tool(
    schema(
        "definition",
        "Find where a function, class or other name is defined, and its signature.",
        "name",
        name="The name, for example Account.pay.",
        uses={"type": "boolean", "description": "Also where it is used."},
    ),
    "search",
    _definitions,
    lambda arguments: f"Look up {arguments['name']}",
)
