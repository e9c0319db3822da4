"""The workspace index: how long building, updating and asking take.

A workspace is made of copies of the files of installed packages (Python, JavaScript, TypeScript,
C), under other names and with other names for what they define. `context` is what one completion
asks: where the imports of a file lead, what names in it mean, members, uses, and similar code.

Prints one JSON object.

    python -m benchmarks.index --files 10000 --small 1000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import ratio, summary
from lsp_server.core.syntax import grammar_for
from lsp_server.workspace.index import Index
from lsp_server.workspace.indexer import Indexer

EXTENSIONS = {".py", ".js", ".ts", ".tsx", ".c", ".h"}
MAX_BYTES = 200_000
CHANGED = 50
QUESTIONS = 300
WARM_UP = 30


def sources() -> list[Path]:
    """Code of installed packages."""
    folder = Path(sysconfig.get_path("purelib"))
    found = [path for path in sorted(folder.rglob("*")) if path.suffix in EXTENSIONS]
    return [path for path in found if path.is_file() and 200 < path.stat().st_size < MAX_BYTES]


def make(root: Path, count: int) -> int:
    """Write so many files; return their bytes."""
    folder = Path(sysconfig.get_path("purelib"))
    originals = sources()
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


async def measure(folder: Path, count: int) -> dict[str, Any]:
    """All figures for a workspace of so many files."""
    root, file = folder / f"root{count}", folder / f"{count}.sqlite"
    size = make(root, count)
    indexer = Indexer(root, file=file)
    began = time.perf_counter()
    assert await indexer.scan()
    cold = time.perf_counter() - began
    began = time.perf_counter()
    assert await indexer.scan()
    warm = time.perf_counter() - began
    await asyncio.sleep(3)  # the worker tidies up
    index = Index(root, file)
    chance = random.Random(3)
    changed: list[float] = []
    for path in chance.sample(sorted(index.known()), CHANGED):
        text = (root / path).read_text("utf-8", errors="replace")
        (root / path).write_text(text + "\n\n")
        began = time.perf_counter()
        assert await indexer.changed(path)
        changed.append(1000 * (time.perf_counter() - began))
    await indexer.close()
    figures = {
        "files": count,
        "megabytes": round(size / 1e6, 1),
        "database_megabytes": round(file.stat().st_size / 1e6, 1),
        "cold_s": round(cold, 2),
        "nothing_new_s": round(warm, 2),
        "changed_ms": summary(changed, digits=2),
        "questions_ms": ask(index),
    }
    index.close()
    return figures


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="How quick the workspace index is.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--small", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small, large = (
            asyncio.run(measure(Path(name), count)) for count in (options.small, options.files)
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
