"""What is offered behind an `@`, in a folder of many files: how long a server takes to answer.

The folder is that of `benchmarks.index`, indexed. Beginnings of names and of paths in it are typed
letter by letter. `first` lists the files. `stats` is a request that asks for next to nothing, sent
right behind each second of them: what it takes longer than `alone`, the others hold the server up.
Prints one JSON object, in ms.

    python -m benchmarks.mentions --files 10000
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.client import apart
from benchmarks.figures import summary
from benchmarks.index import make
from lsp_server.edge import messages
from lsp_server.edge.chat.messages import MENTIONS
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import walk
from tests.e2e.raw import SERVE, Server, serving

PAUSE_SECONDS = 0.05
"""Between two letters."""
MAX_SECONDS = 600.0
"""For the index to be built."""
WORDS = 60


def typed(root: Path, seed: int) -> list[str]:
    """What stands behind the `@` at each letter."""
    chance = random.Random(seed)
    paths = chance.sample([found.path for found in walk(root)], WORDS)
    words = [path if chance.random() < 0.3 else path.rpartition("/")[2] for path in paths]
    return [word[:length] for word in words for length in range(min(len(word), 10))]


def milliseconds(server: Server, method: str, params: object = None) -> float:
    """How long a request takes."""
    began = time.perf_counter()
    server.call(method, params)
    return (time.perf_counter() - began) * 1000


def both(server: Server, text: str) -> tuple[float, float]:
    """How long it takes, and a request that is sent right behind it."""
    began = time.perf_counter()
    asked = server.ask(MENTIONS, {"text": text}), server.ask(messages.STATS)
    ended = {server.response()["id"]: time.perf_counter() for _ in asked}
    first, second = ((ended[each] - began) * 1000 for each in asked)
    return first, second


def wait_for_index(root: Path, kept: Path) -> None:
    """`kept`: the folder in which the server keeps what it keeps. Raises TimeoutError."""
    end = time.monotonic() + MAX_SECONDS
    while time.monotonic() < end:
        for file in kept.rglob("index/*.sqlite"):
            with closing(Index(root, file)) as index:
                if index.complete:
                    return
        time.sleep(1)
    raise TimeoutError


def measure(root: Path, seed: int) -> dict[str, object]:
    """The figures of one server."""
    with tempfile.TemporaryDirectory() as folder, apart() as environment:
        script = Path(folder) / "script.json"
        script.write_text("[]")
        assigned = [f"{name}={value}" for name, value in environment.items()]
        command = ("env", *assigned, *SERVE)
        with serving("--script", str(script), command=command) as server:
            server.initialize(rootUri=root.as_uri())
            wait_for_index(root, Path(environment["XDG_CACHE_HOME"]))
            first = milliseconds(server, MENTIONS, {"text": ""})
            alone = [milliseconds(server, messages.STATS) for _ in range(100)]
            answers: list[float] = []
            beside: list[float] = []
            for number, text in enumerate(typed(root, seed)):
                time.sleep(PAUSE_SECONDS)
                if number % 2:
                    took, other = both(server, text)
                    beside.append(other)
                else:
                    took = milliseconds(server, MENTIONS, {"text": text})
                answers.append(took)
    figures = {"answers": summary(answers), "stats": summary(beside), "alone": summary(alone)}
    return {"first": round(first, 1), **figures}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "project"
        make(root, given.files, max_bytes=4_000)
        json.dump({"files": given.files, **measure(root, given.seed)}, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
