"""What the worker's one computing thread does next.

A job is the list of tokens that it wants evaluated: its prompt, then what it has generated. One
step makes the context agree with the best waiting job, by forgetting what differs and evaluating at
most one slice; when all of the job's tokens are evaluated, the step picks the next token.

So preemption and cancellation need no code of their own: between any two steps another job may be
the best one, or this one gone, and a job that comes back finds whatever is left of its tokens.

Invariant: `_evaluated` is exactly what the context holds. Everything here runs on one thread.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import Literal, Protocol

from lsp_server.engines.base import Delta, Finished, Usage


class Sequential(Protocol):
    """What the scheduler needs of a context; `llama.Context` is the real one."""

    slice_tokens: int
    size: int

    def keep(self, count: int) -> bool:
        """Forget all but the first `count` tokens; False: all were forgotten."""
        ...

    def evaluate(self, tokens: Sequence[int], start: int) -> bool:
        """Evaluate tokens at position `start`."""
        ...

    def best(self) -> tuple[int, float]:
        """The likeliest next token and its natural-log probability."""
        ...


class Vocabulary(Protocol):
    """What the scheduler needs of a model."""

    def piece(self, token: int) -> bytes:
        """The bytes of an ordinary token."""
        ...

    def ends(self, token: int) -> bool:
        """Whether generation is over with this token."""
        ...


@dataclass(eq=False)
class Job:
    """One request; `emit` is called with its events."""

    tokens: list[int]
    """The prompt; generated tokens are appended."""
    max_tokens: int
    priority: int
    emit: Callable[[Delta | Finished], None]
    prompt_tokens: int = field(init=False)
    reused_tokens: int | None = None
    prompt_seconds: float = 0.0
    generate_seconds: float = 0.0
    decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )
    held_logprobs: list[float] = field(default_factory=list)
    """Of tokens whose bytes don't yet make a character."""

    def __post_init__(self) -> None:
        self.prompt_tokens = len(self.tokens)


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
        self._jobs: list[Job] = []
        self._evaluated: list[int] = []
        self.prompt_tokens_per_second: float | None = None
        """Measured over slices, averaged with more weight on the latest."""
        self.seconds_per_token: float | None = None

    def add(self, job: Job) -> None:
        """Take a job. Its prompt must leave room for `max_tokens` in the context."""
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
        evaluated = self._reuse(job)
        missing = job.tokens[evaluated : evaluated + self._context.slice_tokens]
        if not self._context.evaluate(missing, evaluated):
            self._context.keep(0)
            self._evaluated.clear()
            self.remove(job)
            raise EvaluationFailed(job)
        self._evaluated += missing
        self._account(job, len(missing), time.perf_counter() - started)
        if len(self._evaluated) == len(job.tokens):
            self._advance(job)

    def _reuse(self, job: Job) -> int:
        """Make the context hold a beginning of the job's tokens; return its length.

        At least the last token is left to evaluate: logits exist only right after that.
        """
        common = len(commonprefix([self._evaluated, job.tokens]))
        common = min(common, len(job.tokens) - 1)
        if common < len(self._evaluated):
            if not self._context.keep(common):
                common = 0
            del self._evaluated[common:]
        if job.reused_tokens is None:
            job.reused_tokens = common
        return common

    def _advance(self, job: Job) -> None:
        """Pick the next token of a job whose tokens are all evaluated."""
        token, logprob = self._context.best()
        if self._vocabulary.ends(token):
            self._finish(job, "end")
            return
        job.tokens.append(token)
        job.held_logprobs.append(logprob)
        text = job.decoder.decode(self._vocabulary.piece(token))
        if text:
            job.emit(Delta(text, tuple(job.held_logprobs)))
            job.held_logprobs.clear()
        if len(job.tokens) - job.prompt_tokens >= job.max_tokens:
            self._finish(job, "length")

    def _finish(self, job: Job, reason: Literal["end", "length"]) -> None:
        self.remove(job)
        usage = Usage(
            prompt_tokens=job.prompt_tokens,
            reused_tokens=job.reused_tokens or 0,
            generated_tokens=len(job.tokens) - job.prompt_tokens,
            prompt_seconds=job.prompt_seconds,
            generate_seconds=job.generate_seconds,
        )
        job.emit(Finished(reason, usage))

    def _account(self, job: Job, tokens: int, seconds: float) -> None:
        """Note what a step cost, for the job and for the machine's measured speed."""
        if tokens == 1:
            job.generate_seconds += seconds
            self.seconds_per_token = _average(self.seconds_per_token, seconds)
        else:
            job.prompt_seconds += seconds
            if tokens >= 32:  # a few tokens cost nearly as much as a slice
                self.prompt_tokens_per_second = _average(
                    self.prompt_tokens_per_second, tokens / seconds
                )


def _average(old: float | None, new: float) -> float:
    return new if old is None else 0.7 * old + 0.3 * new
