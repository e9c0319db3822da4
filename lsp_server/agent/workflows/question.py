"""Answer a question: code finds the places, the model only says what stands there.

The places in the answer come from the index and the files, so they are right whatever the model
says. What the user points at is what he asks about: nothing else is looked for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from lsp_server.agent.tools.base import Result
from lsp_server.agent.tools.search import search
from lsp_server.agent.workflows.likely import likely, which
from lsp_server.agent.workflows.names import Source, enclosing, marked, mentioned
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.work import Work
from lsp_server.core.prompts import template
from lsp_server.workspace.testfiles import is_test

SHOWN_LINES = 40
"""Of a definition."""
SHOWN_SOURCES = 3
MAX_PLACES = 3
MAX_USES = 25
CHOICES = 6


async def question(work: Work, text: str, _: Route) -> None:
    """See the module's docstring."""
    async with work.deeds.begin("Look up what the question names", "search") as deed:
        known = await _known(work, text)
        deed.result = Result("\n".join(each.place for each in known))
    if known and _USES.search(text):
        await _uses(work, known[0])
        return
    if known and _WHERE.search(text):
        _places(work, known)
        return
    if work.pointed:
        prompt = template("agent/workflows/pointed.md.j2")
        await work.ask(prompt.render(request=text, pointed=work.pointed), shown=True)
        return
    if known:
        await _explained(work, text, known[:SHOWN_SOURCES])
        return
    async with work.deeds.begin("Look for code that may be meant", "search") as deed:
        found = await likely(work.desk, text, CHOICES)
        deed.result = Result("\n".join(each.place for each in found))
    if not found:
        await work.ask(text, shown=True)
        return
    chosen = await which(work, text, found)
    others = [each for each in found if each != chosen]
    await _explained(work, text, [chosen], others[: MAX_PLACES - 1])


async def _known(work: Work, text: str) -> list[Source]:
    """What is named by a name that can only be code, or, if one word alone is asked for, by it."""
    if marked(text):
        return await mentioned(work.desk, text)
    if found := _WHERE_WORD.search(text):
        return await mentioned(work.desk, f"`{found[1] or found[2]}`")
    return []


def _places(work: Work, found: Sequence[Source]) -> None:
    """Where something is defined: nobody needs a model for that."""
    for each in found[:MAX_PLACES]:
        doc = f" {each.symbol.doc}" if each.symbol.doc else ""
        work.say(f"`{each.name}` is defined at {each.place}: `{each.symbol.signature}`.{doc}")


async def _uses(work: Work, source: Source) -> None:
    name = source.symbol.name
    matches = await search(work.desk.workspace, rf"\b{name}\b")
    used = [m for m in matches if f"{m.path}:{m.line}" != source.place]
    lines = []
    for match in sorted(used, key=lambda m: is_test(m.path))[:MAX_USES]:
        around = await _around(work, match.path, match.line)
        lines.append(f"- {match.path}:{match.line}{around}: `{match.text.strip()[:100]}`")
    work.say(f"`{source.name}` is defined at {source.place}.")
    work.say("It is used at:\n" + "\n".join(lines) if lines else "It is used nowhere else.")


async def _around(work: Work, path: str, line: int) -> str:
    if not path.endswith(".py"):
        return ""
    found = await enclosing(work.desk, path, line)
    return f" in `{found.name}`" if found else ""


async def _explained(
    work: Work, text: str, found: Sequence[Source], others: Sequence[Source] = ()
) -> None:
    """The places, and what the model says of the code there."""
    places = "\n".join(f"- `{each.name}` at {each.place}" for each in found[:MAX_PLACES])
    work.say(places)
    shown = [await asyncio.to_thread(_numbered, each, SHOWN_LINES // len(found)) for each in found]
    prompt = template("agent/workflows/question.md.j2").render(request=text, passages=shown)
    await work.ask(prompt, shown=True)
    if others:
        work.say("Else it may be " + ", or ".join(f"`{o.name}` at {o.place}" for o in others) + ".")


def _numbered(source: Source, count: int) -> str:
    """Its code with numbers of lines."""
    lines = source.text.split("\n")
    first = source.symbol.first_row + 1
    shown = [f"{first + n}: {line}" for n, line in enumerate(lines[:count])]
    more = [f"[{len(lines) - count} more lines]"] if len(lines) > count else []
    return "\n".join([source.file.path, *shown, *more])


_WHERE = re.compile(
    r"^\W*(?:where\b|(?:in\s+)?which\s+(?:file|module|line|place)|find\b|show\s+me\s+where)", re.I
)
_WHERE_WORD = re.compile(
    r"\b(?:function|class|method|constant|variable|type|exception)\s+([A-Za-z_]\w*)\b(?!\s+\w+s\b)"
    r"|^where\s+is\s+(?:the\s+)?([A-Za-z_]\w*)\s+(?:defined|declared|implemented)",
    re.IGNORECASE,
)
_USES = re.compile(
    r"\b(?:who|what|which|where)\b.*\b(?:calls?|called|used?|uses|imported|imports|callers)\b", re.I
)
