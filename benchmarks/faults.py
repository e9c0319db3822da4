"""What a killed worker and a cancelled request cost, with a real model through the local engine.

A worker is killed (SIGKILL) at a random moment of loading, of prompt evaluation and of generation,
`--times` times each, while two requests wait for it. Measured in seconds from the kill:

- `answered`: until both requests have failed;
- `served`: until a new, short request has been answered;
- `served_beyond_load`: the same, less what loading the model took meanwhile.

A request is cancelled `--times` times while its prompt is evaluated, and while it generates:

- `freed`: seconds from the cancellation until the worker says that it has dropped the request;
- `step`: seconds of each slice of the prompt, or of each token, until then;
- `steps_begun`: slices or tokens that were begun in spite of it.

This process is the server, so a server that died would print nothing. Prints one JSON object.

    python -m benchmarks.faults --model qwen2.5-coder-0.5b --times 20
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from lsp_server.engines.base import EngineStatus, InfillRequest
from lsp_server.engines.local import wire
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.engines.local.process import KILL
from lsp_server.errors import EngineCrashed
from lsp_server.models.discover import resolve
from lsp_server.settings import LocalSettings

Phase = Literal["load", "prompt", "generation"]
Figures = dict[str, list[float]]
LINES = {"load": 10, "prompt": 170, "generation": 10}
"""Of a request's prompt, about ten tokens each."""
SHORT = InfillRequest("def add(a, b):\n    return ", "\n\nprint(add(1, 2))\n", max_tokens=4)


class Tap:
    """What the worker said, and when it was read; new messages are waited for."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str]] = []
        self._decode = wire.decode
        self._heard = asyncio.Event()

    def decode(self, line: bytes) -> wire.Message:
        """Stands in for `wire.decode`; the engine itself runs as it is."""
        message = self._decode(line)
        self.messages.append((time.perf_counter(), message["event"]))
        self._heard.set()
        return message

    def times(self, event: str, since: float) -> list[float]:
        """When that was said, since then."""
        return [when for when, name in self.messages if name == event and when >= since]

    async def first(self, event: str, since: float) -> float:
        """When that was first said, since then; waits for it."""
        while not (times := self.times(event, since)):
            self._heard.clear()
            await self._heard.wait()
        return times[0]


class Bench:
    """An engine, its tap and a clock for its loading."""

    def __init__(self, model: Path, tap: Tap) -> None:
        self.tap = tap
        self.engine = LocalEngine(lambda: model, LocalSettings(), self._on_status)
        self._load_began = 0.0
        self._starting = asyncio.Event()

    def _on_status(self, status: EngineStatus) -> None:
        if status.message == "Loading the model.":
            self._load_began = time.perf_counter()
            self._starting.set()

    async def answered(self, request: InfillRequest) -> float:
        """When the request was over, be it by the worker's end."""
        try:
            async with aclosing(self.engine.infill(request)) as events:
                async for _ in events:
                    pass
        except EngineCrashed:
            pass
        return time.perf_counter()

    async def into(self, phase: Phase, delay: float) -> tuple[asyncio.Task[float], float]:
        """Ask something, wait until `delay` seconds into a phase; the request, the phase's start.

        For the load phase there must be no worker yet.
        """
        if phase != "load":
            await self.engine.info()
        began = time.perf_counter()
        request = asyncio.create_task(self.answered(_request(LINES[phase])))
        if phase == "load":
            await self._starting.wait()
            reached = self._load_began
        else:
            reached = await self.tap.first("delta" if phase == "generation" else "working", began)
        await asyncio.sleep(delay)
        over = {"load": "ready", "prompt": "delta", "generation": "finished"}[phase]
        if self.tap.times(over, began):
            raise SystemExit(f"The {phase} was over before it was disturbed: too fast a machine.")
        return request, reached

    async def kill(self, phase: Phase, delay: float) -> Figures:
        """Kill the worker in that phase, with two requests waiting."""
        request, _ = await self.into(phase, delay)
        other = asyncio.create_task(self.answered(_request(10)))
        await asyncio.sleep(0)
        assert self.engine.worker_pid is not None
        killed = time.perf_counter()
        os.kill(self.engine.worker_pid, KILL)
        answered = max(await asyncio.gather(request, other))
        served = await self.answered(SHORT)
        load = await self.tap.first("ready", killed) - self._load_began
        return {
            "answered": [answered - killed],
            "served": [served - killed],
            "served_beyond_load": [served - killed - load],
        }

    async def cancel(self, phase: Phase, delay: float) -> Figures:
        """Cancel a request in that phase."""
        request, reached = await self.into(phase, delay)
        cancelled = time.perf_counter()
        request.cancel()
        await asyncio.wait({request})
        dropped = await self.tap.first("dropped", cancelled)
        steps = [when for when in self.tap.times("working", reached) if when < dropped]
        return {
            "freed": [dropped - cancelled],
            "step": [after - before for before, after in pairwise([*steps, dropped])],
            "steps_begun": [sum(when > cancelled for when in steps)],
        }


def _request(lines: int) -> InfillRequest:
    """Lines that no request before had, and whose continuation is long."""
    name = f"total_{random.getrandbits(20)}"
    prefix = "".join(f"{name} += {number}\n" for number in range(lines))
    return InfillRequest(prefix, f"print({name})\n", max_tokens=256)


@asynccontextmanager
async def bench(model: Path, tap: Tap) -> AsyncIterator[Bench]:
    """A bench that is closed in the end."""
    running = Bench(model, tap)
    try:
        yield running
    finally:
        await running.engine.close()


async def measure(model: Path, times: int) -> dict[str, object]:
    """All figures."""
    chance = random.Random(1)
    tap = Tap()
    with patch.object(wire, "decode", tap.decode):
        async with bench(model, tap) as running:
            await running.engine.info()
            began = time.perf_counter()
            os.kill(running.engine.worker_pid or 0, KILL)
            load = await tap.first("ready", began) - began
            await running.answered(SHORT)
            killed = {
                phase: _summary(
                    [await running.kill(phase, chance.uniform(0.0, 0.5)) for _ in range(times)]
                )
                for phase in ("prompt", "generation")
            }
            cancelled = {
                phase: _summary(
                    [await running.cancel(phase, chance.uniform(0.5, 1.0)) for _ in range(times)]
                )
                for phase in ("prompt", "generation")
            }
        loads = []
        for _ in range(times):
            async with bench(model, tap) as running:
                loads.append(await running.kill("load", chance.uniform(0.0, 0.9) * load))
    return {
        "model": model.name,
        "load_seconds": round(load, 3),
        "killed": {"load": _summary(loads), **killed},
        "cancelled": cancelled,
    }


def _summary(trials: list[Figures]) -> dict[str, dict[str, float]]:
    """Count, median and maximum of each figure over all trials."""
    return {name: _spread(value for trial in trials for value in trial[name]) for name in trials[0]}


def _spread(values: Iterable[float]) -> dict[str, float]:
    values = list(values)
    return {
        "count": len(values),
        "median": round(statistics.median(values), 4),
        "max": round(max(values), 4),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Kill workers, cancel requests, measure.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(resolve(options.model), options.times)), indent=2))


if __name__ == "__main__":
    main()
