"""Typing while a folder is indexed for the first time, and with that done.

The folder has so many files of installed packages. The same keys (`benchmarks/typist.py`) are typed
twice at `fimble serve`, in documents outside of the folder, so that only the processor is shared:
from the start until all files have been read, then as many keys with another server that finds
the index as it should be. Speeds are measured beforehand, without a folder.

Prints one JSON object; `indexing / quiet` divides latencies, `cold_s` counts from the start of the
server until the index is complete, while somebody types.

    python -m benchmarks.indexing --model qwen2.5-coder-0.5b --files 10000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from benchmarks.client import apart, editor
from benchmarks.figures import ratio
from benchmarks.index import make
from benchmarks.replay import Script, replay, report
from benchmarks.sides import Fimble
from lsp_server.models.discover import resolve

MOST_KEYS = 2_000
FEWEST_KEYS = 20


async def measure(model: Path, root: Path, seed: int, think_seconds: float) -> dict[str, Any]:
    """All figures for one folder."""
    with apart() as environment:
        kept = Path(environment["XDG_CACHE_HOME"])

        async def type_keys(
            keys: int, folder: Path | None, over: Callable[[], bool] = lambda: False
        ) -> dict[str, Any]:
            async with editor(["--model", str(model)], None, environment, folder) as server:
                await server.ready()
                target = Fimble(server, await server.evaluated())
                script = Script(keys, seed, think_seconds)
                return report(await replay(target, script, over), target.idle_tokens())

        await type_keys(FEWEST_KEYS, None)
        began = time.monotonic()
        indexing = await type_keys(MOST_KEYS, root, lambda: is_complete(kept))
        cold = time.monotonic() - began
        quiet = await type_keys(max(indexing["keys"], FEWEST_KEYS), root)
    latency = [run["latency_ms"]["all"] for run in (indexing, quiet)]
    return {
        "cold_s": round(cold, 1),
        "indexing": indexing,
        "quiet": quiet,
        "indexing / quiet": {
            figure: ratio(latency[0][figure], latency[1][figure])
            for figure in ("mean", "p50", "p95")
        },
    }


def is_complete(kept: Path) -> bool:
    """Whether a server with that cache has read all files of its folder."""
    for file in kept.rglob("index/*.sqlite"):
        with (
            suppress(sqlite3.OperationalError),  # it is being made
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection,
        ):
            return bool(connection.execute("SELECT * FROM facts").fetchall())
    return False


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Typing while a folder is indexed.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--think-ms", type=float, default=150, help="median pause between keys")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    model = resolve(options.model)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "root"
        make(root, options.files)
        print(f"{options.files} files are there", file=sys.stderr)
        figures = asyncio.run(measure(model, root, options.seed, options.think_ms / 1000))
    print(json.dumps({"model": model.name, "files": options.files} | figures, indent=2))


if __name__ == "__main__":
    main()
