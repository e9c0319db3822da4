"""What an answer must begin with: a half-typed word, one of some names, or one behind the other.

A constraint is a set of texts, as bytes. While it holds, only tokens may be picked that go on from
what has been written towards one of them, so that each step keeps to it whatever the model prefers
(the idea of a trie as a mask of the logits). Behind it, decoding is free.

`pieces.PieceIndex` finds the tokens; a `Constraint` says what has become of the texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

WORD_BYTES = frozenset(
    byte for byte in range(256) if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_")
)
"""Bytes of word characters: all beyond ASCII are taken for such."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """The texts of which the answer must go on with one. An answer may not end before it did."""

    rests: tuple[bytes, ...]
    """What is still to be written of each; one at least, none twice."""
    whole: bool = False
    """Whether a text must be followed by a byte that is no word character, or by nothing."""
    unsaid: int = 0
    """How many of the next bytes the user has already."""

    @property
    def may_end(self) -> bool:
        """Whether the answer may end here."""
        return b"" in self.rests

    def advance(self, piece: bytes) -> Constraint | None:
        """What holds behind an allowed token with these bytes; None: nothing any more."""
        if any(self._done(rest, piece) for rest in self.rests):
            return None
        length = len(piece)
        rests = tuple(rest[length:] for rest in self.rests if rest.startswith(piece))
        return Constraint(rests, self.whole, max(0, self.unsaid - length))

    def _done(self, rest: bytes, piece: bytes) -> bool:
        """Whether a text is written with this piece, and what must follow it too."""
        if not piece.startswith(rest):
            return False
        if self.whole:
            return len(piece) > len(rest) and piece[len(rest)] not in WORD_BYTES
        return True


ANYTHING = Constraint((b"",))


def going_on_with(missing: bytes, names: Iterable[str]) -> Constraint | None:
    """The constraint to begin with bytes the user has already, then with a name, if there are any.

    None if there is neither.
    """
    spelled = dict.fromkeys(missing + name.encode(errors="replace") for name in names)
    if spelled:
        return Constraint(tuple(spelled), whole=True, unsaid=len(missing))
    return Constraint((missing,), unsaid=len(missing)) if missing else None
