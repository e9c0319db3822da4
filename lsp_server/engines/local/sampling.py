"""Which token a chat goes on with: the likeliest, or one by chance, and what a grammar allows.

Of the tokens by chance only the likeliest count, those that together have the probability TOP_P
(nucleus sampling: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

TOP_P = 0.95
_NEGLIGIBLE = -16.0
"""Natural log of a token's probability, relative to the likeliest, below which it is not looked at:
all such tokens of a vocabulary together are less likely than what TOP_P leaves out."""

Logits = npt.NDArray[np.float32]


class Rules(Protocol):
    """A grammar at the place that has been reached; `grammar.Grammar` is the real one."""

    def allows(self, token: int) -> bool:
        """Whether a token may come next."""
        ...

    def restrict(self, logits: Logits) -> Logits:
        """A copy in which all tokens that may not come next have minus infinity."""
        ...

    def accept(self, token: int) -> None:
        """Go on behind an allowed token."""
        ...


class Sampler:
    """Picks the tokens of one answer, one after the other."""

    def __init__(self, temperature: float, seed: int, rules: Rules | None = None) -> None:
        """`temperature` 0 takes the likeliest token, whatever the seed."""
        self._temperature = temperature
        self._chance = np.random.default_rng(seed % 2**63)
        self._rules = rules

    def pick(self, logits: Logits) -> tuple[int, float] | None:
        """The next token with its natural-log probability among all; None if none is allowed."""
        token = self._draw(logits)
        if self._rules is not None:
            if not self._rules.allows(token):  # to ask for all tokens takes a thousand times longer
                allowed = self._rules.restrict(logits)
                if np.isneginf(allowed.max()):
                    return None
                token = self._draw(allowed)
            self._rules.accept(token)
        top = logits.max()
        return token, float(logits[token] - top - np.log(np.exp(logits - top).sum()))

    def _draw(self, logits: Logits) -> int:
        if not self._temperature:
            return int(logits.argmax())
        scaled = (logits - logits.max()) / self._temperature
        candidates = np.flatnonzero(scaled > _NEGLIGIBLE)
        candidates = candidates[np.argsort(-scaled[candidates], kind="stable")]
        reached = np.exp(scaled[candidates].astype(np.float64)).cumsum()
        count = int(np.searchsorted(reached, TOP_P * reached[-1])) + 1
        return int(
            candidates[
                np.searchsorted(
                    reached[:count], self._chance.random() * reached[count - 1], "right"
                )
            ]
        )
