"""What the worker's one computing thread does next.

A job is the list of tokens that it wants evaluated: its prompt, then what it has generated. One
step makes a slot agree with the best waiting job, by forgetting what differs and evaluating at most
one slice; when all of the job's tokens are evaluated, the step picks the next token.

So preemption and cancellation need no code of their own: between any two steps another job may be
the best one, or this one gone, and a job that comes back finds whatever is left of its tokens.

Everything here runs on one thread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, Protocol

from lsp_server.engines.base import Finished
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.slots import Sequential, Slots

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MEASURABLE_TOKENS = 32
"""Fewer tokens cost nearly as much as a slice, and tell nothing of the speed."""


class Vocabulary(Protocol):
    """What the scheduler needs of a model."""

    def piece(self, token: int) -> bytes:
        """The bytes of an ordinary token."""
        ...

    def ends(self, token: int) -> bool:
        """Whether generation is over with this token."""
        ...

    def agreeing(self, missing: bytes) -> npt.NDArray[np.int32]:
        """Ordinary tokens that start with these bytes, or are a beginning of them."""
        ...


class EvaluationFailed(Exception):
    """llama.cpp refused a batch; the job it was for has been given up."""

    def __init__(self, job: Job) -> None:
        super().__init__("llama.cpp could not evaluate a batch")
        self.job = job


class Scheduler:
    """Holds the waiting jobs and the state of the context."""

    def __init__(self, context: Sequential, vocabulary: Vocabulary) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._slots = Slots(context)
        self._jobs: list[Job] = []
        self.prompt_tokens_per_second: float | None = None
        """Measured over slices, averaged with more weight on the latest."""
        self.seconds_per_token: float | None = None

    def add(self, job: Job) -> None:
        """Take a job. Its prompt must fit into the context."""
        self._jobs.append(job)

    def remove(self, job: Job) -> None:
        """Drop a job that is waiting or under way."""
        self._jobs.remove(job)

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._jobs)

    def step(self) -> None:
        """Work on the best job, of which there must be one: highest priority, then first come.

        Raises EvaluationFailed, with that job removed.
        """
        job = min(self._jobs, key=lambda job: job.priority)
        started = time.perf_counter()
        slot = self._slots.take(job, self._jobs)
        start = len(slot.tokens)
        if job.reused_tokens is None:
            job.reused_tokens = start
        tokens = job.tokens[start : start + self._context.slice_tokens]
        if not self._context.evaluate(slot.sequence, tokens, start):
            self._slots.clear(slot)  # what a failed batch leaves behind is not known
            self.remove(job)
            raise EvaluationFailed(job)
        slot.tokens += tokens
        seconds = time.perf_counter() - started
        job.account(start, len(tokens), seconds)
        self._measure(len(tokens), seconds)
        if len(slot.tokens) == len(job.tokens):
            self._advance(job)

    def _advance(self, job: Job) -> None:
        """Pick the next token of a job whose tokens are all evaluated."""
        if not job.max_tokens:
            self._finish(job, "length")
            return
        among = self._vocabulary.agreeing(job.missing) if job.missing else None
        if among is not None and not among.size:  # bytes that the vocabulary has only in part
            self._finish(job, "end")
            return
        token, logprob = self._context.best(among)
        if self._vocabulary.ends(token):
            self._finish(job, "end")
            return
        job.write(token, self._vocabulary.piece(token), logprob)
        full = len(job.tokens) >= self._context.size  # a long middle leaves no room for max_tokens
        if full or job.generated_tokens >= job.max_tokens:
            self._finish(job, "length")

    def _finish(self, job: Job, reason: Literal["end", "length"]) -> None:
        self.remove(job)
        job.emit(Finished(reason, job.usage()))

    def _measure(self, tokens: int, seconds: float) -> None:
        """Keep the machine's measured speed up to date."""
        if tokens == 1:
            self.seconds_per_token = _average(self.seconds_per_token, seconds)
        elif tokens >= MEASURABLE_TOKENS:
            self.prompt_tokens_per_second = _average(
                self.prompt_tokens_per_second, tokens / seconds
            )


def _average(old: float | None, new: float) -> float:
    return new if old is None else 0.7 * old + 0.3 * new
