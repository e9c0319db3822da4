"""A thousand requests, fifty a second, nearly all cancelled a moment later.

Each must be answered once, with a suggestion, nothing, or the protocol's word for "cancelled".
Measured: the growth of the resident memory of server and worker, after a tenth of the storm as a
warm-up, and the latency of the next suggestion. That one, and those it is compared with from before
the storm, are asked for at the end of new documents that differ in their first line only, so that
the model has the same to do. Prints one JSON object; the exit code is 1 if a bound is broken.

    python -m benchmarks.storm
    python -m benchmarks.storm --model qwen2.5-coder-0.5b
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import sys
import time
from collections import Counter
from typing import Any

from benchmarks.figures import growth_percent, ratio, summary
from benchmarks.sources import installed
from benchmarks.wire import SLOW_SCRIPT, Processes, Typing, server, suggestion
from tests.e2e.raw import Server
from tests.e2e.test_cancel_storm import cancel

PER_SECOND = 50
CANCELLED_PART = 0.95
LONGEST_WAIT = 0.1
"""Seconds until a request is cancelled, at most."""
WARM_UP_PART = 0.1
ASKED = (
    "\n    def __init__(self):\n"
    "        self.prices = {}\n\n"
    "    def total(self):\n"
    "        return sum(self."
)
QUIET_TIMES = 10
REQUEST_CANCELLED = -32800
GROWTH_PERCENT = 5.0
SLOWDOWN = 2.0


def storm(started: Server, typing: Typing, requests: int, chance: random.Random) -> Counter[str]:
    """Send and cancel at the given pace; how the requests were answered."""
    sent: list[int] = []
    to_cancel: list[tuple[float, int]] = []
    began = time.monotonic()
    for number in range(requests):
        due = began + number / PER_SECOND
        while to_cancel and to_cancel[0][0] < due:
            when, request = heapq.heappop(to_cancel)
            _sleep_until(when)
            cancel(started, request)
        _sleep_until(due)
        sent.append(typing.send(None))
        if chance.random() < CANCELLED_PART:
            delay = chance.random() * LONGEST_WAIT
            heapq.heappush(to_cancel, (time.monotonic() + delay, sent[-1]))
    for _, request in to_cancel:
        cancel(started, request)
    last = started.ask("no/method")
    answers = [started.response() for _ in range(requests + 1)]
    assert Counter(answer["id"] for answer in answers) == Counter([*sent, last])
    return Counter(_outcome(answer) for answer in answers if answer["id"] != last)


def _sleep_until(when: float) -> None:
    time.sleep(max(0.0, when - time.monotonic()))


def _outcome(answer: dict[str, Any]) -> str:
    if "error" in answer:
        code = answer["error"]["code"]
        return "cancelled" if code == REQUEST_CANCELLED else f"error {code}"
    return "suggestion" if answer["result"]["items"] else "nothing"


def ask(started: Server, number: int) -> float:
    """Milliseconds until something is suggested at the end of the new document of that number."""
    uri = f"file:///project/asked{number}.py"
    text = f"class Basket{number:02}:{ASKED}"
    started.open(uri, text)
    began = time.perf_counter()
    started.complete(uri, text.count("\n"), len(text.rpartition("\n")[2]), invoked=False)
    shown = suggestion(started.response())
    assert shown is not None, "nothing was suggested"
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Many requests, nearly all cancelled.")
    parser.add_argument("--model", default="", help="a real model instead of the scripted engine")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with server(options.model, SLOW_SCRIPT) as started:
        processes = Processes(started)
        typing = Typing(started, installed(), options.seed)
        quiet = [ask(started, number) for number in range(QUIET_TIMES)]
        storm(started, typing, int(options.requests * WARM_UP_PART), chance)
        before = processes.memory()
        outcomes = storm(started, typing, options.requests, chance)
        following = ask(started, QUIET_TIMES)
        after = processes.memory()
        errors = started.errors().splitlines()
    median = summary(quiet)["p50"]
    slowdown = ratio(following, median)
    growth = growth_percent(before, after)
    bounds = {
        "memory growth": growth < GROWTH_PERCENT,
        "next suggestion": slowdown is None or slowdown <= SLOWDOWN,
        "answers": set(outcomes) <= {"cancelled", "suggestion", "nothing"},
        "nothing in the log": not errors,
    }
    report = {
        "engine": options.model or "script",
        "requests": options.requests,
        "outcomes": dict(outcomes.most_common()),
        "quiet_ms": summary(quiet, digits=2),
        "next_ms": round(following, 2),
        "next / quiet median": slowdown,
        "memory_growth_percent": growth,
        "errors": errors,
        "broken": [name for name, kept in bounds.items() if not kept],
    }
    print(json.dumps(report, indent=2))
    sys.exit(bool(report["broken"]))


if __name__ == "__main__":
    main()
