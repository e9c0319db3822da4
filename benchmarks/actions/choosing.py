"""Which of the actions that are offered a user takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsprotocol import types

BY_TESTS = re.compile(r"Make .* pass$")
DOCUMENTS = re.compile(r"Document\b")
WRITES_TESTS = re.compile(r"Write (?:a )?tests?\b")
PREFERENCES = ("fix", "tests")


def fix(
    offered: Sequence[types.CodeAction], *, prefer: str = "fix", by: str = "checker"
) -> types.CodeAction | None:
    """What mends a fault: a rule that is sure, the model's fix, or what makes the tests pass.

    With `prefer` as "tests" the last comes before the model's where a test tells the fault (`by`).
    """
    sure = [each for each in offered if each.is_preferred]
    mends = [each for each in offered if each.title.startswith("Fix: ")]
    passing = [each for each in offered if BY_TESTS.match(each.title)]
    others = [passing, mends] if prefer == "tests" and by == "test" else [mends, passing]
    return next((each for group in (sure, *others) for each in group), None)


def titled(
    offered: Sequence[types.CodeAction], beginning: re.Pattern[str]
) -> types.CodeAction | None:
    """The first whose title begins so."""
    return next((each for each in offered if beginning.match(each.title)), None)
