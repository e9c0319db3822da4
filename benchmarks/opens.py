"""The first suggestion after a file of 3,000 lines is opened, and again after a restart.

A hundred documents, made of files of installed packages, are opened one after the other, and at a
place in each, half a line of code, a suggestion is asked for at once, as if the user had just typed
there. Then, for some more, the server is ended after a while and started again, and asked for the
same place in the same document: `restarted / first` divides the medians. Times count from opening;
the model is loaded by then. What the servers keep is in a folder of its own, empty at the start.

Prints one JSON object, in ms.

    python -m benchmarks.opens --model qwen2.5-coder-1.5b
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Editor, apart, editor
from benchmarks.figures import ratio, summary
from benchmarks.sources import library
from lsp_server.models.discover import resolve

LINES = 3000
WITHIN_MS = 1500
PAUSE_SECONDS = 0.5
"""Between a suggestion and the next document."""
IDLE_SECONDS = 4.0
"""Before a server is ended."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A document, and a place in it where a line stops half-way."""

    uri: str
    text: str
    row: int
    column: int

    @classmethod
    def made(cls, number: int, paths: Sequence[Path], seed: int) -> Opened:
        """The document of that number."""
        chance = random.Random(f"{seed}:{number}")
        lines: list[str] = []
        while len(lines) < LINES:
            text = chance.choice(paths).read_text("utf-8", errors="replace")
            lines += text.splitlines()
        del lines[LINES:]
        code = [
            row for row, line in enumerate(lines) if len(line.strip()) > 20 and row > LINES / 10
        ]
        row = chance.choice(code)
        column = (len(lines[row]) - len(lines[row].lstrip()) + len(lines[row])) // 2
        lines[row] = lines[row][:column]
        return cls(f"file:///project/opened{number}.py", "\n".join(lines) + "\n", row, column)


async def first(server: Editor, document: Opened) -> tuple[float, bool]:
    """Milliseconds from opening to the answer, and whether it had a suggestion."""
    began = time.perf_counter()
    server.open(document.uri, "python", document.text)
    item = await server.complete(document.uri, document.row, document.column, invoked=False)
    return 1000 * (time.perf_counter() - began), item is not None


async def opens(model: Path, documents: Sequence[Opened]) -> list[tuple[float, bool]]:
    """Open them all in one server."""
    answers = []
    with apart() as environment:
        async with editor(["--model", str(model)], environment=environment) as server:
            await server.ready()
            for number, document in enumerate(documents, 1):
                answers.append(await first(server, document))
                server.close(document.uri)
                await asyncio.sleep(PAUSE_SECONDS)
                if number % 10 == 0:
                    print(f"{number} of {len(documents)} opened", file=sys.stderr)
    return answers


async def restarted(model: Path, document: Opened) -> tuple[float, float]:
    """Milliseconds in a new server, and in the one after it."""
    times = []
    with apart() as environment:
        for _ in range(2):
            async with editor(["--model", str(model)], environment=environment) as server:
                await server.ready()
                times.append((await first(server, document))[0])
                await asyncio.sleep(IDLE_SECONDS)
    return times[0], times[1]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="The first suggestion after opening a file.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--opens", type=int, default=100)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    model = resolve(options.model)
    paths = library()
    count = options.opens + options.restarts
    documents = [Opened.made(number, paths, options.seed) for number in range(count)]
    answers = asyncio.run(opens(model, documents[: options.opens]))
    pairs = [asyncio.run(restarted(model, document)) for document in documents[options.opens :]]
    before, after = ([pair[which] for pair in pairs] for which in (0, 1))
    report = {
        "model": model.name,
        "opens": len(answers),
        "within_1500_ms_percent": _percent([ms <= WITHIN_MS for ms, _ in answers]),
        "suggested_percent": _percent([suggested for _, suggested in answers]),
        "first_ms": summary([ms for ms, _ in answers]),
        "restarts": {"first_ms": summary(before), "restarted_ms": summary(after)},
        "restarted / first": ratio(summary(after)["p50"], summary(before)["p50"]),
    }
    print(json.dumps(report, indent=2))


def _percent(those: Sequence[bool]) -> float | None:
    return round(100 * sum(those) / len(those), 1) if those else None


if __name__ == "__main__":
    main()
