"""One request on its way through the scheduler: what it wants evaluated and what it has cost."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.local.constraint import Constraint
from lsp_server.engines.local.drafts import History
from lsp_server.engines.stops import Stops

if TYPE_CHECKING:  # the server imports this too, and has no use for numpy
    from lsp_server.engines.local.sampling import Sampler


@dataclass(eq=False)
class Job:
    """A list of tokens to go on with; `emit` is called with its events."""

    tokens: list[int]
    """The prompt, one token at least; generated tokens are appended."""
    max_tokens: int
    priority: int
    emit: Callable[[Delta | Finished], None]
    constraint: Constraint | None = None
    """What the answer must still begin with."""
    choice: int = 0
    """How many likelier tokens to leave aside where the answer begins; 0 once it has."""
    history: History | None = None
    """Of the texts around the gap, to draft from; jobs at the same gap may share it."""
    middle_start: int = 0
    """Index of the first token that stands in the gap."""
    recalled: list[int] = field(default_factory=list)
    """What once followed these tokens: likely to be picked again, since decoding is greedy."""
    sampler: Sampler | None = None
    """What picks its tokens; None takes the likeliest that the constraint allows."""
    stops: Stops = field(default_factory=lambda: Stops(()))
    """Texts that end it."""
    prompt_tokens: int = field(init=False)
    """How many of the tokens are not the model's own words."""
    given_tokens: int = field(init=False)
    """How many tokens it began with."""
    reused_tokens: int | None = None
    """Set when the job is taken up."""
    evaluated_tokens: int = 0
    prompt_seconds: float = 0.0
    generate_seconds: float = 0.0
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )
    _said_something: bool = False
    _held_logprobs: list[float] = field(default_factory=list)
    """Of tokens whose bytes don't yet make a character, or may be part of a stop."""

    def __post_init__(self) -> None:
        self.prompt_tokens = self.given_tokens = len(self.tokens)

    @property
    def generated_tokens(self) -> int:
        """Tokens picked so far that said something new."""
        return len(self.tokens) - self.prompt_tokens

    def account(self, start: int, tokens: int, seconds: float) -> None:
        """Note that `tokens` tokens at position `start` have been evaluated."""
        of_prompt = max(0, min(start + tokens, self.prompt_tokens) - start)
        self.evaluated_tokens += of_prompt
        if of_prompt:
            self.prompt_seconds += seconds
        else:
            self.generate_seconds += seconds

    def write(self, token: int, piece: bytes, logprob: float) -> None:
        """Append a picked token and emit what it adds.

        A token that only repeats what the user has already becomes part of the prompt.
        """
        self.tokens.append(token)
        self.recalled = self.recalled[1:] if self.recalled[:1] == [token] else []
        if self.constraint is not None:
            unsaid = self.constraint.unsaid
            self.constraint = self.constraint.advance(piece)
            if len(piece) <= unsaid:
                self.prompt_tokens += 1
                return
            piece = piece[unsaid:]
        self.choice = 0
        self._held_logprobs.append(logprob)
        self._say(self.stops.feed(self._decoder.decode(piece)))

    @property
    def stopped(self) -> bool:
        """Whether it has written one of its stops."""
        return self.stops.reached

    def finish(self, reason: Literal["end", "length"]) -> None:
        """Emit what was held back, and that it has finished."""
        self._say(self.stops.rest())
        self.emit(Finished(reason, self.usage()))

    def _say(self, text: str) -> None:
        if text:
            evaluated = 0 if self._said_something else self.evaluated_tokens
            self._said_something = True
            self.emit(Delta(text, tuple(self._held_logprobs), evaluated))
            self._held_logprobs.clear()

    def usage(self) -> Usage:
        """What it has cost so far."""
        return Usage(
            prompt_tokens=self.prompt_tokens,
            reused_tokens=self.reused_tokens or 0,
            generated_tokens=self.generated_tokens,
            prompt_seconds=self.prompt_seconds,
            generate_seconds=self.generate_seconds,
            evaluated_tokens=self.evaluated_tokens,
        )
