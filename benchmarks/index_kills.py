"""Kill the index's worker, or the server, at random moments, and see that the index is right after.

Each kill comes while the folder is read for the first time, is read again with a third of its files
changed, or while files are saved. Then the same server, or the next one, finishes the work, and all
rows are compared with those of an index that was built in peace. Prints one JSON object.

    python -m benchmarks.index_kills --times 50
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, get_args

from benchmarks.index import make
from tests.e2e.index_kill import Kill, Phase, Victim, Workspace


def measure(folder: Path, files: int, times: int) -> dict[str, Any]:
    """Kill so many times."""
    root, kept = folder / "root", folder / "kept"
    make(root, files, max_bytes=10_000)
    kept.mkdir()
    workspace = Workspace(root, kept, random.Random(1))
    cases = itertools.cycle(itertools.product(get_args(Victim), get_args(Phase)))
    began = time.monotonic()
    kills: list[Kill] = []
    for victim, phase in itertools.islice(cases, times):
        kills.append(workspace.run(phase, victim))
        print(kills[-1], file=sys.stderr)
    return {
        "files": files,
        "kills": dict(Counter(f"{kill.victim}, {kill.phase}" for kill in kills)),
        "at_work": sum(kill.at_work for kill in kills),
        "wrong": sum(not kill.right for kill in kills),
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Kill the index's worker and the server.")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report = measure(Path(name), options.files, options.times)
    print(json.dumps(report, indent=2))
    sys.exit(bool(report["wrong"]))


if __name__ == "__main__":
    main()
