"""How long an endpoint that failed is left alone, so that not every key probes it again."""

from __future__ import annotations

import random
import time

from lsp_server.errors import FimbleError

PAUSES_SECONDS: tuple[float, ...] = (1, 2, 4, 8, 16, 30)
"""After the first failure, the second, ...; the last one from then on."""
SPREAD = 0.25
"""Part of a pause by which it is longer at most, at random: many clients of one endpoint must not
come back to it all at once."""


class Backoff:
    """Remembers the latest failure until its pause is over."""

    def __init__(self) -> None:
        self._error: FimbleError | None = None
        self._until = 0.0
        self.failures = 0
        """Since the last success."""

    def check(self) -> None:
        """Raise the latest failure again if its pause is not over."""
        if self._error is not None and time.monotonic() < self._until:
            raise self._error.with_traceback(None)  # else it would grow with each raise

    def failed(self, error: FimbleError, at_least: float = 0) -> None:
        """Begin a pause, longer than the one before; `at_least` is what the endpoint asks for."""
        pause = PAUSES_SECONDS[min(self.failures, len(PAUSES_SECONDS) - 1)]
        pause = max(pause * random.uniform(1, 1 + SPREAD), at_least)
        self._error, self._until = error, time.monotonic() + pause
        self.failures += 1

    def succeeded(self) -> None:
        """Forget all failures."""
        self._error, self.failures = None, 0
