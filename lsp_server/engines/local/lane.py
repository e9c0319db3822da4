"""A context with all that is known of its use: what its slots hold, and how fast it is.

Completion and chat have a lane each, so that neither forgets the other's prompts. Their speeds are
kept apart too: behind a long chat every step takes longer, which says nothing about the machine nor
about the windows of completion.
"""

from __future__ import annotations

from lsp_server.engines.local.drafts import DraftPolicy
from lsp_server.engines.local.pace import Pace
from lsp_server.engines.local.slots import SLOTS, Sequential, Slots
from lsp_server.engines.local.speed import Speed


class Lane:
    """See the module's docstring."""

    def __init__(self, context: Sequential, speed: Speed, sequences: int = SLOTS) -> None:
        """`speed` is that of short contexts on the quiet machine, with its slices."""
        self.context = context
        self.slots = Slots(context, sequences)
        self.drafts = DraftPolicy()
        self.prompt_tokens_per_second = speed.prompt_tokens_per_second
        """Measured over slices, averaged with more weight on the latest."""
        self.seconds_per_token = speed.seconds_per_token
        slice_seconds = speed.slice_tokens / speed.prompt_tokens_per_second
        self._pace = Pace(
            speed.threads, {1: speed.seconds_per_token, speed.slice_tokens: slice_seconds}
        )

    def measure(self, tokens: int, evaluated: int, seconds: float) -> None:
        """Learn from the time of a step; `evaluated` tokens include the draft's."""
        self._pace.observe(evaluated, seconds)
        self.context.set_threads(self._pace.threads)
        if tokens == 1:
            self.drafts.measured(evaluated, seconds)
        if evaluated == 1:
            self.seconds_per_token = _average(self.seconds_per_token, seconds)
        elif tokens == self.context.slice_tokens:  # fewer are slower each
            self.prompt_tokens_per_second = _average(
                self.prompt_tokens_per_second, tokens / seconds
            )


def _average(old: float, new: float) -> float:
    return 0.7 * old + 0.3 * new
