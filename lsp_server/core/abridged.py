"""Code that is not whole, as models give it."""

from __future__ import annotations

import re


def leaves_out(text: str) -> bool:
    """Whether a comment stands for code, as models write it when they abridge."""
    return _ABRIDGED.search(text) is not None


_ABRIDGED = re.compile(
    r"(#|//|/\*)\s*(\.\.\.|…|(the )?(rest of|existing|remaining|other|unchanged|same)\b[\w\s]*"
    r"\b(code|body|method|methods|function|class|logic|implementation|unchanged|as before)\b)",
    re.IGNORECASE,
)
