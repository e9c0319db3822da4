"""The words of code: what a search for similar passages compares."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_LENGTH = 40


def words(text: str) -> str:
    """The words in a text, in lower case, with a space between.

    An identifier is its parts, split at underscores and changes of case, and itself as a whole:
    `getUserName` is found by `user name` and best by `getUserName`. Words that nearly all code has
    are left out.
    """
    return " ".join(filter(None, map(_parts, _IDENTIFIER.findall(text))))


@lru_cache(maxsize=1 << 16)
def _parts(identifier: str) -> str:
    whole = identifier.strip("_").lower()
    parts = [part.lower() for part in _PART.findall(identifier)]
    if len(parts) > 1:
        parts.append(whole.replace("_", ""))
    kept = (part for part in parts if 1 < len(part) <= MAX_LENGTH and part not in _COMMON)
    return " ".join(kept)


_IDENTIFIER = re.compile(r"[^\W\d]\w+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+|[^\W_A-Z][^\W_A-Z]*")
_COMMON = frozenset(
    """
    and as assert async await auto bool break byte case catch char class cls const continue def
    default del do double elif else enum except export extends extern false final finally float
    fn for from func function global go if impl implements import in include inline int
    interface is lambda let long match mod mut namespace new nil none not null of or override
    package pass private protected pub public raise range ref return self short signed sizeof
    static str string struct super switch template the then this throw throws to trait true try
    type typedef typename typeof undefined union unsigned use using var virtual void volatile
    where while with yield
    """.split()  # noqa: SIM905
)
