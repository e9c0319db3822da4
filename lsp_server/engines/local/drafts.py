"""Guessed tokens, checked in one batch: code repeats what stands near it.

A step that evaluates four tokens costs little more than one of a single token, since both read all
the weights once. So the tokens that followed the latest earlier place like this one are evaluated
together with the last token, and as many of them are kept as the model itself would have picked
("prompt lookup decoding"; the idea of checking drafts in a batch is Leviathan et al. 2023, "Fast
Inference from Transformers via Speculative Decoding"). What is written is the same either way.

`History` finds the earlier place, `DraftPolicy` decides how many tokens are worth a try.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os.path import commonprefix

SHORTEST, LONGEST = 2, 4
"""Tokens before a place that must agree, and beyond which no more are looked at."""
START, GAP = -2, -1
"""Stand before all texts, and between two that don't follow one another; no tokens are these."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Where the text has been like this before."""

    match: int
    """Tokens that agree, SHORTEST to LONGEST."""
    start: int
    """Index in the history of the token that followed."""


class History:
    """The tokens around and in a gap, in which earlier places are found.

    The text after the gap comes first, so that the text before it goes on in the middle that grows:
    a draft can continue a line of which one half is the user's and one half the model's.

    Invariant: `_last` maps each pair of neighbours to its last index, and `_earlier` each index to
    that of the same pair before it, or to 0. So the latest places come first, and taking off the
    last token is as cheap as adding one.
    """

    def __init__(self, before: Iterable[int], after: Iterable[int] = ()) -> None:
        self._tokens: list[int] = [START]
        self._earlier: list[int] = [0]
        self._last: dict[tuple[int, int], int] = {}
        self._extend(after)
        self._extend((GAP,))
        self._extend(before)
        self._middle = len(self._tokens)
        """Where the middle begins."""

    def follow(self, middle: list[int]) -> None:
        """Make these the tokens in the gap; those that they begin with as before cost nothing."""
        same = len(commonprefix([self._tokens[self._middle :], middle]))
        self._truncate(self._middle + same)
        self._extend(middle[same:])

    def guess(self) -> Guess | None:
        """The place that agrees in most tokens before it, the latest of them; None if no two do."""
        best, start = SHORTEST - 1, 0
        index = self._earlier[-1]
        while index:
            match = self._agreement(index)
            if match > best:
                best, start = match, index + 1
            if match == LONGEST:
                break
            index = self._earlier[index]
        return Guess(best, start) if start else None

    def draft(self, guess: Guess, limit: int) -> list[int]:
        """Up to `limit` tokens as they followed there; a copy that reaches its own end goes on."""
        period = len(self._tokens) - guess.start
        draft = [self._tokens[guess.start + offset % period] for offset in range(limit)]
        return draft[: draft.index(GAP)] if GAP in draft else draft

    def _extend(self, tokens: Iterable[int]) -> None:
        left = self._tokens[-1]
        last = self._last
        for index, token in enumerate(tokens, len(self._tokens)):
            pair = (left, token)
            self._earlier.append(last.get(pair, 0))
            last[pair] = index
            self._tokens.append(token)
            left = token

    def _truncate(self, length: int) -> None:
        while len(self._tokens) > length:
            token, earlier = self._tokens.pop(), self._earlier.pop()
            pair = (self._tokens[-1], token)
            if earlier:
                self._last[pair] = earlier
            else:
                del self._last[pair]

    def _agreement(self, index: int) -> int:
        """How many tokens up to `index` are those at the end; the last two are known to be."""
        tokens = self._tokens
        end = len(tokens) - 1
        count = SHORTEST
        # START and GAP occur once each, so no agreement reaches beyond them.
        while count < LONGEST and tokens[index - count] == tokens[end - count]:
            count += 1
        return count


SIZES = (1, 3, 7)
"""Drafts that are considered: llama.cpp's processor kernels work on blocks of four rows, and a
batch is the draft and the token before it."""
MARGIN = 1.1
"""Expected gain below which a draft is not worth the noise of the estimates."""
MEMORY = 0.95
"""Weight that each judged guess leaves to those before it: about the last 20 of its kind count."""
PRIOR_WEIGHT = 4.0
"""How many guesses the assumption at the start is worth."""
PRIOR_ACCEPTANCE = {2: 0.4, 3: 0.5, 4: 0.6}
PRIOR_COST_PER_TOKEN = 0.3
"""Of a step of one token: measured 0.2 to 0.6 on processors. If it is too low, that costs a try."""
TIME_WEIGHT, COST_WEIGHT = 0.3, 0.5
"""Of the latest plain step's time, and of the latest batch's cost, in what is known of them."""
RELAXATION = 0.001
"""Part of the way from a measured cost back to the assumed one that each plain step goes, so that a
size that was once measured in a bad moment is tried again; a try costs less than 3 % of the
steps between two of them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A guess, and how much of it is worth a try."""

    match: int
    tokens: list[int]
    """To be evaluated; may be empty."""
    followed: list[int]
    """To be judged by what is picked: the same, or one token where none is to be evaluated."""


NO_DRAFT = Draft(0, [], [])


class DraftPolicy:
    """How long a draft should be, by what was measured. One serves all jobs of a model.

    Guesses are judged even while nothing is drafted: a token that was picked in a plain step tells
    as well whether its guess was right. Only costs need a try. Holds no clock.
    """

    def __init__(self) -> None:
        self._right = {match: PRIOR_WEIGHT * rate for match, rate in PRIOR_ACCEPTANCE.items()}
        self._judged = dict.fromkeys(PRIOR_ACCEPTANCE, PRIOR_WEIGHT)
        self._single: float | None = None
        self._costs = {size: _assumed_cost(size) for size in SIZES}

    def draft(self, history: History, limit: int) -> Draft:
        """Guess up to `limit` tokens to evaluate together with the last one of `history`."""
        guess = history.guess()
        if guess is None:
            return NO_DRAFT
        size = self.size(guess.match, limit)
        followed = history.draft(guess, max(size, 1))
        return Draft(guess.match, followed[:size], followed)

    def size(self, match: int, limit: int) -> int:
        """How many tokens to draft where `match` tokens agree, at most `limit`; 0 for none."""
        gains = {size: self._gain(match, size) for size in SIZES if size <= limit}
        best = max(gains, key=gains.__getitem__, default=0)
        return best if best and gains[best] >= MARGIN else 0

    def judge(self, match: int, followed: Sequence[int], picked: Sequence[int]) -> None:
        """Learn from what the model picked where these tokens followed earlier.

        After a plain step `picked` is one token; after a draft, those that agreed and one more.
        """
        for offset, (guessed, token) in enumerate(zip(followed, picked, strict=False)):
            kind = min(match + offset, LONGEST)
            self._right[kind] = MEMORY * self._right[kind] + (guessed == token)
            self._judged[kind] = MEMORY * self._judged[kind] + 1
            if guessed != token:
                return

    def measured(self, tokens: int, seconds: float) -> None:
        """Learn what a step of so many tokens took, drawing from the logits included."""
        if tokens == 1:
            self._single = _nearer(self._single, seconds, TIME_WEIGHT)
            for size in SIZES:
                self._costs[size] = _nearer(self._costs[size], _assumed_cost(size), RELAXATION)
        elif tokens - 1 in self._costs and self._single is not None:
            size = tokens - 1
            # Less than one token's cost or more than as many steps' is not the batch's doing.
            cost = min(max(seconds / self._single, 1.0), tokens)
            self._costs[size] = _nearer(self._costs[size], cost, COST_WEIGHT)

    def _gain(self, match: int, size: int) -> float:
        """Expected tokens a step over its cost, relative to plain steps.

        A token of the draft is as likely right as one with so many agreeing tokens before it as
        there are if all those before it in the draft are right.
        """
        expected = likely = 1.0
        for offset in range(size):
            kind = min(match + offset, LONGEST)
            likely *= self._right[kind] / self._judged[kind]
            expected += likely
        return expected / self._costs[size]


def _assumed_cost(size: int) -> float:
    return 1 + PRIOR_COST_PER_TOKEN * size


def _nearer(old: float | None, new: float, weight: float) -> float:
    return new if old is None else old + weight * (new - old)
