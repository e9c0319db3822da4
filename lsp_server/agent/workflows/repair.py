"""Make a failing test pass: run it, find what may be at fault, have that written anew, run again.

Tests themselves are never changed.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from lsp_server.agent.desk import Change
from lsp_server.agent.files.undo import named as listed
from lsp_server.agent.workflows.change import change
from lsp_server.agent.workflows.gaps import MARK, Gap, gaps
from lsp_server.agent.workflows.lean import alone, head, lean
from lsp_server.agent.workflows.mutants import mutants
from lsp_server.agent.workflows.names import (
    CODE_KINDS,
    Source,
    enclosing,
    mentioned,
    named,
    sources,
)
from lsp_server.agent.workflows.rewrite import (
    Try,
    attempts,
    squeezed,
    too_long,
    whole,
)
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.verify import (
    Outcome,
    Verdict,
    nearest_tests,
    run_tests,
    tests_about,
)
from lsp_server.agent.workflows.work import Failed, Work
from lsp_server.core.definitions.base import text_of
from lsp_server.core.prompts import template
from lsp_server.core.query import captures
from lsp_server.core.syntax import Syntax
from lsp_server.workspace.testfiles import is_test

MAX_CANDIDATES = 4
MAX_TEST = 800
"""Characters of a test that is shown with its decorators, which may be long tables."""
SAMPLED = 2
MUTATED = 2
"""Functions of which small changes are tried."""
MUTATING_SECONDS = 45.0
"""For all of these together."""
LINES = 3
"""Tries of each line of a function, all but the first sampled."""
_FEW = 3
"""Of the failing tests the model sees one; the others only count."""


class NotRun(Failed):
    """The tests could not be run."""


async def repair(work: Work, text: str, _: Route) -> None:
    """See the module's docstring."""
    found = await mentioned(work.desk, text)
    code = [each for each in found if not is_test(each.file.path)]
    targets = await _targets(work, text, found)
    try:
        # Where no test is about the code that is named, none can tell what is wrong with it.
        if (targets or not code) and await pass_tests(work, text, targets):
            return
    except NotRun:
        if targets and not code:
            raise
    else:
        if not code:
            raise Failed("These tests pass already; say which test fails, or what is wrong.")
    await change(work, text, Route("change"))


async def repair_tests(work: Work, text: str, route: Route) -> None:
    """Make a test pass that is named by its id, or the nearest tests of a function."""
    targets = [route.subject]
    if "::" not in route.subject:
        found = [s for s in await named(work.desk, route.subject, text) if not is_test(s.file.path)]
        targets = await tests_about(work.desk, found[0]) if found else []
    if not targets:
        raise Failed(f"No test is about `{route.subject}`.")
    if not await pass_tests(work, text, targets):
        raise Failed("These tests pass already, so nothing was changed.")


async def pass_tests(work: Work, text: str, targets: Sequence[str]) -> bool:
    """Make tests pass, by their files or ids; False if none fails. Raises Failed (NotRun if they
    can't be run), and AgentError.

    `text` is what was asked for; what it names is looked at first.
    """
    outcome = await run_tests(work, targets)
    if not outcome.ran:
        raise NotRun("The tests could not be run, so I can't tell what to mend.")
    left = outcome.failed
    while left and not work.is_late:
        try:
            left = await _mended(work, text, targets, left)
        except Failed:
            if left == outcome.failed:
                raise
            break
    if left:
        work.say(f"Still failing: {listed(sorted(left))}.")
    return not outcome.passed


async def _mended(
    work: Work, text: str, targets: Sequence[str], failing: frozenset[str]
) -> frozenset[str]:
    """Make one of the failing tests pass, and none more fail; those that still fail.

    Raises Failed, and AgentError.
    """
    found = await mentioned(work.desk, text)  # anew: it may have been changed just now
    test = sorted(failing)[0]
    first = await run_tests(work, [test])
    if first.passed:
        raise Failed(f"{test} fails only together with others, so I can't tell what to mend.")
    source = await _test_source(work, test)
    candidates = await _candidates(work, found, first, source)
    if not candidates:
        raise Failed("I found no function of the project that this test goes through.")

    left: frozenset[str] = frozenset()

    async def check(unwritten: Sequence[Change]) -> Verdict:
        nonlocal left
        now = await run_tests(work, [test], unwritten)
        if not now.passed:
            return Verdict(False, now.error)
        rest = await run_tests(work, targets, unwritten)
        left = rest.failed
        return Verdict(rest.ran and left <= failing - {test}, rest.error)

    about = {
        "request": text,
        "test": alone(source, MAX_TEST) if source else "",
        "error": first.error,
    }
    # Nobody knows what mutants would do outside of one.
    is_boxed = await asyncio.to_thread(work.desk.sandbox) is not None
    mutated = candidates[:MUTATED] if is_boxed else []
    mended = await attempts(work, _tries(work, candidates, mutated, about), check)
    which = "the test" if len(failing) == 1 else f"`{test}`"
    work.say(f"I rewrote `{mended.name}` ({mended.place}); {which} passes now.")
    return left


async def _targets(work: Work, text: str, found: Sequence[Source]) -> list[str]:
    """The tests that the request names, or those that are the nearest to what it names."""
    if ids := _TEST_ID.findall(text):
        return [each for each in ids if await work.desk.exists(each.partition("::")[0])]
    tests = [each for each in found if is_test(each.file.path)]
    for name in dict.fromkeys(_TEST_NAME.findall(text)):
        tests += await named(work.desk, name, text)
    if tests:
        ids = [f"{each.file.path}::{each.name.replace('.', '::')}" for each in tests]
        return list(dict.fromkeys(ids))[:_FEW]
    if files := [path for path in _TEST_FILE.findall(text) if await work.desk.exists(path)]:
        return files
    near = [path for each in found for path in await nearest_tests(work.desk, each)]
    return list(dict.fromkeys(near))[:_FEW]


async def _test_source(work: Work, test: str) -> Source | None:
    path, _, name = test.partition("::")
    name = name.partition("[")[0].replace("::", ".")
    return next(
        (s for s in await named(work.desk, name.rpartition(".")[2], path) if s.file.path == path),
        None,
    )


async def _candidates(
    work: Work, found: Sequence[Source], outcome: Outcome, test: Source | None
) -> list[Source]:
    """What may be at fault, the likeliest first: what the request names, where it was raised, what
    the test calls, and what these call."""
    named_ones = [each for each in found if not is_test(each.file.path)]
    raised = [
        source
        for frame in reversed(outcome.frames)
        if not is_test(frame.path)
        and (source := await enclosing(work.desk, frame.path, frame.line))
    ]
    called = await _called(work, test) if test else []
    inner = [each for one in [*raised[:1], *called[:2]] for each in await _called(work, one)]
    chosen: dict[str, Source] = {}
    for each in [*named_ones, *raised, *called, *inner]:
        usable = each.symbol.kind in CODE_KINDS and not is_test(each.file.path)
        if usable and not too_long(each):
            chosen.setdefault(each.place, each)
    return list(chosen.values())[:MAX_CANDIDATES]


async def _called(work: Work, source: Source) -> list[Source]:
    """Functions of the project whose names a definition calls, or a class's constructor."""
    names = await asyncio.to_thread(_calls, source)
    found: list[Source] = []
    for name in names:
        defined = await asyncio.to_thread(work.desk.library.definitions, name, 5)
        kept = [d for d in defined if not is_test(d.path) and d.symbol.kind in CODE_KINDS]
        if len(kept) > 1:  # a name that many have says little, unless it is of this file
            kept = [d for d in kept if d.path == source.file.path] or kept[:2]
        found += await sources(work.desk, kept)
    return [each for each in found if each.place != source.place]


def _calls(source: Source) -> list[str]:
    syntax = Syntax.parse(source.text.strip(), source.syntax.grammar)
    if syntax is None or syntax.grammar != "python":
        return []
    query = "(call function: [(identifier) @name (attribute attribute: (identifier) @name)])"
    nodes = captures(syntax, query).get("name", [])
    nodes.sort(key=lambda node: node.start_byte)
    return list(dict.fromkeys(text_of(node, syntax.data) for node in nodes))


def _tries(
    work: Work, candidates: Sequence[Source], mutated: Sequence[Source], about: Mapping[str, str]
) -> Iterator[Try]:
    """The likeliest function as a whole; small changes, which cost no model; lines; and again."""

    def prompt(candidate: Source, error: str) -> str:
        return template("agent/workflows/repair.md.j2").render(
            about, source=lean(candidate), again=error
        )

    yield whole(work, candidates[0], prompt, 0, head(candidates[0]))
    end = time.monotonic() + MUTATING_SECONDS
    for each in mutated:
        for code in mutants(each):
            if time.monotonic() < end:
                yield Try(each, partial(_known, code), is_models=False)
    for each, number in [(each, n) for n in range(2) for each in candidates[:2]][1:3]:
        yield whole(work, each, prompt, number, head(each))
    for each in candidates:
        seen = {squeezed(each.text)}
        for gap in gaps(each):
            for number in range(LINES):
                yield _line(work, each, gap, about, number, seen)
    for number in range(2, SAMPLED + 2):
        for each in candidates[:2]:
            yield whole(work, each, prompt, number, head(each))


async def _known(code: str, _: str) -> str:
    return code


def _line(
    work: Work, source: Source, gap: Gap, about: Mapping[str, str], number: int, seen: set[str]
) -> Try:
    """Have the model write one line, if it comes to one that was not tried."""

    async def write(_: str) -> str:
        text = template("agent/workflows/gap.md.j2").render(about, source=gap.shown, mark=MARK)
        line = await work.line(text, gap.begun, language=source.syntax.grammar, attempt=number)
        line = line.partition("  #")[0].strip()
        filled = gap.filled(line) if line and not line.startswith("#") else ""
        if squeezed(filled) in seen:
            return ""
        seen.add(squeezed(filled))
        return filled

    return Try(source, write)


_TEST_ID = re.compile(r"[\w./-]+\.py::[\w:\[\]-]+")
_TEST_NAME = re.compile(r"(?<![\w/.])test_\w+(?!\w*\.py)")
_TEST_FILE = re.compile(r"(?<![\w/.-])(?:[\w-]+/)*(?:test_\w+|\w+_test)\.py")
