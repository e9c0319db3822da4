"""A context of Python lists, and a vocabulary of bytes, for tests of what is done with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt

from lsp_server.engines.local.parking import State
from lsp_server.engines.local.pieces import PieceIndex
from lsp_server.engines.local.slots import SLOTS
from lsp_server.engines.local.speed import Speed

END = 256
REFUSED = 300
Among = npt.NDArray[np.int32] | None
SPEED = Speed(threads=2, slice_tokens=4, prompt_tokens_per_second=100.0, seconds_per_token=0.01)


class ListContext:
    """The next token depends on every token before it, and on its position."""

    def __init__(self, *, slice_tokens: int = 4, can_forget_a_part: bool = True) -> None:
        self.slice_tokens = slice_tokens
        self.size = 1000
        self.sequences: list[list[int]] = [[] for _ in range(SLOTS)]
        self.evaluations: list[tuple[int, list[int]]] = []
        """Position and tokens of each batch."""
        self.copies: list[tuple[int, int]] = []
        self.latest: list[int] = []
        """The sequence that was evaluated last."""
        self.threads = SPEED.threads
        self.can_forget_a_part = can_forget_a_part
        self.drafted = 0
        """How many tokens were evaluated to see whether they are right."""
        self._outputs = 1

    @property
    def evaluated(self) -> int:
        """How many tokens were evaluated in all."""
        return sum(len(tokens) for _, tokens in self.evaluations)

    def set_threads(self, threads: int) -> None:
        self.threads = threads

    def keep(self, sequence: int, tokens: int) -> bool:
        held = self.sequences[sequence]
        assert tokens < len(held) or tokens == 0, "nothing to forget"
        kept = self.can_forget_a_part or tokens == 0
        del held[tokens if kept else 0 :]
        return kept

    def copy(self, source: int, target: int) -> None:
        assert source != target
        self.copies.append((source, target))
        self.sequences[target] = list(self.sequences[source])

    def state(self, sequence: int) -> State:
        return np.frombuffer(json.dumps(self.sequences[sequence]).encode(), dtype=np.uint8)

    def restore(self, sequence: int, state: State) -> bool:
        assert not self.sequences[sequence], "what it held should have been forgotten"
        self.sequences[sequence] = json.loads(state.tobytes())
        return True

    def evaluate(self, sequence: int, tokens: Sequence[int], start: int, outputs: int = 1) -> bool:
        assert 1 <= outputs <= len(tokens)
        self._outputs = outputs
        self.drafted += outputs - 1
        self.latest = self.sequences[sequence]
        assert 1 <= len(tokens) <= self.slice_tokens
        assert start == len(self.latest)
        self.evaluations.append((start, list(tokens)))
        if REFUSED in tokens:
            return False
        self.latest += tokens
        assert len(self.latest) <= self.size
        return True

    def best(
        self,
        among: Among = None,
        output: int = -1,
        rank: int = 0,
        *,
        of_all: bool = False,
    ) -> tuple[int, float]:
        assert -self._outputs <= output <= -1
        tokens = self.latest[: len(self.latest) + 1 + output]
        for _ in range(rank):
            assert among is not None
            among = among[among != self.pick(tokens, among)[0]]
        return self.pick(tokens, among)

    def logits(self, output: int = -1) -> npt.NDArray[np.float32]:
        """The token that `best` picks is the likeliest by far."""
        logits = np.zeros(END + 1, dtype=np.float32)
        logits[self.best(output=output)[0]] = 20.0
        return logits

    def pick(self, tokens: list[int], among: Among) -> tuple[int, float]:
        """What is picked after these tokens, and its natural-log probability."""
        return next_token(tokens, among), logprob(tokens)


class Bytes:
    """Token n is byte n; 256 ends; above are the pieces given."""

    def __init__(self, *more: bytes) -> None:
        self._pieces = [*(bytes([byte]) for byte in range(256)), b"", *more]
        texts = [*range(256), *range(257, len(self._pieces))]
        self.index = PieceIndex(self._pieces, texts, [END])

    def piece(self, token: int) -> bytes:
        return self._pieces[token]

    def ends(self, token: int) -> bool:
        return token == END


def next_token(tokens: Sequence[int], among: Among = None) -> int:
    """One of those by the hash of the sequence, else an ASCII letter; now and then the end."""
    number = crc32(repr(list(tokens)).encode())
    if among is not None:
        return int(np.sort(among)[number % among.size])
    return END if number % 16 == 0 else 97 + number % 26


def logprob(tokens: Sequence[int]) -> float:
    return -len(tokens) / 1000
