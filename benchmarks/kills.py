"""Kill the worker under `fimble serve`, in each phase of its work, and measure what an editor sees.

A server is started for each kill; two requests are outstanding when it comes. Prints one JSON
object; seconds are counted from the kill, `load` is that of the worker that follows.

    python -m benchmarks.kills --times 20
"""

from __future__ import annotations

import argparse
import json
import random
from typing import get_args

from tests.e2e.kill import Phase, kill_once

EARLIEST: dict[Phase, float] = {"load": 0.15, "prompt": 0.15, "generation": 0.3}
"""Seconds after which a request is surely in its phase."""


def measure(phase: Phase, times: int, model: str) -> dict[str, object]:
    """Kill so many times, at random moments of the phase."""
    chance = random.Random(1)
    kills = [
        kill_once(phase, EARLIEST[phase] + chance.uniform(0.0, 0.35), model) for _ in range(times)
    ]
    return {
        "times": times,
        "answered_max_seconds": round(max(kill.answered for kill in kills), 3),
        "served_max_seconds": round(max(kill.served for kill in kills), 3),
        "served_beyond_load_max_seconds": round(max(kill.served - kill.load for kill in kills), 3),
        "load_max_seconds": round(max(kill.load for kill in kills), 3),
        "server_pid_unchanged": all(kill.same_server for kill in kills),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Kill the worker under the server, and measure.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    phases = {phase: measure(phase, options.times, options.model) for phase in get_args(Phase)}
    print(json.dumps({"model": options.model, "phases": phases}, indent=2))


if __name__ == "__main__":
    main()
