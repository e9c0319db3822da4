"""A shell line read into its segments, if it is so plain that no two shells read it differently.

Two readers must agree. The one here takes words, quotes and joins by a narrow grammar of its own;
the other is tree-sitter-bash with an allowlist of node kinds (`tree.py`). A line that either does
not know in full, or that they split differently, is not plain: it may run, but only after a person
has read it. Shells are full of surprises (`${x@P}`, `$IFS`, `{a,b}`, a newline, `&`), and a list of
those that are known to be bad has never been complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lsp_server.agent.commands import tree
from lsp_server.agent.display import visible

MAX_CHARACTERS = 4_000
MAX_SEGMENTS = 20
"""Who approves a longer line has not read it."""

Join = Literal["", "&&", "||", ";", "|"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One simple command."""

    argv: tuple[str, ...]
    """Its words as the program gets them, but for the patterns below; never empty."""
    patterns: frozenset[int] = frozenset()
    """Which words are file name patterns (`*`, `?`), that the shell puts names in the place of."""
    join: Join = ""
    """What stands before it; empty for the first."""


@dataclass(frozen=True, slots=True)
class NotPlain:
    """The line does something that can't be judged from its words."""

    reason: str
    """One sentence."""


_BARE = r"[A-Za-z0-9_./:,=+@%^-]|(?<=[A-Za-z0-9_^~])~"
_ESCAPED = r"\\[ -/:-@\[-`{-~]"
_SINGLE = r"'[^']*'"
_DOUBLE = r'"(?:[^"\\$`!]|\\[^!]|\$(?="))*"'
_PIECE = re.compile(
    rf"(?P<bare>(?:{_BARE})+)|(?P<glob>[*?])|(?P<escaped>{_ESCAPED})"
    rf"|(?P<single>{_SINGLE})|(?P<double>{_DOUBLE})"
)
_REDIRECT = re.compile(r"(?:[12]?>>?|<) ?/dev/null(?= |$)|[12]?>&[12](?= |$)")
_JOIN = re.compile(r"&&|\|\||;|\|")
_NAME = re.compile(r"[A-Za-z0-9_./+-]+")
_RESERVED = re.compile(
    "case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while"
)

_WHY = {
    "$": "It has the shell put something in (`$`).",
    "`": "It runs a command inside of a word (`` ` ``).",
    ">": "It writes to a file (`>`).",
    "<": "It reads from a redirection (`<`).",
    "&": "It runs something in the background (`&`).",
    "(": "It starts a subshell or a function (`(`).",
    "{": "It has braces that the shell acts on.",
    "[": "It has brackets that the shell acts on.",
    "~": "It has the shell put in a home folder (`~`).",
    "!": "It has a `!` that the shell acts on.",
    "#": "It has a comment (`#`), which can hide something.",
    '"': "It has a quoted text that the shell changes, or that has no end.",
    "'": "It has a quote that has no end.",
    "\\": "It has a backslash where shells differ.",
}


def parse(line: str) -> tuple[Segment, ...] | NotPlain:
    """Read a line; pure, and well under a millisecond."""
    line = line.strip(" ")
    if not line:
        return NotPlain("There is no command.")
    if len(line) > MAX_CHARACTERS:
        return NotPlain(f"It is longer than {MAX_CHARACTERS} characters.")
    if "\n" in line:
        return NotPlain("It has more than one line.")
    if visible(line, keep="") != line:
        return NotPlain("It has characters that can't be seen.")
    tokens: list[str] = []
    segments = _read(line, tokens)
    if isinstance(segments, NotPlain):
        return segments
    if tree.tokens(line) != tokens:
        return NotPlain("Shells may read it in different ways.")
    if len(segments) > MAX_SEGMENTS:
        return NotPlain(f"It has more than {MAX_SEGMENTS} commands.")
    return tuple(segments)


def _read(line: str, tokens: list[str]) -> list[Segment] | NotPlain:
    """The segments; `tokens` are filled with what they were read from, as `tree.tokens` has it."""
    segments: list[Segment] = []
    argv: list[str] = []
    patterns: set[int] = set()
    join: Join = ""
    redirected = False
    at = 0
    while at < len(line):
        if line[at] == " ":
            at += 1
        elif found := _REDIRECT.match(line, at):
            if not argv or line[at - 1] != " ":
                return NotPlain("It has a redirection where shells differ.")
            redirected = True
            tokens.append(found[0].replace(" ", ""))
            at = found.end()
        elif found := _JOIN.match(line, at):
            if not argv:
                return NotPlain("A command is missing before a join.")
            segments.append(Segment(tuple(argv), frozenset(patterns), join))
            argv, patterns, redirected = [], set(), False
            join = found[0]  # type: ignore[assignment]
            tokens.append(found[0])
            at = found.end()
        else:
            word = _word(line, at)
            if isinstance(word, NotPlain):
                return word
            if redirected:
                return NotPlain("It has a redirection between words.")
            if not argv and not _is_program(word.source):
                return NotPlain("The name of a program is not written plainly.")
            if word.is_pattern:
                patterns.add(len(argv))
            argv.append(word.text)
            tokens.append(word.source)
            at += len(word.source)
    if not argv:
        return NotPlain("A command is missing at its end.")
    return [*segments, Segment(tuple(argv), frozenset(patterns), join)]


def _is_program(word: str) -> bool:
    return _NAME.fullmatch(word) is not None and not _RESERVED.fullmatch(word)


@dataclass(frozen=True, slots=True)
class _Word:
    source: str
    text: str
    is_pattern: bool


def _word(line: str, start: int) -> _Word | NotPlain:
    at = start
    text = ""
    kinds: set[str] = set()
    while at < len(line) and (piece := _PIECE.match(line, at)):
        kind = str(piece.lastgroup)
        kinds.add(kind)
        text += _unquoted(kind, piece[0])
        at = piece.end()
    source = line[start:at]
    rest = line[at : at + 1]
    if rest and rest not in " ;|" and not line.startswith("&&", at):
        return NotPlain(_WHY.get(rest, "It has characters outside of quotes that shells act on."))
    if "glob" in kinds and not kinds <= {"glob", "bare"}:
        return NotPlain("It has a file name pattern with quotes in it.")
    return _Word(source, text, "glob" in kinds)


def _unquoted(kind: str, source: str) -> str:
    if kind == "single":
        return source[1:-1]
    if kind == "double":
        return re.sub(r'\\([$`"\\])', r"\1", source[1:-1])
    return source[1:] if kind == "escaped" else source
