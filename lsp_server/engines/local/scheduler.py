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

from lsp_server.engines.local.constraint import ANYTHING, Constraint
from lsp_server.engines.local.drafts import NO_DRAFT, Draft
from lsp_server.engines.local.job import Job
from lsp_server.engines.local.lane import Lane
from lsp_server.engines.local.slots import Sequential
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
    """Holds the waiting jobs. Each is evaluated in one lane's context, all by one model."""

    def __init__(self, context: Sequential, vocabulary: Vocabulary, speed: Speed) -> None:
        """`speed` is the context's on the quiet machine, with its slices."""
        self.main = Lane(context, speed)
        """Of jobs that are added without a lane."""
        self._vocabulary = vocabulary
        self._jobs: dict[Job, Lane] = {}

    def add(self, job: Job, lane: Lane | None = None) -> None:
        """Take a job. Its prompt must fit into the lane's context."""
        self._jobs[job] = lane or self.main

    def remove(self, job: Job) -> None:
        """Drop a job that is waiting or under way."""
        del self._jobs[job]

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._jobs)

    def step(self) -> None:
        """Work on the best job, of which there must be one: highest priority, then first come.

        Raises EvaluationFailed, with that job removed.
        """
        job = min(self._jobs, key=lambda job: job.priority)
        lane = self._jobs[job]
        slot = lane.slots.take(job, self._jobs)
        start = len(slot.tokens)
        if job.reused_tokens is None:
            job.reused_tokens = start
        tokens = job.tokens[start : start + lane.context.slice_tokens]
        complete = start + len(tokens) == len(job.tokens)
        picks = complete and job.max_tokens > 0
        draft = self._draft(lane, job, len(tokens)) if picks else NO_DRAFT
        batch = tokens + draft.tokens
        started = time.perf_counter()
        if not lane.context.evaluate(slot.sequence, batch, start, 1 + len(draft.tokens)):
            lane.slots.clear(slot)  # what a failed batch leaves behind is not known
            self.remove(job)
            raise EvaluationFailed(job)
        slot.tokens += batch
        picked = self._pick(lane, job, draft) if picks else []
        seconds = time.perf_counter() - started
        job.account(start, len(tokens), seconds)
        lane.measure(len(tokens), len(batch), seconds)
        lane.drafts.judge(draft.match, draft.followed, [token for token, _ in picked])
        if picked:
            self._write(lane, job, picked)
            right = start + len(tokens) + len(picked) - 1
            lane.slots.cut(slot, min(right, len(job.tokens)))
        elif complete:
            lane.slots.cut(slot, start + len(tokens))
            self._finish(job, "end" if picks else "length")

    def _draft(self, lane: Lane, job: Job, tokens: int) -> Draft:
        """What to evaluate behind a job's last `tokens` tokens."""
        limit = min(_room(lane, job) - 1, lane.context.slice_tokens - tokens)
        if limit < 1 or not lane.context.can_forget_a_part:
            return NO_DRAFT
        if job.choice or (job.constraint and job.constraint.whole):
            return NO_DRAFT  # what followed once was most likely another choice or name
        if job.recalled:
            return Draft(0, job.recalled[: min(limit, max(1, RECALL + 1 - tokens))], [])
        if tokens > 1 or job.constraint or job.history is None:
            return NO_DRAFT
        job.history.follow(job.tokens[job.middle_start :])
        return lane.drafts.draft(job.history, limit)

    def _pick(self, lane: Lane, job: Job, draft: Draft) -> list[tuple[int, float]]:
        """The next tokens with their log-probabilities: what the draft has right and one more.

        They are the likeliest, if the job has no sampler. Empty if the vocabulary has no token that
        the job's constraint or grammar allows, or too few to choose.
        """
        picked: list[tuple[int, float]] = []
        constraint = job.constraint
        for output, guessed in enumerate([*draft.tokens, None], -1 - len(draft.tokens)):
            if job.sampler is not None:
                found = job.sampler.pick(lane.context.logits(output))
            else:
                found = self._best(lane, constraint, output)
            if found is None:
                break
            picked.append(found)
            token = found[0]
            if token != guessed:
                break
            constraint = constraint and constraint.advance(self._vocabulary.piece(token))
        return self._choose(lane, job, picked) if job.choice and picked else picked

    def _best(
        self, lane: Lane, constraint: Constraint | None, output: int
    ) -> tuple[int, float] | None:
        """The likeliest token that a constraint allows; None without any."""
        among = self._vocabulary.index.allowed(constraint) if constraint else None
        if among is not None and not among.size:
            return None
        # How likely a name is by itself tells whether it was worth holding the answer to names.
        of_all = constraint is not None and constraint.whole and not constraint.unsaid
        return lane.context.best(among, output, of_all=of_all)

    def _choose(
        self, lane: Lane, job: Job, greedy: list[tuple[int, float]]
    ) -> list[tuple[int, float]]:
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
        return [lane.context.best(among, rank=rank)] if rank < among.size else []

    def _write(self, lane: Lane, job: Job, picked: list[tuple[int, float]]) -> None:
        """Go on with the picked tokens, or finish the job at the one that ends it."""
        for token, logprob in picked:
            if self._vocabulary.ends(token):
                self._finish(job, "end")
                return
            job.write(token, self._vocabulary.piece(token), logprob)
            if job.stopped:
                self._finish(job, "end")
                return
        if _room(lane, job) <= 0:
            self._finish(job, "length")

    def _finish(self, job: Job, reason: Literal["end", "length"]) -> None:
        self.remove(job)
        job.finish(reason)


def _room(lane: Lane, job: Job) -> int:
    """How many tokens the job may still write; a long middle leaves no room for max_tokens."""
    return min(job.max_tokens - job.generated_tokens, lane.context.size - len(job.tokens))
