"""Whether a suggestion is worth interrupting for: all of it, its first line, or nothing.

A model knows fairly well how sure it is: the probability of the whole text, a product of those of
its tokens, says how likely that is what the user would have written. Weights turn it, and the kind
of place, into a probability of being kept; what this user kept and refused in this repository
shifts that up or down. Below `CompletionSettings.min_confidence` nothing is shown while typing.
Where the engine tells no probabilities, all is shown; whoever asks explicitly is shown all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.completion.outcomes import Outcome

BIAS, OF_LOGPROB, OF_LINE_START, OF_LINES = 1.8, 1.7, 0.0, -0.26
"""Weights of a logistic regression; `benchmarks/price.py` fits them."""
PRIOR = 15.0
"""The user's own history counts half once so many suggestions were expected to be kept."""
MAX_SHIFT = 2.0
"""Bounds of what history changes, in logits."""
_TAKEN = ("kept", "accepted")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a text before it is shown."""

    logprob: float
    """Natural-log probability that the model gives it."""
    at_line_start: bool
    """Nothing but indentation stands left of it: a new statement, which may be any."""
    lines: int


def confidence(evidence: Evidence, shift: float = 0.0) -> float:
    """Probability, 0 to 1, that a suggestion is kept."""
    logit = (
        BIAS
        + OF_LOGPROB * evidence.logprob
        + OF_LINE_START * evidence.at_line_start
        + OF_LINES * math.log(evidence.lines)
        + shift
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def shift(history: Sequence[Outcome]) -> float:
    """What a repository's outcomes change: more was kept than expected, or less. In logits."""
    told = [outcome for outcome in history if outcome.verdict != "ignored"]
    expected = sum(outcome.score for outcome in told)
    kept = sum(outcome.verdict in _TAKEN for outcome in told)
    return max(-MAX_SHIFT, min(MAX_SHIFT, math.log((kept + PRIOR) / (expected + PRIOR))))


@dataclass(frozen=True, slots=True)
class Priced:
    """What a suggestion is worth."""

    worth: str
    """What of it to show unasked; may be empty."""
    confidence: float | None
    """Probability that this is kept, of the whole if nothing is shown; None: not known."""
    evidence: Evidence | None = None
    """Of the whole."""


def priced(
    text: str,
    logprob: Callable[[str], float | None],
    *,
    at_line_start: bool,
    minimum: float,
    shifted: float = 0.0,
) -> Priced:
    """What of a text is likely enough to be kept: all, the first line, or nothing.

    `logprob` gives the natural-log probability of a beginning of the text.
    """

    def evidence(part: str) -> Evidence | None:
        known = logprob(part)
        return None if known is None else Evidence(known, at_line_start, part.count("\n") + 1)

    known = evidence(text)
    if known is None:
        return Priced(text, None)
    whole = confidence(known, shifted)
    if whole >= minimum:
        return Priced(text, whole, known)
    first, more, _ = text.partition("\n")
    alone = evidence(first) if more and first.strip() and _is_closed(first) else None
    if alone is not None and confidence(alone, shifted) >= minimum:
        return Priced(first.rstrip(), confidence(alone, shifted), known)
    return Priced("", whole, known)


def _is_closed(line: str) -> bool:
    """Whether a line stands by itself: it opens no bracket, string or block for lines below it."""
    if line.rstrip().endswith((":", ",", "\\")):
        return False
    if any(line.count(quotes) % 2 for quotes in ('"""', "'''", "`")):
        return False
    return all(line.count(opener) == line.count(closer) for opener, closer in ("()", "[]", "{}"))
