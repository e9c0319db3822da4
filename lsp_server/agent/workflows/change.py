"""Change one function as told: the model writes it anew, the nearest tests are run."""

from __future__ import annotations

import asyncio

from lsp_server.agent.workflows.lean import lean
from lsp_server.agent.workflows.likely import likely, which
from lsp_server.agent.workflows.names import CODE_KINDS, Source, mentioned, sources
from lsp_server.agent.workflows.rewrite import attempts, too_long, whole
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.verify import as_before, baseline
from lsp_server.agent.workflows.work import Failed, Work
from lsp_server.core.prompts import template
from lsp_server.workspace.testfiles import is_test

TRIES = 4
MAX_OPTIONS = 6
_UNKNOWN = "I can't tell which function to change; name it, for example `Account.pay`."


async def change(work: Work, text: str, _: Route) -> None:
    """See the module's docstring."""
    source = await chosen(work, text)
    if too_long(source):
        raise Failed(f"`{source.name}` is too long for this model to write anew.")
    tests, failing = await baseline(work, source)

    check = as_before(work, tests, failing)

    def prompt(source: Source, error: str) -> str:
        return template("agent/workflows/change.md.j2").render(
            request=text, source=lean(source), again=error, path=source.file.path
        )

    tries = [whole(work, source, prompt, number) for number in range(TRIES)]
    await attempts(work, tries, check)
    tested = f" Tests that end as before: {', '.join(tests)}." if tests else " No test was run."
    work.say(f"I changed `{source.name}` ({source.place}).{tested}")


async def chosen(work: Work, text: str) -> Source:
    """The function that a request names; of a class's, or of likely ones, the model chooses.

    Raises Failed.
    """
    found = [each for each in await mentioned(work.desk, text) if not is_test(each.file.path)]
    if functions := [each for each in found if each.symbol.kind in CODE_KINDS]:
        return functions[0]
    names = [each.symbol.name for each in found if each.symbol.kind == "class"]
    inside = [
        each
        for name in names[:1]
        for each in await asyncio.to_thread(work.desk.library.members, name)
        if each.symbol.kind in CODE_KINDS
    ]
    options = await sources(work.desk, inside) or await likely(work.desk, text, MAX_OPTIONS)
    options = [each for each in options if each.symbol.kind in CODE_KINDS]
    if not options:
        raise Failed(_UNKNOWN)
    return await which(work, text, options)
