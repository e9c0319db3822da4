"""The table of workflows, and how one is chosen and run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from lsp_server.agent.desk import Desk
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.agent.workflows.change import change
from lsp_server.agent.workflows.command import command
from lsp_server.agent.workflows.names import marked
from lsp_server.agent.workflows.parameter import parameter
from lsp_server.agent.workflows.question import question
from lsp_server.agent.workflows.rename import rename
from lsp_server.agent.workflows.repair import repair
from lsp_server.agent.workflows.router import CHOICES, Name, Route, route
from lsp_server.agent.workflows.work import Failed, Work
from lsp_server.agent.workflows.write_test import write_test
from lsp_server.core.prompts import template
from lsp_server.errors import AgentError
from lsp_server.workspace.extract import extract, read
from lsp_server.workspace.walk import look

Flow = Callable[[Work, str, Route], Awaitable[None]]

FLOWS: Mapping[Name, Flow] = {
    "question": question,
    "repair": repair,
    "rename": rename,
    "parameter": parameter,
    "change": change,
    "write_test": write_test,
    "command": command,
}


async def follow(work: Work, text: str) -> None:
    """Do what a request asks for, or say why that can't be done."""
    chosen = route(text) or await _asked(work, text)
    await carry_out(FLOWS[chosen.name], work, text, chosen)
    await asyncio.to_thread(_index, work.desk)


async def carry_out(flow: Flow, work: Work, text: str, chosen: Route) -> None:
    """Do it, or say why that can't be done."""
    try:
        await flow(work, text, chosen)
    except (Failed, ToolFailed, AgentError) as problem:
        work.say(str(problem))


def _index(desk: Desk) -> None:
    """Have the index know what this turn has changed, for the next one asks it."""
    for path in desk.changed(desk.turn):
        found = look(desk.root, path)
        data = read(desk.root, found) if found else None
        if found and data is not None:
            desk.library.update([extract(found, data)])


async def _asked(work: Work, text: str) -> Route:
    """Have the model choose, where the words of a request don't tell."""
    if not marked(text):
        return Route("question")
    prompt = template("agent/workflows/route.md.j2").render(request=text)
    name = await work.choose(prompt, CHOICES)
    return Route(next(each for each in CHOICES if each == name))
