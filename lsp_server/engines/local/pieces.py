"""A vocabulary in the order of its tokens' bytes, to find those that a constraint allows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from lsp_server.engines.local.constraint import WORD_BYTES, Constraint

Tokens = npt.NDArray[np.int32]


def _other_bytes() -> Iterator[tuple[int, int]]:
    """First and last of each run of bytes that are no word characters."""
    others = [byte for byte in range(256) if byte not in WORD_BYTES]
    firsts = [byte for byte in others if byte - 1 not in others]
    lasts = [byte for byte in others if byte + 1 not in others]
    return zip(firsts, lasts, strict=True)


_OTHER_BYTES = tuple((bytes([first]), bytes([last])) for first, last in _other_bytes())


class PieceIndex:
    """Tokens by their bytes."""

    def __init__(
        self, pieces: Sequence[bytes], tokens: Iterable[int], endings: Collection[int]
    ) -> None:
        """`pieces` are the bytes of all tokens by id; `tokens` the ids that may be found by them.

        `endings` are those that end a generation; they are never found by their bytes.
        """
        ordered = sorted(set(tokens).difference(endings), key=pieces.__getitem__)
        self._tokens = np.array(ordered, dtype=np.int32)
        self._endings = np.array(sorted(endings), dtype=np.int32)
        self._pieces = [pieces[token] for token in ordered]
        self._places = {piece: place for place, piece in enumerate(self._pieces)}
        """The last place of each piece: a few have several tokens."""
        self._lengths = np.array([len(piece) for piece in self._pieces], dtype=np.int32)
        self._longest = int(self._lengths.max(initial=0))
        self._above = b"\xff" * self._longest

    def allowed(self, constraint: Constraint) -> Tokens:
        """Ids of the tokens that may come next, with those that end an answer where it may end."""
        tokens = self._tokens[self._mask(constraint)]
        return np.concatenate([tokens, self._endings]) if constraint.may_end else tokens

    def telling(self, constraint: Constraint) -> Tokens:
        """Ids of those that write more than the user has already, and end nothing."""
        return self._tokens[self._mask(constraint) & (self._lengths > constraint.unsaid)]

    def _mask(self, constraint: Constraint) -> npt.NDArray[np.bool_]:
        """Which tokens, in the order of their bytes, are allowed."""
        mask = np.zeros(len(self._tokens), dtype=np.bool_)
        beginnings = {
            rest[:length]
            for rest in constraint.rests
            for length in range(1, min(len(rest), self._longest) + 1)
        }
        for beginning in beginnings & self._places.keys():
            place = self._places[beginning]
            while place >= 0 and self._pieces[place] == beginning:
                mask[place] = True
                place -= 1
        for rest in constraint.rests:
            first, last = self._between(rest, rest, 0, len(self._pieces))
            if not constraint.whole:
                mask[first:last] = True
            elif first < last:
                for low, high in _OTHER_BYTES:
                    mask[slice(*self._between(rest + low, rest + high, first, last))] = True
        return mask

    def _between(self, low: bytes, high: bytes, first: int, last: int) -> tuple[int, int]:
        """The places from `low` to all that starts with `high`, within some places."""
        return (
            bisect_left(self._pieces, low, first, last),
            bisect_right(self._pieces, high + self._above, first, last),
        )
