"""What the worker's one computing thread does next.

A job is the list of tokens that it wants evaluated: its prompt, then what it has generated. One
step makes a slot agree with the best waiting job, by forgetting what differs and evaluating at most
one slice; when all of the job's tokens are evaluated, the step picks the next token. A step that
would evaluate a single token may have a draft behind it (see `drafts`), and the last step of a
prompt what was once written behind it: it then picks as many tokens as the draft has right and one
more, which are those that steps of one token would pick.

So preemption and cancellation need no code of their own: between any two steps another job may be
the best one, or this one gone, and a job that comes back finds whatever is left of its tokens.

Everything here runs on one thread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, Protocol

from lsp_server.engines.base import Finished
from lsp_server.engines.local.constraint import ANYTHING
from lsp_server.engines.local.drafts import NO_DRAFT, Draft, DraftPolicy
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.pace import Pace
from lsp_server.engines.local.slots import Sequential, Slots
from lsp_server.engines.local.speed import Speed

if TYPE_CHECKING:
    from lsp_server.engines.local.pieces import PieceIndex

RECALL = 15
"""Recalled tokens that are evaluated at once: with the one before them a batch of sixteen, which
llama.cpp evaluates in the time of four single tokens (measured)."""


class Vocabulary(Protocol):
    """What the scheduler needs of a model."""

    index: PieceIndex
    """To find the tokens that a constraint allows."""

    def piece(self, token: int) -> bytes:
        """The bytes of an ordinary token."""
        ...

    def ends(self, token: int) -> bool:
        """Whether generation is over with this token."""
        ...


class EvaluationFailed(Exception):
    """llama.cpp refused a batch; the job it was for has been given up."""

    def __init__(self, job: Job) -> None:
        super().__init__("llama.cpp could not evaluate a batch")
        self.job = job


class Scheduler:
    """Holds the waiting jobs and the state of the context."""

    def __init__(self, context: Sequential, vocabulary: Vocabulary, speed: Speed) -> None:
        """`speed` is the context's on the quiet machine, with its slices."""
        self._context = context
        self._vocabulary = vocabulary
        self.slots = Slots(context)
        self._jobs: list[Job] = []
        self._drafts = DraftPolicy()
        self.prompt_tokens_per_second = speed.prompt_tokens_per_second
        """Measured over slices, averaged with more weight on the latest."""
        self.seconds_per_token = speed.seconds_per_token
        slice_seconds = speed.slice_tokens / speed.prompt_tokens_per_second
        self._pace = Pace(
            speed.threads, {1: speed.seconds_per_token, speed.slice_tokens: slice_seconds}
        )

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
        slot = self.slots.take(job, self._jobs)
        start = len(slot.tokens)
        if job.reused_tokens is None:
            job.reused_tokens = start
        tokens = job.tokens[start : start + self._context.slice_tokens]
        complete = start + len(tokens) == len(job.tokens)
        picks = complete and job.max_tokens > 0
        draft = self._draft(job, len(tokens)) if picks else NO_DRAFT
        batch = tokens + draft.tokens
        started = time.perf_counter()
        if not self._context.evaluate(slot.sequence, batch, start, 1 + len(draft.tokens)):
            self.slots.clear(slot)  # what a failed batch leaves behind is not known
            self.remove(job)
            raise EvaluationFailed(job)
        slot.tokens += batch
        picked = self._pick(job, draft) if picks else []
        seconds = time.perf_counter() - started
        job.account(start, len(tokens), seconds)
        self._measure(len(tokens), len(batch), seconds)
        self._drafts.judge(draft.match, draft.followed, [token for token, _ in picked])
        if picked:
            self._write(job, picked)
            right = start + len(tokens) + len(picked) - 1
            self.slots.cut(slot, min(right, len(job.tokens)))
        elif complete:
            self.slots.cut(slot, start + len(tokens))
            self._finish(job, "end" if picks else "length")

    def _draft(self, job: Job, tokens: int) -> Draft:
        """What to evaluate behind a job's last `tokens` tokens."""
        limit = min(self._room(job) - 1, self._context.slice_tokens - tokens)
        if limit < 1 or not self._context.can_forget_a_part:
            return NO_DRAFT
        if job.choice or (job.constraint and job.constraint.whole):
            return NO_DRAFT  # what followed once was most likely another choice or name
        if job.recalled:
            return Draft(0, job.recalled[: min(limit, max(1, RECALL + 1 - tokens))], [])
        if tokens > 1 or job.constraint or job.history is None:
            return NO_DRAFT
        job.history.follow(job.tokens[job.middle_start :])
        return self._drafts.draft(job.history, limit)

    def _pick(self, job: Job, draft: Draft) -> list[tuple[int, float]]:
        """The likeliest tokens with their log-probabilities: what the draft has right and one more.

        Empty if the vocabulary has no token that the job's constraint allows, or too few to choose.
        """
        picked: list[tuple[int, float]] = []
        constraint = job.constraint
        for output, guessed in enumerate([*draft.tokens, None], -1 - len(draft.tokens)):
            among = self._vocabulary.index.allowed(constraint) if constraint else None
            if among is not None and not among.size:
                break
            # How likely a name is by itself tells whether it was worth holding the answer to names.
            of_all = constraint is not None and constraint.whole and not constraint.unsaid
            picked.append(self._context.best(among, output, of_all=of_all))
            token = picked[-1][0]
            if token != guessed:
                break
            constraint = constraint and constraint.advance(self._vocabulary.piece(token))
        return self._choose(job, picked) if job.choice and picked else picked

    def _choose(self, job: Job, greedy: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """What a job with a choice picks instead of its one greedy token.

        Another one where the answer begins, which is where the greedy one says something new. Empty
        if there are too few to choose from.
        """
        token = greedy[0][0]
        constraint = job.constraint or ANYTHING
        ends = self._vocabulary.ends(token)
        if not ends and len(self._vocabulary.piece(token)) <= constraint.unsaid:
            return greedy
        among = self._vocabulary.index.telling(constraint)
        rank = job.choice - ends  # a token that ends is not among them
        return [self._context.best(among, rank=rank)] if rank < among.size else []

    def _write(self, job: Job, picked: list[tuple[int, float]]) -> None:
        """Go on with the picked tokens, or finish the job at the one that ends it."""
        for token, logprob in picked:
            if self._vocabulary.ends(token):
                self._finish(job, "end")
                return
            job.write(token, self._vocabulary.piece(token), logprob)
        if self._room(job) <= 0:
            self._finish(job, "length")

    def _room(self, job: Job) -> int:
        """How many tokens the job may still write; a long middle leaves no room for max_tokens."""
        return min(job.max_tokens - job.generated_tokens, self._context.size - len(job.tokens))

    def _finish(self, job: Job, reason: Literal["end", "length"]) -> None:
        self.remove(job)
        job.emit(Finished(reason, job.usage()))

    def _measure(self, tokens: int, evaluated: int, seconds: float) -> None:
        """Learn from the time of a step; `evaluated` tokens include the draft's."""
        self._pace.observe(evaluated, seconds)
        self._context.set_threads(self._pace.threads)
        if tokens == 1:
            self._drafts.measured(evaluated, seconds)
        if evaluated == 1:
            self.seconds_per_token = _average(self.seconds_per_token, seconds)
        elif tokens == self._context.slice_tokens:  # fewer are slower each
            self.prompt_tokens_per_second = _average(
                self.prompt_tokens_per_second, tokens / seconds
            )


def _average(old: float, new: float) -> float:
    return 0.7 * old + 0.3 * new
