"""Write a test of a function: it must pass, and call what it is about.

The model guesses values badly, so a test may have more checks than are right: those that fail are
left out, and what then still checks something is kept.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial

from lsp_server.agent.desk import Change, File
from lsp_server.agent.edits.imports import insert_import
from lsp_server.agent.edits.result import Applied
from lsp_server.agent.tools.search import files
from lsp_server.agent.workflows.lean import lean
from lsp_server.agent.workflows.names import CODE_KINDS, Source, named
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.verify import run_tests, tests_about
from lsp_server.agent.workflows.work import Failed, Work
from lsp_server.core.imports import imports
from lsp_server.core.prompts import template
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text, body, ending
from lsp_server.workspace.faults import unbound
from lsp_server.workspace.testfiles import is_test

TRIES = 5
MAX_EXAMPLE = 900
"""Characters of a test that is shown as an example."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the test goes."""

    file: File
    is_new: bool
    statement: str
    """The import that it needs; empty if the file has it."""
    example: str


async def write_test(work: Work, text: str, route: Route) -> None:
    """See the module's docstring."""
    found = [s for s in await named(work.desk, route.subject, text) if not is_test(s.file.path)]
    found = [s for s in found if s.symbol.kind in (*CODE_KINDS, "class")]
    if not found:
        raise Failed(f"No function called `{route.subject}` is defined in the project.")
    source = found[0]
    if source.syntax.grammar != "python":
        raise Failed("So far I write tests for Python only.")
    place = await _place(work, source)
    name = await asyncio.to_thread(_free_name, source, place.file.text)
    error = ""
    for number in range(TRIES):
        if work.is_late:
            break
        prompt = template("agent/workflows/write_test.md.j2").render(
            request=text, source=lean(source), statement=_import(source),
            example=place.example, again=error,
        )  # fmt: skip
        begun = f"def {name}():"
        code = await work.code(prompt, begun, language="python", attempt=number)
        error = await _tried(
            work, source, place, name, _plain(_alone(code, name), place.file.text, _top(source))
        )
        if not error:
            work.say(f"I wrote `{name}` in {place.file.path} for `{source.name}` ({source.place}); "
                     "it passes.")  # fmt: skip
            return
    raise Failed(f"No test that I wrote passes, so nothing was changed. The last one: {error}")


async def _tried(work: Work, source: Source, place: _Place, name: str, code: str) -> str:
    """Put it in and run it; what is wrong with it, or nothing. Raises AgentError."""
    while True:
        change = await asyncio.to_thread(_with, place, code)
        if problem := await asyncio.to_thread(_problem, change, place, source, code):
            return problem
        look = partial(run_tests, work, [f"{place.file.path}::{name}"])
        outcome = await work.tried(f"Write {name}", [change], look)
        if outcome.passed:
            return ""
        if not outcome.ran:
            raise Failed("Tests can't be run here, so I don't write any.")
        line = next((f.line for f in outcome.frames if f.path == place.file.path), 0)
        shorter = _without(change.text, code, line)
        if not shorter or shorter == code:
            return outcome.error or "It fails."
        code = shorter


def _problem(change: Change, place: _Place, source: Source, code: str) -> str:
    """Why it is not worth running."""
    after = Syntax.parse(change.text, "python")
    if after is None or after.tree.root_node.has_error:
        return "It does not parse."
    if source.symbol.name not in code and source.symbol.name != "__init__":
        return f"It does not call {source.symbol.name}."
    if not _CHECKS.search(code):
        return "It checks nothing."
    before = Syntax.parse(place.file.text, "python")
    if unknown := unbound(after) - (unbound(before) if before else set()):
        return f"Nothing defines {sorted(unknown)[0]}."
    return ""


def _with(place: _Place, code: str) -> Change:
    """The file with the test at its end, and its import. Its line ends stay what they are."""
    text = place.file.text
    line_end = ending(Text.of(text).lines)
    for statement in [place.statement, *(["import pytest"] if "pytest." in code else [])]:
        syntax = Syntax.parse(text, "python")
        applied = insert_import(syntax, statement) if syntax and statement else None
        text = applied.text if isinstance(applied, Applied) else text
    gap = "\n\n\n" if text.strip() else ""
    added = f"{gap}{code.rstrip()}\n".replace("\n", line_end)
    return Change(place.file, text.rstrip() + added, place.is_new)


def _without(text: str, code: str, line: int) -> str:
    """The test without the statement at a line of the file, if that is one check of several."""
    lines = Text.of(text).lines
    failing = body(lines[line - 1]) if 0 < line <= len(lines) else ""
    kept = code.split("\n")
    if not failing.strip().startswith("assert ") or failing not in kept:
        return ""
    kept.remove(failing)
    shorter = "\n".join(kept)
    return shorter if _CHECKS.search(shorter) and shorter.count("\n") < code.count("\n") else ""


def _alone(code: str, name: str) -> str:
    """The test function, without what the model writes behind it."""
    lines = code.rstrip().replace("\r\n", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if line.startswith(f"def {name}")), 0)
    kept = lines[start : start + 1]
    for line in lines[start + 1 :]:
        if line.strip() and not line[:1].isspace():
            break
        kept.append(line)
    return "\n".join(kept).rstrip()


async def _place(work: Work, source: Source) -> _Place:
    """The nearest test file, or a new one beside the others."""
    near = await tests_about(work.desk, source)
    if near:
        file = await work.desk.read(near[0])
        has = await asyncio.to_thread(_imports_it, file, source)
        statement = "" if has else _import(source)
        return _Place(file, False, statement, _example(file.text))
    every = [path for path in await files(work.desk.workspace) if is_test(path)]
    folder = next((p.rpartition("/")[0] for p in every if "/" in p), "tests")
    stem = source.file.path.rpartition("/")[2].removesuffix(".py").strip("_")
    new = work.desk.new(f"{folder}/test_{stem}.py" if folder else f"test_{stem}.py", "")
    return _Place(new.file, True, _import(source), "")


def _plain(code: str, text: str, name: str) -> str:
    """The test with the imported name alone where the model put a module in front that isn't."""
    syntax = Syntax.parse(text, "python")
    found = imports(syntax) if syntax else []
    known = {(each.alias or each.name or each.module).partition(".")[0] for each in found}
    return re.sub(
        rf"\b(\w+)(?:\.\w+)*\.{name}\b",
        lambda match: match[0] if match[1] in known else name,
        code,
    )


def _imports_it(file: File, source: Source) -> bool:
    syntax = Syntax.parse(file.text, "python")
    name = _top(source)
    return syntax is not None and any((each.alias or each.name) == name for each in imports(syntax))


def _top(source: Source) -> str:
    """What is imported: it, or the class that it is in."""
    return source.name.partition(".")[0]


def _import(source: Source) -> str:
    return f"from {_module(source)} import {_top(source)}"


def _module(source: Source) -> str:
    """How tests import its module."""
    parts = source.file.path.removesuffix(".py").removesuffix("/__init__").split("/")
    if parts[0] in ("src", "lib") and len(parts) > 1:
        parts = parts[1:]
    return ".".join(parts)


def _example(text: str) -> str:
    """A short test of the file, to show how its tests look."""
    found = [m[0].rstrip() for m in _TEST.finditer(text)]
    fits = [each for each in found if len(each) < MAX_EXAMPLE]
    return min(fits, key=len, default="")


def _free_name(source: Source, text: str) -> str:
    base = f"test_{source.name.replace('.', '_').strip('_').lower()}"
    names = [base, *(f"{base}_{n}" for n in range(2, 50))]
    return next(name for name in names if f"def {name}(" not in text)


_TEST = re.compile(r"^def test_\w+\(\).*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
_CHECKS = re.compile(r"^\s+(?:assert\b|with pytest\.raises)", re.MULTILINE)
