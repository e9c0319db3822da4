"""The project's tests: which are the nearest, how they are run, and what they say.

Only Python's are known. They run in the sandbox, through the permissions, by pytest.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.agent.desk import Change, Desk
from lsp_server.agent.tools.search import files
from lsp_server.agent.workflows.names import Source
from lsp_server.agent.workflows.work import Look, Work
from lsp_server.errors import NotAllowed
from lsp_server.workspace.testfiles import is_python_test

MAX_FILES = 3
MAX_ERROR_LINES = 12
_FLAGS = "-B -m pytest -q --tb=short -p no:cacheprovider"
"""Nothing is left in the user's folder."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of a traceback."""

    path: str
    line: int
    """From 1."""
    function: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of tests said."""

    ran: bool
    """Whether any test ran: else nothing is known."""
    failed: frozenset[str]
    """Ids of tests that failed."""
    frames: tuple[Frame, ...]
    """Of all tracebacks, in their order."""
    error: str
    """The lines that tell what went wrong, a few."""

    @property
    def passed(self) -> bool:
        """Whether tests ran and none failed."""
        return self.ran and not self.failed

    def __bool__(self) -> bool:
        return self.passed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a change is good, and else what a model is told."""

    good: bool
    error: str = ""

    def __bool__(self) -> bool:
        return self.good


Check = Look[Verdict]


def as_before(work: Work, tests: Sequence[str], failing: frozenset[str]) -> Check:
    """Whether tests end as they did before, when these failed; good if there are no tests."""

    async def check(unwritten: Sequence[Change]) -> Verdict:
        if not tests:
            return Verdict(True)
        now = await run_tests(work, tests, unwritten)
        return Verdict(now.ran and not now.failed - failing, now.error)

    return check


async def run_tests(
    work: Work, targets: Sequence[str], unwritten: Sequence[Change] = ()
) -> Outcome:
    """Run tests by their files or ids, with changes that are not written. Raises NotAllowed."""
    python = await asyncio.to_thread(_python, work.desk)
    line = " ".join([python, _FLAGS, *map(shlex.quote, targets)])
    finished = await work.run(line, unwritten)
    if finished.timed_out or finished.exceeded:
        return Outcome(True, frozenset(targets), (), "The tests did not end in time.")
    return read_output(finished.output, finished.exit_status)


def read_output(output: str, exit_status: int) -> Outcome:
    """What pytest printed, with short tracebacks."""
    failed = frozenset(_FAILED.findall(output))
    frames = tuple(Frame(path, int(line), name) for path, line, name in _FRAME.findall(output))
    lines = [line for line in output.splitlines() if line.startswith(("E  ", ">  "))]
    # Where it does not pass, a failure is told; also of a file that could not be collected.
    ran = exit_status == 0 or (exit_status != 5 and bool(failed))
    return Outcome(ran, failed, frames, "\n".join(lines[:MAX_ERROR_LINES]))


async def tests_about(desk: Desk, source: Source) -> list[str]:
    """The test files that are about a definition: those that name it, or its module."""
    about, _ = await _tests(desk, source)
    return about


async def nearest_tests(desk: Desk, source: Source) -> list[str]:
    """The test files that are about a definition; all there are, if there are few."""
    about, every = await _tests(desk, source)
    return about or (every if len(every) <= MAX_FILES else [])


async def _tests(desk: Desk, source: Source) -> tuple[list[str], list[str]]:
    """The test files that are about a definition, and all there are."""
    referencing = await asyncio.to_thread(desk.library.referencing, source.symbol.name, 50)
    using = [path for path, _ in referencing if is_python_test(path)]
    every = [path for path in await files(desk.workspace) if is_python_test(path)]
    stem = source.file.path.rpartition("/")[2].removesuffix(".py").strip("_")
    by_name = [p for p in every if p.rpartition("/")[2] in (f"test_{stem}.py", f"{stem}_test.py")]
    return list(dict.fromkeys([*by_name, *using]))[:MAX_FILES], every


async def baseline(work: Work, source: Source) -> tuple[list[str], frozenset[str]]:
    """The nearest tests, and which of them fail already; none if they can't be run."""
    tests = await nearest_tests(work.desk, source)
    if not tests:
        return [], frozenset()
    try:
        outcome = await run_tests(work, tests)
    except NotAllowed:
        return [], frozenset()
    return (tests, outcome.failed) if outcome.ran else ([], frozenset())


def _python(desk: Desk) -> str:
    for folder in (".venv", "venv"):
        if (desk.root / folder / "bin" / "python").exists():
            return f"{folder}/bin/python"
    return "python" if shutil.which("python") else "python3"


_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)
_FRAME = re.compile(r"^(\S+\.py):(\d+): in (\S+)", re.MULTILINE)
