"""Token healing: going on from the middle of a word.

Where a text ends in half a word, its last tokens are not those that stand at the beginning of the
whole word, and a model that has never seen such an end goes on badly. So the last word's tokens are
taken off the prompt again, and the model is made to start with their bytes: while some are missing,
only tokens are picked that extend them or are a beginning of them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

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


class PieceIndex:
    """Tokens in the order of their bytes."""

    def __init__(self, pieces: Sequence[bytes], tokens: Iterable[int]) -> None:
        """`pieces` are the bytes of all tokens by id; `tokens` the ids that may be found."""
        ordered = sorted(tokens, key=pieces.__getitem__)
        self._tokens = np.array(ordered, dtype=np.int32)
        self._pieces = [pieces[token] for token in ordered]
        self._above = b"\xff" * max(map(len, self._pieces), default=0)

    def agreeing(self, missing: bytes) -> npt.NDArray[np.int32]:
        """Ids of the tokens that start with the missing bytes, or are a beginning of them."""
        beginnings = (missing[:length] for length in range(1, len(missing)))
        return np.concatenate(
            [
                *(self._between(beginning, beginning) for beginning in beginnings),
                self._between(missing, missing + self._above),
            ]
        )

    def _between(self, first: bytes, last: bytes) -> npt.NDArray[np.int32]:
        return self._tokens[bisect_left(self._pieces, first) : bisect_right(self._pieces, last)]
