"""Lines of ignore files -> what they match, in time that does not explode with their stars.

A repository's own `a*a*a*a*b` would keep a backtracking expression busy for years. A star that
another one follows can stop at the first place where what is between them fits: no later place
would do better. So those are made atomic. Of `**`, a line may have a few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

MAX_DEEP = 3
"""Of `**` in a line; one with more is no rule."""
_CACHED = 64
_STAR = "[^/]*"
_ANY = "[^/]"


class _Pattern(GitIgnoreSpecPattern):
    """One line; only `str`."""

    __slots__ = ()

    @classmethod
    def pattern_to_regex(cls, pattern: Any) -> tuple[Any, bool | None]:
        regex, include = super().pattern_to_regex(pattern)
        return regex and _atomic(regex), include


def _atomic(regex: str) -> str:
    first, *between = regex.split(_STAR)
    parts = [first]
    for number, text in enumerate(between):
        ends_segment = "/" in text.replace(_ANY, "") or number == len(between) - 1
        parts.append(f"{_STAR}{text}" if ends_segment else f"(?>{_STAR}?{text})")
    return "".join(parts)


@lru_cache(_CACHED)
def usable(text: str) -> tuple[str, ...]:
    """The lines of an ignore file that are rules."""
    return tuple(line for line in text.splitlines() if line.strip() and _is_rule(line))


def spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """What lines match, of which each is usable."""
    return _spec(tuple(lines))


@lru_cache(_CACHED)
def _spec(lines: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(lines, _Pattern)


def _is_rule(line: str) -> bool:
    if line.count("**") > MAX_DEEP:
        return False
    try:
        _Pattern(line)
    except (ValueError, re.error):
        return False
    return True
