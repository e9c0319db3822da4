"""Type 20,000 keys without a pause, and see that nothing breaks, grows or keeps running.

Checked: each request is answered once, in its turn and without an error; the resident memory of
server and worker, from a tenth of the keys on, grows by less than 5 %; in five idle seconds at the
end they use no processor time. Prints one JSON object; the exit code is 1 if a bound is broken.

    python -m benchmarks.soak
    python -m benchmarks.soak --model qwen2.5-coder-0.5b --keys 500
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from benchmarks.figures import growth_percent, summary
from benchmarks.keys import Shown
from benchmarks.sources import installed
from benchmarks.wire import Processes, Typing, server
from tests.e2e.raw import Server

WARM_UP_PART = 0.1
IDLE_SECONDS = 5.0
GROWTH_PERCENT = 5.0
IDLE_CPU_SECONDS = 0.05
"""What counts as none: the system counts in steps of 0.01 s, and this asks it twice."""
SETTLE_SECONDS = {True: 15.0, False: 1.0}
"""With a model, and without: idle work ends by itself."""
REPORT_EVERY = 2000


def soak(started: Server, keys: int, seed: int, settle_seconds: float) -> dict[str, object]:
    """Type, wait, look."""
    processes = Processes(started)
    typing = Typing(started, installed(), seed)
    shown: Shown | None = None
    latencies: list[float] = []
    before = processes.memory()
    began = time.monotonic()
    for number in range(keys):
        if number == int(keys * WARM_UP_PART):
            before = processes.memory()
        seconds, shown = typing.press(shown)
        latencies.append(1000 * seconds)
        if number % REPORT_EVERY == REPORT_EVERY - 1:
            print(f"{number + 1} of {keys} keys", file=sys.stderr)
    took = time.monotonic() - began
    last = started.ask("no/method")
    assert started.response()["id"] == last, "a request was answered twice"
    after = processes.memory()
    time.sleep(settle_seconds)
    idle = processes.cpu_seconds()
    time.sleep(IDLE_SECONDS)
    return {
        "keys": keys,
        "seconds": round(took, 1),
        "latency_ms": summary(latencies, digits=2),
        "memory_mib": round(after / 2**20, 1),
        "memory_growth_percent": growth_percent(before, after),
        "idle_cpu_seconds": round(processes.cpu_seconds() - idle, 3),
        "errors": started.errors().splitlines(),
    }


def broken(report: dict[str, object]) -> list[str]:
    """The bounds that a report breaks."""
    growth, idle = report["memory_growth_percent"], report["idle_cpu_seconds"]
    assert isinstance(growth, float)
    assert isinstance(idle, float)
    bounds = {
        "memory growth": growth < GROWTH_PERCENT,
        "idle processor time": idle <= IDLE_CPU_SECONDS,
        "nothing in the log": not report["errors"],
    }
    return [name for name, kept in bounds.items() if not kept]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Type many keys without a pause.")
    parser.add_argument("--model", default="", help="a real model instead of the scripted engine")
    parser.add_argument("--keys", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with server(options.model) as started:
        report = soak(started, options.keys, options.seed, SETTLE_SECONDS[bool(options.model)])
    failed = broken(report)
    print(json.dumps({"engine": options.model or "script"} | report | {"broken": failed}, indent=2))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
