"""Typing on a busy machine: the replay of `benchmarks/typing.py`, quiet and beside two processes
that do nothing but compute.

Prints one JSON object; `busy / quiet` divides the mean and the p95 of all latencies.

    python -m benchmarks.load --model qwen2.5-coder-0.5b --keys 120
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.figures import ratio
from benchmarks.replay import Script, arguments, measure
from lsp_server.models.discover import resolve

SPIN = "while True: pass"


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Keep so many cores busy."""
    spinning = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def main() -> None:
    """Run from the command line."""
    parser = arguments("Typing beside two busy processes.", keys=120)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    model = resolve(options.model)
    script = Script(options.keys, options.seed, options.think_ms / 1000)
    figures: dict[str, Any] = {}
    for name in options.sides:
        runs = {}
        for state, processes in (("quiet", 0), ("busy", options.processes)):
            print(f"{name}, {state}: {script.keys} keys", file=sys.stderr)
            with busy(processes):
                runs[state] = asyncio.run(measure(name, model, script))
        latency = {state: run["latency_ms"]["all"] for state, run in runs.items()}
        figures[name] = runs | {
            "busy / quiet": {
                figure: ratio(latency["busy"][figure], latency["quiet"][figure])
                for figure in ("mean", "p95")
            }
        }
    print(json.dumps({"model": model.name, "processes": options.processes} | figures, indent=2))


if __name__ == "__main__":
    main()
