"""Evaluated prompts that no slot has room for, kept in memory.

A user moves between more places than the context has sequences. What a slot held when it gave way
to another prompt is copied here, which takes milliseconds; to evaluate it again would take a
second. The oldest go first when room is short.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from os.path import commonprefix
from typing import TYPE_CHECKING, TypeAlias

from lsp_server.models.memory import PARKED_BYTES

if TYPE_CHECKING:  # the server imports this too, and has no use for numpy
    import numpy as np
    import numpy.typing as npt

FEWEST_TOKENS = 64
"""Shorter prompts are evaluated nearly as quickly as they are copied."""

State: TypeAlias = "npt.NDArray[np.uint8]"
"""A sequence as llama.cpp serialises it."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The tokens of a sequence, and its state as llama.cpp serialises it."""

    tokens: list[int]
    given: int
    """How many of them a job was given; the others were generated."""
    state: State = field(repr=False)


class Parking:
    """Parked prompts, the latest last. Their states take `room` bytes at most."""

    def __init__(self, room: int = PARKED_BYTES) -> None:
        self._room = room
        self._parked: list[Parked] = []

    def add(self, tokens: list[int], given: int, state: State) -> None:
        """Park a prompt; one that it begins with is no longer needed."""
        self._parked = [p for p in self._parked if p.tokens != tokens[: len(p.tokens)]]
        self._parked.append(Parked(list(tokens), given, state))
        taken = sum(len(parked.state) for parked in self._parked)
        while taken > self._room:
            taken -= len(self._parked.pop(0).state)

    def take(self, tokens: list[int], longer_than: int) -> Parked | None:
        """Remove and return the prompt with the longest beginning in common, if it is that long."""
        best, length = None, longer_than
        for parked in self._parked:
            common = len(commonprefix([parked.tokens, tokens]))
            if common > length:
                best, length = parked, common
        if best is not None:
            self._parked.remove(best)
        return best
