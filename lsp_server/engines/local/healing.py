"""Token healing: going on from the middle of a word.

Where a text ends in half a word, its last tokens are not those that stand at the beginning of the
whole word, and a model that has never seen such an end goes on badly. So the last word's tokens are
taken off the prompt again, and the model is made to start with their bytes (see `constraint`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

HEALED_TOKENS = 4
"""At most so many tokens are taken off; a longer word keeps its first ones."""
_LAST_WORD = re.compile(r"([^\w\r\n]?)(\w+)\Z")


def unsettled(text: str, pieces: Sequence[bytes]) -> int:
    """How many of the last tokens of a text may be different ones once the text goes on.

    These are the tokens of its last word and of the one character before it, since vocabularies
    join the two (" word", "(self"), or the last token alone. `pieces` are the bytes of its tokens.
    """
    most = min(HEALED_TOKENS, len(pieces))
    word = _LAST_WORD.search(text)
    if word is None:
        return min(1, most)
    before, letters = (part.encode(errors="replace") for part in word.groups())
    taken = covered = 0
    while taken < most and covered < len(letters):
        taken += 1
        covered += len(pieces[-taken])
    joins = covered == len(letters) and taken < most and pieces[-taken - 1] == before
    return taken + joins
