"""Which of the context's sequences a job is evaluated in.

A user moves between a few places, and each has its prompt; so the context has several sequences,
and a slot is what one of them holds. A job goes on in the slot that holds the longest beginning of
its tokens. Where that would destroy another prompt, the job gets the slot that has gone unused for
longest, and a copy of the common beginning. What that slot held is parked (`parking`), and comes
back into a slot when a job begins like it.

Invariants: a slot's list is exactly what its sequence holds; and a beginning of the tokens of the
job that owns it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from os.path import commonprefix
from typing import TYPE_CHECKING, Protocol

from lsp_server.engines.local.job import Job
from lsp_server.engines.local.parking import FEWEST_TOKENS, Parking, State
from lsp_server.engines.local.states import States

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SLOTS = 4
"""Sequences for completion."""
FORK_TOKENS = 64
"""A slot is left alone rather than that more of a prompt in it is forgotten."""
RECALLED_TOKENS = 32
"""Of what was generated, so many are kept with a prompt that is put aside: a step or two write them
again, as a draft that is nearly always right."""
COPY_TOKENS = 16
"""From here on copying a common beginning is quicker than evaluating it again."""


class Sequential(Protocol):
    """What is needed of a context of a few sequences; `context.Context` is the real one."""

    slice_tokens: int
    size: int
    """Tokens that one sequence can hold."""
    can_forget_a_part: bool
    """Whether `keep` can do anything but forget all."""

    def set_threads(self, threads: int) -> None:
        """Use so many threads from now on."""
        ...

    def keep(self, sequence: int, tokens: int) -> bool:
        """Forget all but the first tokens of a sequence; False: all were forgotten."""
        ...

    def copy(self, source: int, target: int) -> None:
        """Make one sequence hold what another does."""
        ...

    def state(self, sequence: int) -> State:
        """What a sequence holds, to be restored into any of them; empty if it can't be told."""
        ...

    def restore(self, sequence: int, state: State) -> bool:
        """Make a sequence hold what `state` gave; False: it is empty now."""
        ...

    def evaluate(self, sequence: int, tokens: Sequence[int], start: int, outputs: int = 1) -> bool:
        """Evaluate tokens at position `start` of a sequence, the last `outputs` with logits."""
        ...

    def best(
        self,
        among: npt.NDArray[np.int32] | None = None,
        output: int = -1,
        rank: int = 0,
        *,
        of_all: bool = False,
    ) -> tuple[int, float]:
        """The likeliest token at an output, -1 being the last, and its natural-log probability.

        With `among`, it is one of these, its probability that among them or `of_all` tokens; with
        `rank`, so many likelier ones are left aside.
        """
        ...

    def logits(self, output: int = -1) -> npt.NDArray[np.float32]:
        """The logits at an output, to be read before the next evaluation."""
        ...


@dataclass(eq=False)
class Slot:
    """What one sequence holds."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    owner: Job | None = None
    """The last job that was evaluated here, even if it has ended."""
    given: int = 0
    """How many of its tokens a job was given."""
    used: int = 0
    """When it was last used, in steps."""

    def shared(self, tokens: list[int]) -> int:
        """Length of the beginning that it has in common with a job's tokens.

        The job's last token is never counted: logits exist only right after its evaluation.
        """
        return min(len(commonprefix([self.tokens, tokens])), len(tokens) - 1)

    def followed(self, tokens: list[int]) -> list[int]:
        """What a model wrote behind these tokens; empty if that is not known.

        Tokens that the last job was given are not a model's: the user may have deleted them. Of a
        prompt from before a restart nobody knows.
        """
        if len(tokens) < self.given or self.tokens[: len(tokens)] != tokens:
            return []
        return self.tokens[len(tokens) :]

    def worth(self, waiting: Collection[Job]) -> int:
        """How many tokens are worth keeping: what has been generated is not, once its job ended."""
        if self.owner is None or self.owner in waiting:
            return len(self.tokens)
        return min(len(self.tokens), self.owner.prompt_tokens)


class Slots:
    """All sequences of a context."""

    def __init__(self, context: Sequential, sequences: int = SLOTS) -> None:
        self._context = context
        self._slots = [Slot(sequence) for sequence in range(sequences)]
        self._parking = Parking()
        self._clock = count(1)

    def take(self, job: Job, waiting: Collection[Job]) -> Slot:
        """The slot to go on in; it holds a beginning of the job's tokens, and not all of them.

        `waiting` are the jobs that are under way, this one included.
        """
        slot = next((slot for slot in self._slots if slot.owner is job), None)
        if slot is None:
            slot = self._place(job, waiting)
            slot.owner, slot.given = job, job.given_tokens
        slot.used = next(self._clock)
        return slot

    def clear(self, slot: Slot) -> None:
        """Forget what a slot holds."""
        self._context.keep(slot.sequence, 0)
        slot.tokens.clear()
        slot.owner, slot.given = None, 0

    def cut(self, slot: Slot, tokens: int) -> None:
        """Forget all but the first tokens, or all if that can't be done."""
        if tokens < len(slot.tokens):
            if not self._context.keep(slot.sequence, tokens):
                tokens = 0
            del slot.tokens[tokens:]

    def keep(self, states: States) -> None:
        """Save all prompts. Much of what was generated is forgotten."""
        recent_first = sorted(self._slots, key=lambda slot: slot.used, reverse=True)
        for slot in recent_first:
            self.cut(slot, slot.worth(()) + RECALLED_TOKENS)
        states.keep((slot.sequence, slot.tokens) for slot in recent_first)

    def restore(self, states: States) -> None:
        """Hold what was saved, and nothing else."""
        for slot in self._slots:
            self.clear(slot)
        restored = states.restore(range(len(self._slots)))
        for slot in self._slots:
            if slot.sequence not in restored:
                self.clear(slot)  # it may hold what was read in vain
        for sequence, tokens in reversed(restored.items()):
            self._slots[sequence].tokens = tokens
            self._slots[sequence].used = next(self._clock)

    def _place(self, job: Job, waiting: Collection[Job]) -> Slot:
        tokens = job.tokens
        best = max(self._slots, key=lambda slot: (slot.shared(tokens), -slot.worth(waiting)))
        common = best.shared(tokens)
        parked = self._parking.take(tokens[:-1], common + COPY_TOKENS)
        slot = best
        if parked or _destroys(best.worth(waiting) - common, common, len(tokens)):
            slot = min(self._slots, key=lambda slot: (slot.owner in waiting, slot.used))
            self._park(slot, waiting)
            if parked:
                self.clear(slot)
                if self._context.restore(slot.sequence, parked.state):
                    slot.tokens, slot.given = parked.tokens, parked.given
            elif common - slot.shared(tokens) >= COPY_TOKENS:
                self._context.copy(best.sequence, slot.sequence)
                slot.tokens, slot.given = list(best.tokens), best.given
        job.recalled = slot.followed(tokens) or job.recalled
        self.cut(slot, slot.shared(tokens))
        return slot

    def _park(self, slot: Slot, waiting: Collection[Job]) -> None:
        """Keep what a slot holds elsewhere, before it gives way."""
        worth = slot.worth(waiting)
        if worth >= FEWEST_TOKENS:
            self.cut(slot, worth + RECALLED_TOKENS)
            state = self._context.state(slot.sequence)
            if len(state):
                self._parking.add(slot.tokens, slot.given, state)


def _destroys(forgotten: int, common: int, tokens: int) -> bool:
    """Whether going on in a slot would destroy a prompt that may be asked for again.

    It does if much of it goes. A short prompt can lose but little, so it is also another one's if
    the new one has less than half in common with it.
    """
    return forgotten > FORK_TOKENS or (forgotten > 0 and 2 * common < tokens)
