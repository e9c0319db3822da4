"""What "Write tests" is worth: 20 functions of packages that have tests, asked over LSP.

The project's own tests that name the function are taken away first. What is written must parse and
add a test, pass with the function as it is, and fail with one of up to ten changed ones. Prints one
JSON object.

    python -m benchmarks.writing_tests --model qwen2.5-coder-1.5b --kept DIR
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.actions import choosing
from benchmarks.actions.case import Told
from benchmarks.actions.models import Engine, add_options, opened
from benchmarks.actions.python_cases import Place, places
from benchmarks.actions.session import Taken, session
from benchmarks.actions.untested import judge, without_tests
from benchmarks.agent.tasks import lay_out_package

FUNCTIONS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a function; see `untested.Verdict`."""

    id: str
    wrote: bool
    parses: bool
    passes: bool
    finds: bool
    seconds: float
    title: str
    why: str


def chosen(root: Path) -> list[Place]:
    """Public functions at the top level, the packages by turns, the same ones every time."""
    found = [
        place
        for place in places(root)
        if not place.function.name.startswith("_")
        and place.function.col_offset == 0
        and not place.function.decorator_list
    ]
    names = [place.function.name for place in found]
    return [place for place in found if names.count(place.function.name) == 1][:FUNCTIONS]


def do(place: Place, engine: Engine, kept: Path) -> Outcome:
    """Have tests written for a function, unless that was done before."""
    name = place.function.name
    identity = f"{place.package}-{name}"
    known = kept / identity / "outcome.json"
    if known.exists():
        return Outcome(**json.loads(known.read_text("utf-8")))
    number = 0
    while (folder := kept / identity / f"project{number}").exists():
        number += 1
    lay_out_package(place.package, folder)
    for path in place.tests:
        file = folder / path
        text = without_tests(file.read_text("utf-8"), name)
        ast.parse(text)
        file.write_text(text, "utf-8")
    taken = asyncio.run(_taken(place, engine, folder.resolve()))
    verdict = judge(folder, place.path, name, taken.texts)
    outcome = Outcome(
        identity, verdict.wrote, verdict.parses, verdict.passes, verdict.finds,
        round(taken.seconds, 2), taken.title, verdict.why or taken.message,
    )  # fmt: skip
    known.write_text(json.dumps(asdict(outcome), indent=1), "utf-8")
    return outcome


async def _taken(place: Place, engine: Engine, folder: Path) -> Taken:
    row = place.function.lineno - 1
    at = Told(row, len("def "), row, len("def "), "")
    choose = partial(choosing.titled, beginning=choosing.WRITES_TESTS)
    async with session(engine.arguments, engine.settings, folder) as server:
        return await server.take(place.path, "python", place.text, [], at, choose)


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures of all."""
    counts = {
        name: sum(bool(getattr(each, name)) for each in outcomes)
        for name in ("title", "wrote", "parses", "passes", "finds")
    }
    counts["offered"] = counts.pop("title")
    seconds = statistics.median(each.seconds for each in outcomes)
    return {"of": len(outcomes), **counts, "median_seconds": round(seconds, 2)}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Tests that a model writes.")
    add_options(parser)
    options = parser.parse_args()
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        wanted = chosen(temporary / "packages")[: options.cases]
        engine = stack.enter_context(opened(options))
        outcomes = []
        for place in wanted:
            outcome = do(place, engine, (options.kept or temporary) / engine.name / "writing_tests")
            outcomes.append(outcome)
            print(outcome, file=sys.stderr, flush=True)
    print(json.dumps({"model": engine.name} | report(outcomes), indent=2))


if __name__ == "__main__":
    main()
