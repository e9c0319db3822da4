"""Run a command that the user has named; what it says is the answer."""

from __future__ import annotations

from lsp_server.agent.tools.run import report
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.work import Work

SHOWN_LINES = 30
_ALL_TESTS = "python -B -m pytest -q -p no:cacheprovider"


async def command(work: Work, _: str, route: Route) -> None:
    """See the module's docstring."""
    line = route.subject or _ALL_TESTS
    finished = await work.run(line)
    shown = report(finished).splitlines()
    text = "\n".join(shown[-SHOWN_LINES:])
    work.say(f"`{line}` said:\n```\n{text}\n```")
