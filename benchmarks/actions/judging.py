"""What an edit has made of a fault."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from benchmarks.actions import running
from benchmarks.actions.case import Case
from benchmarks.actions.python_cases import roots
from benchmarks.checkers.everything import pyright, typescript

Verdict = Literal["repaired", "none", "unchanged", "worse"]
"""`none`: there was no edit. `unchanged`: the fault is still there, and nothing else is wrong."""
VERDICTS: tuple[Verdict, ...] = ("repaired", "none", "unchanged", "worse")


def python(case: Case, folder: Path, sound: str, after: str | None) -> Verdict:
    """Judge a file of a project by its tests and pyright. The file is written.

    `folder`: the project, whose parent folder holds nothing else. `sound`: the file without the
    fault. It is `worse` if it does not parse, if a test fails that passed with the fault, or if
    pyright says something that it did not say of the fault. Raises CheckerFailed.
    """
    if (known := _at_once(case, sound, after)) is not None:
        return known
    assert after is not None
    try:
        ast.parse(after)
    except (SyntaxError, ValueError):
        return "worse"
    file = folder / case.path
    file.write_text(after, "utf-8")
    outcome = running.run_tests(folder, case.tests)
    failed = outcome.failed - set(case.failing_before)
    if not outcome.ran or failed - set(case.failing):
        return "worse"
    root = folder.parent
    inside = [
        f"{folder.name}/{name.partition('/')[2]}".strip("/") for name in roots([case.package])
    ]
    return _judged(case, [each.message for each in pyright(root, [file], inside)], not failed)


def script(case: Case, folder: Path, sound: str, after: str | None) -> Verdict:
    """The same of TypeScript, by its compiler alone. Raises CheckerFailed."""
    if (known := _at_once(case, sound, after)) is not None:
        return known
    assert after is not None
    file = folder / case.path
    file.write_text(after, "utf-8")
    return _judged(case, [each.message for each in typescript([file])], True)


def _at_once(case: Case, sound: str, after: str | None) -> Verdict | None:
    """What is plain without running anything."""
    if after is None:
        return "none"
    if after.rstrip() == sound.rstrip():
        return "repaired"
    return "unchanged" if after == case.faulty(sound) else None


def _judged(case: Case, said: Sequence[str], passes: bool) -> Verdict:
    """By what a checker says, and whether the tests pass."""
    now = Counter(said)
    if now - Counter(case.said):
        return "worse"
    is_told = bool(now - Counter(case.said_before))
    return "unchanged" if not passes or (case.by == "checker" and is_told) else "repaired"
