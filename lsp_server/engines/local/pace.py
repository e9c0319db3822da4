"""How many threads to use while other programs want the processor too.

llama.cpp's threads wait for each other between layers, so one that the system has set aside holds
up all. Beside two busy processes on two cores, two threads have been seen to take up to 168 ms a
token where one takes 29 and, on the quiet machine, two take 17.

A step is judged by its slowdown: its time over that of a step of as many tokens with most threads
on the quiet machine. When slowdowns stay high, fewer threads are tried for a few steps and kept if
they are clearly faster; then more threads are tried now and then. Every trial that fails must be
paid for by twenty times what it lost before the next one. Holds no clock: steps bring their times.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from statistics import median

SLOW = 1.5
"""Slowdown from which fewer threads are tried."""
BETTER = 0.9
"""Part of the present time that a step with other threads may take to be preferred."""
RELIEF = 0.85
"""Fall of the slowdown with fewer threads which says that the machine may be quiet again."""
WINDOW = 5
"""Steps whose median is the present slowdown: two odd ones among them don't count."""
TRIAL = 3
"""Steps of a trial, most of which must be better. One that is slower than the present ones ends a
trial of more threads at once: such steps can take very long."""
PAUSE_SECONDS = 2.0
"""Shortest time between trials, measured in steps' own time."""
CONFIRM_SECONDS = 0.5
"""Time with fewer threads after which it is looked whether that was only a moment."""
PAYBACK = 20
"""How many times the loss of a failed trial must have passed before the next."""
FEW_TOKENS = 8
"""Up to here a step reads weights most of the time; more tokens keep the processor computing. The
two kinds are compared each with itself only."""
FALLING, RISING = 0.1, 0.02
"""How fast the known quiet times follow steps that are faster, and those that are a bit slower: a
longer context takes longer."""


class Pace:
    """The number of threads for the next step. Starts with the most."""

    def __init__(self, most: int, quiet_seconds: Mapping[int, float]) -> None:
        """`most` threads are best on the quiet machine.

        `quiet_seconds` are the times of steps by their number of tokens, as far as they are known;
        the rest is learned.
        """
        self._choices = [most]
        while self._choices[-1] > 1:
            self._choices.append(self._choices[-1] // 2)
        self._quiet = dict(quiet_seconds)
        self._now = 0.0
        self._at = 0
        """Index of the choice that has proved itself."""
        self._recent = {few: deque[float](maxlen=WINDOW) for few in (True, False)}
        """Slowdowns with it, of steps of few tokens and of many."""
        self._trying: int | None = None
        self._trial: list[float] = []
        self._lost = 0.0
        self._next_trial = 0.0
        self._judged_at = dict.fromkeys(self._recent, 0.0)
        """Slowdown when more threads were last found, or taken, to be no better."""

    @property
    def threads(self) -> int:
        """Threads for the next step."""
        return self._choices[self._at if self._trying is None else self._trying]

    def observe(self, tokens: int, seconds: float) -> None:
        """Learn that a step of so many tokens, with `threads` threads, took so long."""
        self._now += seconds
        few = tokens <= FEW_TOKENS
        recent = self._recent[few]
        slowdown = self._slowdown(tokens, seconds, median(recent) if recent else None)
        if self._trying is None:
            if slowdown is not None:
                recent.append(slowdown)
                self._consider(few)
        elif slowdown is None or len(recent) < TRIAL:
            self._trying = None  # this step is not comparable with those before it
            self._next_trial = self._now + PAUSE_SECONDS
        else:
            self._judge(few, slowdown, seconds)

    def _slowdown(self, tokens: int, seconds: float, present: float | None) -> float | None:
        """How much longer a step took than on the quiet machine; None if that is not known."""
        quiet = self._quiet.get(tokens)
        if quiet is None:
            if self._trying is None and (present is not None or self._at == 0):
                # Taken to be as slow as the steps before it.
                self._quiet[tokens] = seconds / (present or 1.0)
            return None
        slowdown = seconds / quiet
        if self._trying is None and self._at == 0 and slowdown < SLOW:
            self._quiet[tokens] += (FALLING if slowdown < 1 else RISING) * (seconds - quiet)
        return slowdown

    def _consider(self, few: bool) -> None:
        """Start a trial if there is reason for one."""
        if len(self._recent[few]) < TRIAL:
            return
        slowdown = median(self._recent[few])
        relieved = slowdown < RELIEF * self._judged_at[few]
        if self._now < self._next_trial and not relieved:
            return
        if self._at > 0:
            self._try(self._at - 1)
        elif slowdown > SLOW and len(self._choices) > 1:
            self._try(1)

    def _try(self, choice: int) -> None:
        self._trying, self._trial, self._lost = choice, [], 0.0

    def _judge(self, few: bool, slowdown: float, seconds: float) -> None:
        """Go on with a trial, adopt what is tried, or go back."""
        assert self._trying is not None
        present = median(self._recent[few])
        more = self._trying < self._at
        self._trial.append(slowdown)
        self._lost += seconds * (1 - present / slowdown)
        worse = sum(tried > BETTER * present for tried in self._trial)
        if worse > TRIAL // 2 or (more and slowdown > present):
            self._trying = None
            self._next_trial = self._now + max(PAUSE_SECONDS, PAYBACK * self._lost)
            self._judged_at[few] = present if more else 0.0
        elif len(self._trial) == TRIAL:
            self._adopt(self._trying, few, more=more)

    def _adopt(self, choice: int, few: bool, *, more: bool) -> None:
        self._at, self._trying = choice, None
        for recent in self._recent.values():
            recent.clear()
        self._recent[few].extend(self._trial)
        slowdown = median(self._trial)
        self._judged_at = dict.fromkeys(self._recent, 0.0)
        if more:
            self._next_trial = self._now
            return
        self._next_trial = self._now + CONFIRM_SECONDS
        self._judged_at[few] = slowdown
        if slowdown > SLOW and choice + 1 < len(self._choices):
            self._try(choice + 1)
