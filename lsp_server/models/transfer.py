"""What every download shares: telling how far it is, and being stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is."""

    stage: str
    """What is being done, ready to be shown."""
    done: int = 0
    """Bytes of the model's file."""
    total: int = 0
    """0 while it can't be told how long the stage will take."""


class Stopped(Exception):
    """The caller asked the transfer to stop."""


class SourceFailed(Exception):
    """One source can't deliver; another may. The text finishes the sentence "the source ..."."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The caller's side of one pull."""

    model_id: str
    progress: Callable[[Progress], None]
    cancelled: Callable[[], bool]

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Tell the caller how far it is. Raises Stopped if the caller has had enough."""
        self.check()
        self.progress(Progress(stage, done, total))

    def check(self) -> None:
        """Raise Stopped if the caller has had enough."""
        if self.cancelled():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleep. Raises Stopped as soon as the caller has had enough."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.1))
