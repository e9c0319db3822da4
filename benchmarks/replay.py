"""Type the script of keys at one side, and sum up what it took."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Rhythm, ratio, summary
from benchmarks.keys import Key, Shown
from benchmarks.sides import Answer, Side, SideName, side
from benchmarks.sources import Source, installed
from benchmarks.typist import Typist

PROGRESS_SECONDS = 30.0
COSTLIEST = 5


@dataclass(frozen=True, slots=True)
class Script:
    """What is typed: so many keys, with so many seconds between them (median)."""

    keys: int
    seed: int
    think_seconds: float


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key and what it brought."""

    key: Key
    answer: Answer


async def replay(
    target: Side, script: Script, over: Callable[[], bool] = lambda: False
) -> list[Pressed]:
    """Type so many keys, or until it is over; each after the answer to the last one and a pause."""
    sources = installed()
    rhythm = Rhythm(script.think_seconds, script.seed)
    pressed: list[Pressed] = []
    reported = time.monotonic()
    for round_number in itertools.count():
        typist = Typist(sources, script.seed + round_number)
        _open(target, sources, typist)
        keys = typist.keys()
        shown: Shown | None = None
        while len(pressed) < script.keys and not over():
            try:
                key = keys.send(shown)
            except StopIteration:
                break
            answer = await target.press(key)
            shown = answer.shown
            pressed.append(Pressed(key, answer))
            if time.monotonic() > reported + PROGRESS_SECONDS:
                reported = time.monotonic()
                print(f"{len(pressed)} of {script.keys} keys", file=sys.stderr)
            await asyncio.sleep(rhythm.pause())
        else:
            break
    return pressed


def _open(target: Side, sources: Sequence[Source], typist: Typist) -> None:
    for source in sources:
        target.open(source.uri, source.language, typist.documents[source.uri])


def arguments(description: str, keys: int) -> argparse.ArgumentParser:
    """What a replay can be told on the command line; `keys` is how many it types by itself."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--keys", type=int, default=keys)
    parser.add_argument(
        "--sides", nargs="+", choices=["fimble", "remote", "peer"], default=["fimble", "peer"]
    )
    parser.add_argument("--think-ms", type=float, default=150, help="median pause between keys")
    parser.add_argument("--seed", type=int, default=1)
    return parser


async def measure(name: SideName, model: Path, script: Script) -> dict[str, Any]:
    """Start a side, type, end it; the report of it."""
    async with side(name, model) as target:
        pressed = await replay(target, script)
        return report(pressed, target.idle_tokens())


def report(pressed: Sequence[Pressed], idle_tokens: int) -> dict[str, Any]:
    """Latencies in ms, prompt tokens a key, suggestions, by where answers came from."""
    everything = [p.answer for p in pressed]
    jumps = [p.answer for p in pressed if p.key.jumped]
    typed = [p.answer for p in pressed if not p.key.jumped]
    model, running = (
        [answer for answer in everything if answer.source == source]
        for source in ("model", "running")
    )
    accepted = [p.key.edit.text for p in pressed if p.key.kind == "accept" and p.key.edit]
    return {
        "keys": len(pressed),
        "kinds": dict(Counter(p.key.kind for p in pressed).most_common()),
        "files": len({p.key.uri for p in pressed}),
        "answers": dict(Counter(answer.source for answer in everything)),
        "latency_ms": {
            "all": _latency(everything),
            "model": _latency(model),
            "running": _latency(running),
            "jumps": _latency(jumps),
            "typing": _latency(typed),
        },
        "prompt_tokens_per_key": {
            "all": _tokens(everything),
            "jumps": _tokens(jumps),
            "typing": _tokens(typed),
        },
        "costliest_keys": _costliest(pressed),
        "idle_prompt_tokens": idle_tokens,
        "suggestions_shown": sum(answer.shown is not None for answer in everything),
        "suggestions_accepted": len(accepted),
        "characters_accepted": sum(map(len, accepted)),
    }


def compare(ours: dict[str, Any], other: dict[str, Any]) -> dict[str, float | None]:
    """Our latencies, divided by the other's."""
    return {
        f"{figure}_of_{part}": ratio(
            ours["latency_ms"][part][figure], other["latency_ms"][part][figure]
        )
        for part, figure in (("all", "mean"), ("all", "p95"), ("model", "p50"), ("jumps", "mean"))
    }


def _costliest(pressed: Sequence[Pressed]) -> list[dict[str, Any]]:
    """Where to look first: the keys, jumps apart, that evaluated most while they waited."""
    typed = [(number, p) for number, p in enumerate(pressed) if not p.key.jumped]
    typed.sort(key=lambda numbered: numbered[1].answer.prompt_tokens, reverse=True)
    return [
        {
            "number": number,
            "kind": p.key.kind,
            "prompt_tokens": p.answer.prompt_tokens,
            "ms": round(1000 * p.answer.seconds, 1),
        }
        for number, p in typed[:COSTLIEST]
    ]


def _latency(answers: Sequence[Answer]) -> dict[str, float | int | None]:
    return summary([1000 * answer.seconds for answer in answers])


def _tokens(answers: Sequence[Answer]) -> dict[str, float | int | None]:
    return summary([answer.prompt_tokens for answer in answers], digits=2)
