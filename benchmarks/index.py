"""The workspace index: how long building, updating and asking take.

A workspace is made of copies of the files of installed packages (Python, JavaScript, TypeScript,
C), under other names and with other names for what they define. `context` is what one completion
asks: where the imports of a file lead, what names in it mean, members, uses, and similar code.

`cold` is the first scan, `start` a later one in which nothing has changed, with the start of the
worker; questions are asked when the worker has tidied up. Prints one JSON object.

    python -m benchmarks.index --files 10000 --small 1000
    python -m benchmarks.index --files 100000 --small 10000 --max-bytes 4000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import shutil
import sqlite3
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import ratio, summary
from lsp_server.core.syntax import grammar_for
from lsp_server.workspace.index import Index
from lsp_server.workspace.indexer import Indexer
from lsp_server.workspace.schema import default_path
from lsp_server.workspace.walk import walk
from tests.e2e.index_kill import serving_folder

EXTENSIONS = {".py", ".js", ".ts", ".tsx", ".c", ".h"}
MAX_BYTES = 200_000
CHANGED = 50
QUESTIONS = 300
WARM_UP = 30
REST_SECONDS = 2.0


def sources(max_bytes: int) -> list[Path]:
    """Code of installed packages."""
    folder = Path(sysconfig.get_path("purelib"))
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in EXTENSIONS]
    return [path for path in found if path.is_file() and 200 < path.stat().st_size < max_bytes]


def make(root: Path, count: int, max_bytes: int = MAX_BYTES) -> int:
    """Write so many files; return their bytes."""
    folder = Path(sysconfig.get_path("purelib"))
    originals = sources(max_bytes)
    random.Random(1).shuffle(originals)
    written = 0
    for number in range(count):
        original = originals[number % len(originals)]
        copy = number // len(originals)
        text = original.read_text("utf-8", errors="replace")
        if copy:
            text = re.sub(r"\b(def|class|function) (\w+)", rf"\1 \2_{copy}", text)
        path = root / f"copy{copy}" / original.relative_to(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        written += path.stat().st_size
    return written


def context(index: Index, path: str, chance: random.Random) -> dict[str, Callable[[], Any]]:
    """What a completion at a random place in a file asks; nothing if the file is dull."""
    symbols, imports = index.in_module(path), index.imports(path)
    if not symbols or not imports:
        return {}
    lines = (index.root / path).read_text("utf-8", errors="replace").splitlines()
    row = chance.randrange(len(lines))
    near = "\n".join(lines[max(0, row - 20) : row])
    names = list(dict.fromkeys(re.findall(r"[^\W\d]\w{3,}", near)))[-8:]
    owner = chance.choice(symbols).name
    language = grammar_for("", path) or ""
    return {
        "find_module": lambda: [index.find_module(i.module, path, language) for i in imports[:8]],
        "definitions": lambda: [index.definitions(name, 10) for name in names],
        "members": lambda: index.members(owner),
        "in_module": lambda: index.in_module(path),
        "referencing": lambda: [index.referencing(name, 10) for name in names[:3]],
        "similar": lambda: index.similar(near, 8, path),
    }


def contexts(index: Index, count: int) -> Iterator[dict[str, Callable[[], Any]]]:
    """So many of them."""
    chance = random.Random(2)
    paths = sorted(index.known())
    while count:
        if questions := context(index, chance.choice(paths), chance):
            count -= 1
            yield questions


def ask(index: Index) -> dict[str, Any]:
    """Latencies in ms."""
    took: dict[str, list[float]] = {}
    for number, context in enumerate(contexts(index, QUESTIONS + WARM_UP)):
        total = 0.0
        for name, question in context.items():
            began = time.perf_counter()
            question()
            spent = 1000 * (time.perf_counter() - began)
            total += spent
            if number >= WARM_UP:
                took.setdefault(name, []).append(spent)
        if number >= WARM_UP:
            took.setdefault("context", []).append(total)
    return {name: summary(values, digits=3) for name, values in took.items()}


async def rest(file: Path) -> None:
    """Wait until the worker has tidied up: it writes no more."""
    with closing(sqlite3.connect(file)) as connection:
        before, now = -1, 0
        while now != before:
            await asyncio.sleep(REST_SECONDS)
            before, (now,) = now, connection.execute("PRAGMA data_version").fetchone()


def megabytes(process: int | None) -> float:
    """What a process has in memory."""
    return round(psutil.Process(process).memory_info().rss / 1e6, 1)


async def build(root: Path, file: Path) -> dict[str, Any]:
    """Figures of a first scan, of saved files, and of the next start."""
    indexer = Indexer(root, file=file)
    began = time.perf_counter()
    assert await indexer.scan()
    cold = time.perf_counter() - began
    used = psutil.Process(indexer.pid).cpu_times()
    memory = megabytes(indexer.pid)
    await rest(file)
    paths = random.Random(3).sample([found.path for found in walk(root)], CHANGED)
    changed: list[float] = []
    for path in paths:
        text = (root / path).read_text("utf-8", errors="replace")
        (root / path).write_text(text + "\n\n")
        began = time.perf_counter()
        assert await indexer.changed(path)
        changed.append(1000 * (time.perf_counter() - began))
    await indexer.close()
    again = Indexer(root, file=file)
    began = time.perf_counter()
    assert await again.scan()
    start = time.perf_counter() - began
    await again.close()
    return {
        "cold_s": round(cold, 2),
        "cold_processor_s": round(used.user + used.system, 2),
        "worker_megabytes": memory,
        "start_s": round(start, 2),
        "changed_ms": summary(changed, digits=2),
    }


def measure(folder: Path, count: int, max_bytes: int) -> dict[str, Any]:
    """All figures for a workspace of so many files."""
    root, kept = folder / f"root{count}", folder / f"kept{count}"
    size = make(root, count, max_bytes)
    file = kept / "index" / default_path(root).name
    file.parent.mkdir(parents=True)
    built = asyncio.run(build(root, file))
    built["database_megabytes"] = round(file.stat().st_size / 1e6, 1)
    with serving_folder(root, kept) as server:
        asyncio.run(rest(file))
        built["server_megabytes"] = megabytes(server.process.pid)
    index = Index(root, file)
    questions = ask(index)
    index.close()
    shutil.rmtree(root)
    return {"files": count, "megabytes": round(size / 1e6, 1)} | built | {"questions_ms": questions}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="How quick the workspace index is.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--max-bytes", type=int, default=MAX_BYTES, help="of a file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small, large = (
            measure(Path(name), count, options.max_bytes)
            for count in (options.small, options.files)
        )
    ratios = {
        name: {
            each: ratio(figures[each], small["questions_ms"][name][each]) for each in ("p50", "p95")
        }
        for name, figures in large["questions_ms"].items()
    }
    print(json.dumps({"small": small, "large": large, "large / small": ratios}, indent=2))


if __name__ == "__main__":
    main()
