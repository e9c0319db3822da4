"""What is a credential only by the name that it is given, or by where it stands; in one line.

`password = "..."`, `https://user:...@host`, `Authorization: Bearer ...`. Such a guess may be wrong,
so it keeps no file from being read: it is only masked (`masking`) in what leaves the machine.
A value must look as if chance had made it, or a person who was asked for digits: `password =
"password"` or `token = "access-token"` says nothing worth hiding.

All quantifiers are bounded, so that the time is linear in the line's length.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

_NAMES = (
    r"(?:passw(?:or)?d|passphrase|passwd|pwd|secret|credential|tokens?\b|token_|api[_-]?key|apikey"
    r"|(?:auth|access|account|client|private|signing|encryption|master|service|session|license"
    r"|webhook|db|app)[_-]?(?:key|pass|token))"
)
_HINTS = ("pass", "pwd", "secret", "credential", "token", "key", "bearer", "basic", "auth")
"""One of them, in small letters, is in every line that has a name of these."""

_QUOTED = re.compile(
    _NAMES
    + r"""\w{0,40}[\\"'\])]{0,6}\s{0,20}(?::=|=>|={1,3}|!==?|:\s{0,9}\w{1,20}\s{0,9}=|:|\(|,)"""
    r"""\s{0,20}[bBrRuf@]{0,2}(\\{0,3}["'`])([^\s"'`\\]{8,500})\1""",
    re.IGNORECASE,
)
_BARE = re.compile(
    _NAMES
    + r"""\w{0,40}["']?(?:=|:[ \t]{1,9})([^\s"'`(){}\[\],;<>$\\]{8,500})(?:[ \t\r]{0,9}$|\\[nr])""",
    re.IGNORECASE,
)
"""As in a shell's or YAML's lines: all behind the sign, and nothing that code would have there."""
_IN_LIST = re.compile(
    r"""(?:[;&?]\s?(?:password|passwd|pwd|token|access_token|api_?key|sig|secret)="""
    r"""|--?(?:password|passwd|token|api-?key|secret)[ =]|\s-p(?=\S{8,60}\s))"""
    r"""([^\s"'`;&<>(){}\[\]$]{6,500})""",
    re.IGNORECASE,
)
"""Connection strings, the queries of addresses, the options of commands."""
_HEADER = re.compile(r"\b(?:bearer|basic|token)\s{1,9}([\w.=+/~-]{16,2000})", re.IGNORECASE)
_URL = re.compile(r"""://[^\s/:@"'<>`{}$%]{0,100}:([^\s/"'<>`{}]{3,200})@[\w.\[-]""")
_USER = re.compile(r"""\s(?:-u|--user)[ =]["']?[^\s:"']{1,60}:([^\s"']{6,200})""")
_JWT = re.compile(r"\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,2000}")
_DISCORD = re.compile(r"\b[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\b")
_STRIPE_TEST = re.compile(r"\b[rs]k_test_[0-9a-zA-Z]{24,120}")

_TEMPLATE = re.compile(
    r"^[$%{<]|\$\{|\{\{|%\(|%[sd]$|\{\w*\}|<\w+>|^(?:\.{0,2}/[a-z0-9_.-]+)+/?$|MASKED_[0-9a-f]{8}|EXAMPLE"
)
"""What a program fills in, a path, a placeholder of ours, a sample."""
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
"""As code names things."""
_WORDS = re.compile(r"[A-Za-z]+")
_PLAIN = """
abc abcd abcdef admin alice auth basic bob changeme client demo default dummy example fake foo bar
baz guest key login mock my new old pass passwd passphrase password placeholder private pwd root
sample secret some test testing token user username valid invalid wrong your x xx xxx qwerty hello
world value string name api app this that the is a
"""
_ORDINARY = frozenset(_PLAIN.split())
"""Words that passwords of examples are made of."""


def guessed(line: str) -> Iterator[tuple[int, int]]:
    """Where values stand that are probably credentials: start and end of each."""
    if "://" in line:
        yield from _found(_URL, line, _is_own_word)
    if "eyJ" in line:
        yield from _found(_JWT, line, _anything)
    if "k_test_" in line:
        yield from _found(_STRIPE_TEST, line, is_random)
    if line.count(".") > 1 and len(line) > 58:
        yield from _found(_DISCORD, line, is_random)
    if " -u" in line or " --user" in line:
        yield from _found(_USER, line, _is_own_word)
    if any(map(line.lower().__contains__, _HINTS)):
        yield from _named(line)


def _named(line: str) -> Iterator[tuple[int, int]]:
    yield from _found(_QUOTED, line, is_chosen)
    yield from _found(_BARE, line, _is_bare)
    yield from _found(_IN_LIST, line, is_chosen)
    yield from _found(_HEADER, line, is_random)


def is_chosen(value: str) -> bool:
    """Whether a value may be a password: letters with digits, and not words with a number."""
    if _TEMPLATE.search(value) or not _is_mixed(value):
        return False
    words = [word.lower() for word in _WORDS.findall(value)]
    return len(set(value)) > 5 and not all(word in _ORDINARY for word in words)


def is_random(value: str) -> bool:
    """Whether a value looks as if chance had made it."""
    if _TEMPLATE.search(value) or not _is_mixed(value) or len(value) < 12:
        return False
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(value))
    return changes > 3 and _bits(value) >= 3.0


def _is_mixed(value: str) -> bool:
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _is_own_word(value: str) -> bool:
    """Whether a password in an address is more than the word for one."""
    if _TEMPLATE.search(value):
        return False
    return is_chosen(value) or (len(value) > 7 and _bits(value) >= 3.0 and not value.isalpha())


def _is_bare(value: str) -> bool:
    return is_random(value) and not _DOTTED.fullmatch(value)


def _anything(_: str) -> bool:
    return True


def _bits(value: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def _found(
    pattern: re.Pattern[str], line: str, fits: Callable[[str], bool]
) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(line):
        group = pattern.groups
        if fits(match[group]):
            yield match.span(group)
