"""Taking the tests of one function out of a project, and judging those that are written for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.actions.running import run_tests
from benchmarks.agent.verdicts import tests_in
from lsp_server.agent.desk import File
from lsp_server.agent.workflows.mutants import mutants
from lsp_server.agent.workflows.names import Source
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

MOST_MUTANTS = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """What tests are worth, each step only if the one before is reached."""

    wrote: bool = False
    parses: bool = False
    """All files, and there is a new test in them, and nothing but tests was written."""
    passes: bool = False
    """The new tests, of the right code."""
    finds: bool = False
    """One of the new tests fails with a changed function."""
    why: str = ""


def without_tests(text: str, name: str) -> str:
    """A test file without the tests that name a function; a class that has no other goes too."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    gone: list[ast.stmt] = []
    for node in ast.parse(text).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        tests = [n for n in inner if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        named = [n for n in tests if word.search(_source(text, n))]
        gone += [node] if isinstance(node, ast.ClassDef) and named == inner else named
    lines = text.split("\n")
    for each in reversed(gone):
        decorators = getattr(each, "decorator_list", [])
        first = min([each.lineno, *(one.lineno for one in decorators)])
        del lines[first - 1 : each.end_lineno]
    return "\n".join(lines)


def _source(text: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno])


def judge(folder: Path, path: str, name: str, written: Mapping[str, str]) -> Verdict:
    """Write texts into a project and judge them as tests of a function of the file at `path`."""
    if not written:
        return Verdict()
    odd = [each for each in written if "test" not in each.lower() or not each.endswith(".py")]
    if odd:
        return Verdict(True, why=f"changes {odd}")
    fresh: list[str] = []
    for each, text in written.items():
        file = folder / each
        before = file.read_text("utf-8") if file.exists() else ""
        try:
            known = tests_in(before)
            fresh += [f"{each}::{test}" for test in tests_in(text) if test not in known]
        except (SyntaxError, ValueError):
            return Verdict(True, why=f"{each} does not parse")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    if not fresh:
        return Verdict(True, why="no new test")
    outcome = run_tests(folder, fresh)
    if not outcome.passed:
        return Verdict(True, True, why=outcome.error or "nothing ran")
    target = folder / path
    sound = target.read_text("utf-8")
    try:
        for mutant in mutated(path, sound, name)[:MOST_MUTANTS]:
            target.write_text(mutant, "utf-8")
            if run_tests(folder, fresh).failed:
                return Verdict(True, True, True, True)
    finally:
        target.write_text(sound, "utf-8")
    return Verdict(True, True, True, why="passes whatever the function does")


def mutated(path: str, text: str, name: str) -> list[str]:
    """A file with one thing changed in a function at its top level, each time another one."""
    syntax = Syntax.parse(text, "python")
    if syntax is None:
        return []
    symbol, declared = next(
        each for each in definitions(syntax) if each[0].name == name and not each[0].container
    )
    whole = declared.whole
    data = syntax.data
    source = Source(File(path, text, None), syntax, symbol, declared)
    return [
        (data[: whole.start_byte] + code.encode() + data[whole.end_byte :]).decode()
        for code in mutants(source)
    ]
