"""Add a parameter: the tree changes the signature and the calls, the model writes the body."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from lsp_server.agent.desk import Change
from lsp_server.agent.edits.parameters import add_argument, add_parameter, calls_of
from lsp_server.agent.edits.result import Refused
from lsp_server.agent.tools.edit import syntax_of
from lsp_server.agent.workflows.carriers import MAX_FILES, carriers
from lsp_server.agent.workflows.change import TRIES
from lsp_server.agent.workflows.lean import head, lean
from lsp_server.agent.workflows.names import CODE_KINDS, Source, enclosing, named
from lsp_server.agent.workflows.rewrite import attempts, too_long, whole
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.verify import Check, as_before, baseline
from lsp_server.agent.workflows.work import Failed, Work
from lsp_server.core.prompts import template
from lsp_server.core.syntax import Syntax
from lsp_server.workspace.testfiles import is_test


async def parameter(work: Work, text: str, route: Route) -> None:
    """See the module's docstring."""
    found = [s for s in await named(work.desk, route.subject, text) if s.symbol.kind in CODE_KINDS]
    if not found:
        raise Failed(f"No function called `{route.subject}` is defined in the project.")
    source = found[0]
    value = _given(text, route.parameter)
    if not route.default and not value:
        raise Failed(f"Say what `{route.parameter}` is by default, or what callers pass.")
    tests, failing = await baseline(work, source)
    widened = await _widened(source, route)
    paths = await _callers(work, source) if value else []

    check = as_before(work, tests, failing)

    signature = await work.land(f"Add {route.parameter} to {source.name}", [widened])
    async with work.backing(signature, [widened]):
        await _body(work, text, source, route, check)
    calls = await _passing(work, paths, source, route.parameter, value)
    if calls:
        verdict = await work.tried(f"Pass {route.parameter} to {source.name}", calls, check)
        if not verdict:
            raise Failed(
                f"`{source.name}` has `{route.parameter}` now, but tests fail if callers pass it, "
                f"so I left the callers:\n{verdict.error}"
            )
    at = f" Callers in {', '.join(each.path for each in calls)} pass it." if calls else ""
    tested = f" Tests that end as before: {', '.join(tests)}." if tests else " No test was run."
    work.say(f"`{source.name}` ({source.place}) has `{route.parameter}` now.{at}{tested}")


async def _body(work: Work, text: str, old: Source, route: Route, check: Check) -> None:
    """Have the model use the parameter. Raises Failed if no try was good."""
    source = await _again(work, old)
    if too_long(source):
        raise Failed(f"`{source.name}` is too long for this model to write anew.")

    def prompt(source: Source, error: str) -> str:
        return template("agent/workflows/parameter.md.j2").render(
            request=text, source=lean(source), again=error, name=route.parameter
        )

    tries = [whole(work, source, prompt, n, head(source)) for n in range(TRIES)]
    await attempts(work, tries, check, need=route.parameter)


async def _again(work: Work, source: Source) -> Source:
    """It as it is in its file now."""
    found = await enclosing(work.desk, source.file.path, source.line)
    if found is None or found.name != source.name:
        raise Failed(f"{source.file.path} has changed meanwhile; ask again.")
    return found


async def _widened(source: Source, route: Route) -> Change:
    applied = await asyncio.to_thread(
        add_parameter, source.syntax, source.declared, route.parameter, route.default
    )
    if isinstance(applied, Refused):
        raise Failed(applied.reason)
    return Change(source.file, applied.text)


async def _callers(work: Work, source: Source) -> list[str]:
    """The files with calls of it, without tests."""
    library = work.desk.library
    found = await asyncio.to_thread(library.referencing, source.symbol.name, MAX_FILES)
    others = [path for path, _ in found if not is_test(path)]
    return list(dict.fromkeys([source.file.path, *others]))


async def _passing(
    work: Work, paths: Sequence[str], source: Source, name: str, value: str
) -> list[Change]:
    """The files with the argument added to their calls."""
    is_method = bool(source.symbol.container)
    of = await asyncio.to_thread(carriers, work.desk.library, source)
    changes: list[Change] = []
    for path in paths:
        file = await work.desk.read(path)
        uses = of.uses(path)
        if not is_method and uses is None and path != source.file.path:
            continue
        modules = None if is_method else uses.modules if uses else ()
        text = await asyncio.to_thread(_called, syntax_of(file), source, name, value, modules)
        if text != file.text:
            changes.append(Change(file, text))
    return changes


def _called(
    syntax: Syntax, source: Source, name: str, value: str, modules: tuple[str, ...] | None
) -> str:
    return add_argument(syntax, calls_of(syntax, source.symbol.name, modules), name, value)


def _given(text: str, name: str) -> str:
    """What the request says that callers pass; empty if it says nothing of them."""
    callers = _CALLERS.search(text)
    if callers is None:
        return ""
    rest = text[callers.start() :]
    if found := re.search(rf"\b{name}\s*=\s*([\w.'\"-]+(?:\(\))?)", rest):
        return found[1].rstrip(".,;")
    found = _PASS.search(rest)
    return (found["quoted"] or found["plain"]).strip("`") if found else ""


_CALLERS = re.compile(r"\bcall(?:er|ers|s|ing)\b|\bpass(?:es|ing)?\b", re.IGNORECASE)
_PASS = re.compile(
    r"\bpass(?:es|ing)?\s+(?:(?P<quoted>`[^`]+`)|(?P<plain>True|False|None|\d+|'[^']*'|\"[^\"]*\"))"
)
