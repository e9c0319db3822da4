"""A model that goes round in circles is noticed by what it calls and what that gives.

A call alone may well come again: files change, tests are run again. So what counts is a call with
its result. A cycle is the same steps several times in a row, one step or up to `MAX_CYCLE` of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

WARN, STOP = 3, 5
"""Repetitions, the first time included, after which the model is told, and the turn ended."""
MAX_CYCLE = 4

Verdict = Literal["fine", "warn", "stop"]


class LoopGuard:
    """Of one turn."""

    def __init__(self) -> None:
        self._steps: list[bytes] = []

    def note(self, name: str, arguments: Mapping[str, Any], result: str) -> Verdict:
        """Add a step, and say what it means."""
        step = json.dumps([name, arguments, result], sort_keys=True, default=str)
        self._steps.append(hashlib.blake2b(step.encode("utf-8", "replace")).digest())
        times = max(self._repeated(length) for length in range(1, MAX_CYCLE + 1))
        return "stop" if times >= STOP else "warn" if times >= WARN else "fine"

    def _repeated(self, length: int) -> int:
        """How many times in a row the last so many steps came."""
        last = self._steps[-length:]
        times = 0
        for end in range(len(self._steps), length - 1, -length):
            if self._steps[end - length : end] != last:
                break
            times += 1
        return times
