"""How long to wait after a key before a suggestion is computed.

A generation that has begun goes on while the next keys agree with it, so what counts is when its
first words come. Where the next key will probably be there before them, nothing would be there to
agree with, and the request waits for that key; else it starts at once. Suggestions that are
rejected make the requests rarer for a while.

Only keys that type into a known place wait. A cursor that has just gone somewhere is not typing,
and the prompt of a new place is evaluated once, however many keys follow.

The weights of the back-off and their decay are those of Copilot's next-edit suggestions: the
product of 1 + (w - 1) e^(-age / 10 min) over what happened to the latest suggestions.

Times are seconds of any clock that never goes back; there is none in here.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque

LONGEST_WAIT = 0.3
"""Without back-off."""
BACKING_OFF = (0.02, 0.2)
"""Bounds of a delay with back-off."""

_PAUSE = 1.0
"""Intervals from this on are pauses, and no part of the rhythm."""
_INTERVALS = 20
_FEWEST = 5
"""With fewer intervals nothing is known of the rhythm."""
_STRAGGLERS = 0.1
"""Part of the intervals that is given up: what is longer is taken for a pause."""
_JITTER = 0.02
"""A key comes a little later than the rhythm has it."""
_REJECTED, _ACCEPTED = 1.5, 0.8
_DECAY = 600.0
_SUGGESTIONS = 10


class Rhythm:
    """One user's typing, and what they made of the latest suggestions."""

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._last_key = -math.inf
        self._suggestions: deque[tuple[float, float]] = deque(maxlen=_SUGGESTIONS)
        """When, and the weight."""

    def key(self, now: float) -> None:
        """A key was pressed."""
        interval, self._last_key = now - self._last_key, now
        if interval < _PAUSE:
            self._intervals.append(interval)

    def accepted(self, now: float) -> None:
        """A suggestion was taken."""
        self._suggestions.append((now, _ACCEPTED))

    def rejected(self, now: float) -> None:
        """A suggestion was dismissed or typed over."""
        self._suggestions.append((now, _REJECTED))

    def delay(self, predicted_seconds: float) -> float:
        """Seconds to wait, from the latest key, before an automatic request is computed.

        `predicted_seconds`: from its start until a key no longer makes it worthless. At most
        `LONGEST_WAIT`, or within `BACKING_OFF` if more suggestions were rejected lately than
        accepted.
        """
        wait = self._wait(predicted_seconds)
        back_off = self._back_off()
        if back_off <= 1:
            return wait
        least, most = BACKING_OFF
        return min(max(wait, least) * back_off, most)

    def _wait(self, predicted: float) -> float:
        """The shortest wait after which the answer will probably precede the next key.

        None at all if the next key will probably not come within the longest wait: it would only
        make the answer later.
        """
        intervals = sorted(self._intervals)
        if len(intervals) < _FEWEST:
            return 0.0
        for wait in (0.0, *intervals):
            left = len(intervals) - bisect_right(intervals, wait)
            in_time = len(intervals) - bisect_right(intervals, wait + predicted)
            if 2 * in_time >= left or left <= _STRAGGLERS * len(intervals):
                break
        if wait == 0:
            return 0.0
        wait = min(wait + _JITTER, LONGEST_WAIT)
        return wait if 2 * bisect_right(intervals, wait) >= len(intervals) else 0.0

    def _back_off(self) -> float:
        return math.prod(
            1 + (weight - 1) * math.exp(-max(0.0, self._last_key - when) / _DECAY)
            for when, weight in self._suggestions
        )
