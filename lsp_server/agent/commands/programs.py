"""What a command reads, if it is one of the programs that only read (`programs.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_MOST_WORDS = 3
"""Words that name a program at most, as in `git stash list`."""
_GIT_FLAGS = ("--no-pager", "-P")

_ADDRESS = r"(\d+|\$|/[^/\\]*/)"
_PRINT = rf"({_ADDRESS}(,{_ADDRESS})?)?[pq=]"
_SED_SCRIPT = re.compile(rf"{_PRINT}(; *{_PRINT})*|s/[^/\\]*/[^/\\]*/[gip\d]*|{_ADDRESS}?d")
"""Prints, deletes or substitutes on its output; `w` would write a file, `e` would run something."""


@dataclass(frozen=True, slots=True)
class _Program:
    flags: frozenset[str]
    optional: frozenset[str]
    valued: frozenset[str]
    gives: frozenset[str]
    bare: dict[str, int]
    number: bool
    operands: str
    most: int | None
    matching: re.Pattern[str] | None
    needs_flag: bool


def paths_read(argv: Sequence[str]) -> tuple[str, ...] | None:
    """The words of a command that may name files; None if it isn't known to do nothing but read."""
    if argv[0] == "git":
        first = next((i for i, word in enumerate(argv[1:], 1) if word not in _GIT_FLAGS), len(argv))
        argv = ("git", *argv[first:])
    for count in range(_MOST_WORDS, 0, -1):
        program = _programs().get(" ".join(argv[:count]))
        if program is not None and len(argv) >= count:
            return _paths(program, argv[count:])
    return None


def _paths(program: _Program, words: Sequence[str]) -> tuple[str, ...] | None:
    if program.operands == "anything":
        return ()
    read = _bare(program, words) if program.bare else _options(program, words)
    if read is None:
        return None
    operands, given = read
    if program.most is not None and len(operands) > program.most:
        return None
    if program.needs_flag and not given:
        return None
    if program.operands == "none":
        return None if operands else ()
    if program.operands == "text":
        matching = program.matching
        return () if matching is None or all(map(matching.fullmatch, operands)) else None
    if program.operands == "script":
        return tuple(operands[1:]) if operands and _SED_SCRIPT.fullmatch(operands[0]) else None
    if program.operands == "pattern" and not given & program.gives:
        return tuple(operands[1:])
    if program.operands == "revisions":
        return tuple(part for word in operands for part in word.split(":") if part)
    return tuple(operands)


def _bare(program: _Program, words: Sequence[str]) -> tuple[list[str], set[str]] | None:
    """Operands and options, where an option is one word behind a single dash."""
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        values = program.bare.get(word)
        if values is None:
            if word.startswith("-"):
                return None
            operands.append(word)
        elif any(next(rest, None) is None for _ in range(values)):
            return None
    return operands, set()


def _options(program: _Program, words: Sequence[str]) -> tuple[list[str], set[str]] | None:
    """Operands and options, as GNU's getopt tells them; None if an option isn't listed."""
    operands: list[str] = []
    given: set[str] = set()
    rest = iter(words)
    for word in rest:
        if word == "--":
            operands += rest
        elif word.startswith("--"):
            name, equals, _ = word.partition("=")
            given.add(name)
            if name in program.optional or (name in program.flags and not equals):
                continue
            if name not in program.valued or (not equals and next(rest, None) is None):
                return None
        elif word.startswith("-") and word != "-":
            if word in program.flags or (program.number and word[1:].isdecimal()):
                given.add(word)
                continue
            for at, letter in enumerate(word[1:], 1):
                given.add(f"-{letter}")
                if f"-{letter}" in program.valued:
                    if at + 1 == len(word) and next(rest, None) is None:
                        return None
                    break
                if f"-{letter}" not in program.flags:
                    return None
        elif word != "-":
            operands.append(word)
    return operands, given


@cache
def _programs() -> dict[str, _Program]:
    source = resources.files(__package__).joinpath("programs.toml").read_text("utf-8")
    return {name: _program(table) for name, table in tomllib.loads(source).items()}


def _program(table: dict[str, Any]) -> _Program:
    options = {
        name: frozenset(table.get(name, "").split())
        for name in ("flags", "optional", "valued", "gives")
    }
    matching = table.get("matching")
    return _Program(
        **options,
        bare=table.get("bare", {}),
        number=table.get("number", False),
        operands=table["operands"],
        most=table.get("most"),
        matching=re.compile(matching) if matching else None,
        needs_flag=table.get("needs_flag", False),
    )
