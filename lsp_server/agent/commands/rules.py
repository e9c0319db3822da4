"""What the user has decided once for all commands that begin alike, in one workspace.

A rule is a prefix of a command's words, never of its text. Of programs that run another program,
and of options that make one do so, a prefix says nothing about what will run: only a rule with all
the words allows those.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Literal

Decision = Literal["allow", "ask", "deny"]
ORDER: tuple[Decision, ...] = ("allow", "ask", "deny")
"""From what is least restrictive to what is most."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The user's decision on all commands whose first words are these."""

    pattern: tuple[str, ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Known:
    """What `wrappers.toml` lists."""

    wrappers: frozenset[str]
    interpreters: frozenset[str]
    runners: frozenset[str]
    manifold: frozenset[str]
    turning: dict[str, tuple[str, ...]]


def decide(argv: Sequence[str], rules: Iterable[Rule]) -> Decision | None:
    """What the rules say of a command: the most restrictive of those that cover it."""
    decisions = [rule.decision for rule in rules if _covers(rule, argv)]
    return max(decisions, key=ORDER.index, default=None)


def pattern_for(argv: Sequence[str]) -> tuple[str, ...]:
    """The rule to offer for a command that was approved: the shortest that covers it."""
    for count in range(2 if _kind(argv[0]) in _known().manifold else 1, len(argv)):
        pattern = tuple(argv[:count])
        if _covers(Rule(pattern, "allow"), argv):
            return pattern
    return tuple(argv)


def _covers(rule: Rule, argv: Sequence[str]) -> bool:
    pattern = rule.pattern
    if not pattern:
        return False
    if rule.decision != "allow":  # whatever folder the program is called from
        start = (_name(pattern[0]), *pattern[1:])
        return (_name(argv[0]), *argv[1 : len(pattern)]) == start
    return tuple(argv[: len(pattern)]) == pattern and _allows(pattern, argv)


def _allows(pattern: tuple[str, ...], argv: Sequence[str]) -> bool:
    """Whether a command does what its first words say, and nothing else that matters."""
    kind = _kind(argv[0])
    known = _known()
    rest = argv[len(pattern) :]
    if not rest:  # a shell without words would run what it is piped
        return len(argv) > 1 or kind not in known.interpreters | known.wrappers
    if kind in known.wrappers:
        return False
    if kind in known.interpreters:
        return _names_script(pattern)
    if f"{kind}-{argv[1]}" in known.runners:
        return (
            len(pattern) > 2 and not pattern[2].startswith("-") and _allows(pattern[2:], argv[2:])
        )
    if kind == "git" and argv[1].startswith("-"):
        return False
    turning = known.turning.get(kind, ())
    return not any(_is_turning(word, option) for word in rest for option in turning)


def _names_script(pattern: Sequence[str]) -> bool:
    """Whether an interpreter's first words settle what it runs."""
    if len(pattern) > 2 and pattern[1] == "-m":
        return not pattern[2].startswith("-")
    return len(pattern) > 1 and not pattern[1].startswith("-")


def _is_turning(word: str, option: str) -> bool:
    if word.startswith("--") and option.startswith("--"):
        name = word.partition("=")[0]
        return len(name) > 2 and option.startswith(name)  # long options may be cut short
    if option.startswith("-") and len(option) == 2:
        # It may stand among other letters.
        return word.startswith("-") and not word.startswith("--") and option[1] in word
    return word.startswith(option)


def _name(program: str) -> str:
    return PurePosixPath(program).name


def _kind(program: str) -> str:
    """A program's name without folder and version: `python` for `/usr/bin/python3.11`."""
    return _name(program).rstrip("0123456789.") or program


@cache
def _known() -> _Known:
    source = resources.files(__package__).joinpath("wrappers.toml").read_text("utf-8")
    table = tomllib.loads(source)
    turning = {name: tuple(options.split()) for name, options in table.pop("turning").items()}
    return _Known(
        turning=turning, **{name: frozenset(words.split()) for name, words in table.items()}
    )
