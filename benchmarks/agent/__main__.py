"""Have the tasks done, and print what was solved as one JSON object.

python -m benchmarks.agent --model FILE.gguf --way fimble [--way plain ...] [--only ID] [--kept DIR]

Each task is done in a new copy of its project. With `--kept` what was done before is not done
again, and answers and projects can be looked at.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks.agent.tasks import Task, lay_out, tasks
from benchmarks.agent.verdicts import verdict
from benchmarks.agent.ways import SECONDS, WAYS
from lsp_server.models import hardware
from tests.llama_server import llama_server

CONTEXT_TOKENS = 16_384


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task."""

    task: str
    kind: str
    way: str
    problem: str
    """Empty if it is solved."""
    seconds: float


def do(task: Task, way: str, url: str, kept: Path) -> Outcome:
    """Do a task in one way, unless that was done before."""
    place = kept / way / task.id
    known = place / "outcome.json"
    if known.exists():
        return Outcome(**json.loads(known.read_text("utf-8")))
    state = place / "state"
    number = 0
    while (folder := place / f"project{number or ''}").exists():
        number += 1
    state.mkdir(parents=True, exist_ok=True)
    lay_out(task, folder)
    begun = time.monotonic()
    try:
        answer = WAYS[way](task, folder, url, state)
        seconds = time.monotonic() - begun
        problem = verdict(task, folder, answer)
    except (subprocess.TimeoutExpired, httpx.TimeoutException):
        seconds, problem = float(SECONDS), "out of time"
    except (SyntaxError, ValueError) as error:
        seconds, problem = time.monotonic() - begun, f"broken: {error}"
    outcome = Outcome(task.id, task.kind, way, problem, round(seconds, 1))
    known.write_text(json.dumps(asdict(outcome)), "utf-8")
    return outcome


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Solved of run, for each way and kind, and the median time."""
    told: dict[str, object] = {}
    for way in dict.fromkeys(each.way for each in outcomes):
        mine = [each for each in outcomes if each.way == way]
        kinds = {
            kind: f"{sum(not o.problem for o in mine if o.kind == kind)} of "
            f"{sum(o.kind == kind for o in mine)}"
            for kind in dict.fromkeys(each.kind for each in mine)
        }
        told[way] = {
            "solved": sum(not each.problem for each in mine),
            "of": len(mine),
            "kinds": kinds,
            "median_seconds": statistics.median(each.seconds for each in mine),
        }
    return told


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description="Small tasks for the agent")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--way", action="append", choices=list(WAYS), required=True)
    parser.add_argument("--only", nargs="*", default=[], help="ids, or how they begin")
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--threads", type=int, default=hardware.physical_cores())
    parser.add_argument("--minutes", type=float, default=600.0, help="begin no task after")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes
    chosen = [
        task for task in tasks() if not options.only or task.id.startswith(tuple(options.only))
    ]
    outcomes: list[Outcome] = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        llama_server(
            options.model,
            context_tokens=CONTEXT_TOKENS,
            threads=options.threads,
            batch_tokens=512,
        ) as url,
    ):
        for way in options.way:
            for task in chosen:
                if time.monotonic() > until:
                    break
                outcome = do(task, way, url, options.kept or Path(temporary))
                outcomes.append(outcome)
                what = outcome.problem or "solved"
                print(f"{way} {task.id} {outcome.seconds} s: {what}", file=sys.stderr, flush=True)
    print(json.dumps(summary(outcomes), indent=2))


if __name__ == "__main__":
    main()
