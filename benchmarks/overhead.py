"""What everything but the model costs: a server of the scripted engine, large files.

- `requests`: a key and its suggestion, in files of 1,000 and of 10,000 lines;
- `edits`: a key in a file of 1 MB, until a request sent right behind it is answered. That one is of
  a method that the server doesn't have, so that the edit is all it waits for.

Prints one JSON object, in ms. The client's own work is in it.

    python -m benchmarks.overhead
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator

from benchmarks.figures import ratio, summary
from benchmarks.keys import Edit
from benchmarks.sources import library
from benchmarks.wire import change, server, suggestion
from lsp_server.core.text import Point
from tests.e2e.raw import Server

TYPED = "total = compute(value, other)"
WARM_UP = 30
LINES = (1_000, 10_000)
LARGE_BYTES = 1_000_000


def document(lines: int) -> str:
    """So many lines of real Python."""
    found: list[str] = []
    for path in library():
        found += path.read_text("utf-8", errors="replace").splitlines(keepends=True)
        if len(found) >= lines:
            break
    return "".join(found[:lines])


def keys(row: int, count: int) -> Iterator[tuple[Edit, Point]]:
    """Code that is typed into new lines before a row; each edit with the cursor after it."""
    cursor = Point(row, 0)
    for number in range(count):
        character = (TYPED + "\n")[number % (len(TYPED) + 1)]
        edit = Edit(cursor, cursor, character)
        new_line = character == "\n"
        cursor = Point(cursor.row + 1, 0) if new_line else Point(cursor.row, cursor.column + 1)
        yield edit, cursor


def requests(started: Server, lines: int, count: int) -> list[float]:
    """Latencies of keys in a file of so many lines."""
    uri = f"file:///project/{lines}.py"
    started.open(uri, document(lines))
    latencies = []
    for edit, cursor in keys(lines // 2, count + WARM_UP):
        began = time.perf_counter()
        change(started, uri, edit)
        request = started.complete(uri, cursor.row, cursor.column, invoked=False)
        response = started.response()
        latencies.append(1000 * (time.perf_counter() - began))
        assert response["id"] == request
        suggestion(response)
    return latencies[WARM_UP:]


def edits(started: Server, count: int) -> list[float]:
    """Latencies of edits in the middle of a large file."""
    uri = "file:///project/large.py"
    text = document(10 * LINES[-1])[:LARGE_BYTES]
    assert len(text) == LARGE_BYTES, "the installed packages have too little code"
    started.open(uri, text)
    latencies = []
    for edit, _ in keys(text.count("\n") // 2, count + WARM_UP):
        began = time.perf_counter()
        change(started, uri, edit)
        request = started.ask("no/method")
        response = started.response()
        latencies.append(1000 * (time.perf_counter() - began))
        assert response["id"] == request
    return latencies[WARM_UP:]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="What everything but the model costs.")
    parser.add_argument("--keys", type=int, default=600)
    options = parser.parse_args()
    with server() as started:
        latencies = {
            lines: summary(requests(started, lines, options.keys), digits=2) for lines in LINES
        }
        large = summary(edits(started, options.keys), digits=2)
    small, big = (latencies[lines] for lines in LINES)
    report = {
        "requests_ms": {f"{lines} lines": figures for lines, figures in latencies.items()},
        "10,000 / 1,000 lines": {name: ratio(big[name], small[name]) for name in ("mean", "p50")},
        "edits_ms in 1 MB": large,
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
