"""One function written anew by the model: parsed, tested, tried again, the best try kept.

A try that changes nothing, leaves code out, does not parse, or uses names that nothing binds is no
try; one that brings new failures of tests is put back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from lsp_server.agent.desk import Change
from lsp_server.agent.edits.check import new_errors
from lsp_server.agent.edits.result import Refused
from lsp_server.agent.edits.symbols import replace_symbol
from lsp_server.agent.workflows.lean import lean, restored
from lsp_server.agent.workflows.names import Source
from lsp_server.agent.workflows.verify import Check, Verdict
from lsp_server.agent.workflows.work import CODE_TOKENS, Failed, Work
from lsp_server.core.definitions.base import text_of
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax
from lsp_server.core.tokens import estimate
from lsp_server.workspace import masking
from lsp_server.workspace.faults import unbound

SPARE_TOKENS = 100
"""By which new source may be longer than half as long again."""
MAX_SOURCE_CHARACTERS = 6_000
"""Of a function that a small model can still write anew."""


def too_long(source: Source) -> bool:
    """Whether a function is too long to be written anew."""
    return len(source.text) > MAX_SOURCE_CHARACTERS


@dataclass(frozen=True, slots=True)
class Try:
    """A function, and how the model is asked for another source of it."""

    source: Source
    write: Callable[[str], Awaitable[str]]
    """Gets what was wrong with the model's last try of this function; gives the whole source."""
    is_models: bool = True
    """A model wrote it, so it is told what is wrong with it."""


async def attempt(work: Work, each: Try, error: str, check: Check, need: str = "") -> Verdict:
    """One try: write, splice, check; only what is good stays.

    `need`: a name that the new source must use. Raises AgentError if the user does not want it.
    """
    source = each.source
    change = await asyncio.to_thread(_spliced, source, await each.write(error), need)
    if isinstance(change, str):
        return Verdict(False, change)
    return await work.tried(f"Rewrite {source.name}", [change], check)


def _spliced(source: Source, code: str, need: str) -> Change | str:
    """The file with the function in it, or what is wrong with that."""
    code = masking.restored(code, source.file.text)
    applied = replace_symbol(source.syntax, source.name, code)
    if isinstance(applied, Refused):
        return applied.reason
    after = Syntax.parse(applied.text, source.syntax.grammar)
    if after is None:
        return "It is too large."
    if wrong := new_errors(source.syntax, after):
        return f"It does not parse: {wrong[0]}"
    if squeezed(applied.text) == squeezed(source.file.text):
        return "Nothing was changed."
    if need and need not in _names(code, source.syntax.grammar):
        return f"It does not use {need}."
    if unknown := unbound(after) - unbound(source.syntax):
        return f"Nothing defines {sorted(unknown)[0]}."
    return Change(source.file, applied.text)


def squeezed(text: str) -> str:
    """Code without white space."""
    return "".join(text.split())


def _names(code: str, grammar: str) -> set[str]:
    syntax = Syntax.parse(code, grammar)
    nodes = captures(syntax, "(identifier) @name").get("name", []) if syntax else []
    return {text_of(node, syntax.data) for node in nodes} if syntax else set()


async def attempts(work: Work, tries: Iterable[Try], check: Check, *, need: str = "") -> Source:
    """Try one after the other; return what was rewritten.

    Raises Failed if none is good, and AgentError.
    """
    errors: dict[str, str] = {}
    last = "nothing could be tried"
    for each in tries:
        if work.is_late:
            break
        place = each.source.place
        verdict = await attempt(work, each, errors.get(place, ""), check, need)
        if verdict.good:
            return each.source
        last = verdict.error
        if each.is_models:
            errors[place] = last
    raise Failed(f"No try was good, so nothing was changed. The last one: {last}")


def whole(
    work: Work,
    source: Source,
    prompt: Callable[[Source, str], str],
    number: int,
    begun: str = "",
) -> Try:
    """Have the model write all of a function; the first is its likeliest, the others are sampled.

    `prompt` is given the function, and what was wrong with the last try.
    """

    limit = min(CODE_TOKENS, SPARE_TOKENS + int(1.5 * estimate(lean(source))))
    language = source.syntax.grammar

    async def write(error: str) -> str:
        code = await work.code(
            prompt(source, error), begun, language=language, attempt=number, tokens=limit
        )
        return "" if squeezed(code) == squeezed(begun) else restored(source, code)

    return Try(source, write)
