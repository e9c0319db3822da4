"""How fast a model is on this machine: measured when it is first run, then read from a file.

The first window is sized by these speeds, so they must be there before the first request. What is
measured while other programs keep the machine busy is used, but not kept.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from lsp_server.models import hardware, store

BUDGET_SECONDS = 1.5
LONGEST_SLICE_SECONDS = 0.35
"""A request that is cancelled holds up the next one by a slice at most."""
SLICES = (32, 64, 128)
WORTHWHILE = 0.97
"""Part of the present time that the same work may take with settings that are to be preferred."""
TOKENS_PER_SLICE = 16
"""Tokens generated for each smallest slice of prompt when numbers of threads are compared."""
REPEATS = 3
STEADY = 1.3
"""Slowest over fastest of equal steps, up to which the machine counts as quiet."""

Evaluate = Callable[[int, int], float]
"""Evaluates so many tokens with so many threads and returns the seconds it took."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Settings that are best on this machine, and the speed with them."""

    threads: int
    slice_tokens: int
    """Prompt tokens evaluated between two looks at what else is waiting."""
    prompt_tokens_per_second: float
    seconds_per_token: float


def cached(name: str, measure: Callable[[], tuple[Speed, bool]]) -> Speed:
    """The speed kept under a fingerprint; where there is none, or a damaged one, `measure` it.

    A folder that can't be written is no error: the next run measures again.
    """
    speed = known(name)
    if speed is not None:
        return speed
    speed, steady = measure()
    if steady:
        with suppress(OSError):
            _write(_path(name), speed)
    return speed


def known(name: str) -> Speed | None:
    """The speed kept under a fingerprint, if there is one and it can be read."""
    try:
        speed = Speed(**json.loads(_path(name).read_bytes()))
        counts = (speed.threads, speed.slice_tokens)
        rates = (speed.prompt_tokens_per_second, speed.seconds_per_token)
        valid = all(type(count) is int and count >= 1 for count in counts) and all(
            type(rate) is float and rate > 0 and math.isfinite(rate) for rate in rates
        )
    except (OSError, ValueError, TypeError):  # none, not JSON, other fields
        return None
    return speed if valid else None


def _path(name: str) -> Path:
    return store.state_dir() / "speed" / f"{name}.json"


def measure(evaluate: Evaluate, most_threads: int, fewest_threads: int = 1) -> tuple[Speed, bool]:
    """Find the best settings, and tell whether the machine was quiet meanwhile.

    `most_threads` is what the machine has cores for. Takes BUDGET_SECONDS at most, or one token and
    one slice where those take longer. The context must be warm: the very first evaluation reads the
    weights from disk.
    """
    trial = _Trial(evaluate)
    threads, slice_tokens = most_threads, SLICES[0]
    token, piece = trial.token(threads), trial.slice(slice_tokens, threads)
    for fewer in _halves(most_threads, fewest_threads):
        work = WORTHWHILE * (TOKENS_PER_SLICE * token + piece)
        slower = threads / fewer
        if not trial.affords(REPEATS * token * slower):
            break
        other_token = trial.token(fewer)
        if TOKENS_PER_SLICE * other_token > work or not trial.affords(piece * slower):
            break
        other_piece = trial.slice(slice_tokens, fewer)
        if TOKENS_PER_SLICE * other_token + other_piece > work:
            break
        threads, token, piece = fewer, other_token, other_piece
    for longer in SLICES[1:]:
        wanted = WORTHWHILE * piece * longer / slice_tokens
        if wanted > LONGEST_SLICE_SECONDS or not trial.affords(wanted):
            break
        seconds = trial.slice(longer, threads)
        if seconds > min(wanted, LONGEST_SLICE_SECONDS):
            break
        slice_tokens, piece = longer, seconds
    return Speed(threads, slice_tokens, slice_tokens / piece, token), trial.steady


def processor() -> str:
    """Name of the processor, and how many of its cores this process may use."""
    name = platform.processor()
    with suppress(OSError):  # Linux tells the name there only
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name} x{hardware.physical_cores()}"


class _Trial:
    """Evaluations against the budget."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._spent = 0.0
        self.steady = True

    def affords(self, seconds: float) -> bool:
        return self._spent + seconds <= BUDGET_SECONDS

    def slice(self, tokens: int, threads: int) -> float:
        seconds = self._evaluate(tokens, threads)
        self._spent += seconds
        return seconds

    def token(self, threads: int) -> float:
        """Seconds for one token: the fastest of a few, since nothing makes a step too fast."""
        times = [self.slice(1, threads)]
        while len(times) < REPEATS and self.affords(times[-1]):
            times.append(self.slice(1, threads))
        self.steady = self.steady and max(times) <= STEADY * min(times)
        return min(times)


def _halves(most: int, fewest: int) -> Iterator[int]:
    while most > fewest:
        most //= 2
        yield max(most, fewest)


def _write(path: Path, speed: Speed) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(asdict(speed)))
    part.replace(path)
