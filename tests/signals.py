"""Signals for processes that tests start."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """For tests that a shell runs in the background: it has its children ignore some."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
