"""Faults that "Fix this" mends, beside the same model asked once with its plain chat template.

The faults are single ones in functions of real packages (`benchmarks/actions`): 60 of Python, each
found by a test of the package or by pyright, or with `--typescript` 20 that TypeScript finds. Two
ways, with the same llama-server in one run:

- `fimble`: the real server is asked over LSP for the actions at the fault, with the diagnostic that
  an editor would have there; one is taken (`actions/choosing.py`) and its edit is made. The project
  has pyright and TypeScript installed, and the user trusts it (not with `--no-checks`);
- `plain`: the model is shown the function and the message, and the first block of code of its
  greedy answer stands in for the function.

Each case is done in a new copy of its project. With `--kept` what was done before is not done
again, and answers and projects can be looked at. Prints one JSON object.

    python -m benchmarks.mends --model qwen2.5-coder-1.5b --kept DIR
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.actions import choosing, judging, plain, python_cases, typescript_cases
from benchmarks.actions.case import Case, spread
from benchmarks.actions.installed import install
from benchmarks.actions.models import Engine, add_options, opened
from benchmarks.actions.session import Taken, session
from benchmarks.agent.tasks import lay_out_package
from lsp_server.evaluation import scoring

WAYS = ("fimble", "plain")


@dataclass(frozen=True, slots=True)
class Language:
    """How the faults of a language are had and judged."""

    name: str
    load: Callable[[], list[Case]]
    lay_out: Callable[[str, Path], None]
    judge: Callable[[Case, Path, str, str | None], judging.Verdict]
    checker: str
    """As it names itself in diagnostics."""


PYTHON = Language("python", python_cases.load, lay_out_package, judging.python, "Pyright")
TYPESCRIPT = Language(
    "typescript", typescript_cases.load, typescript_cases.lay_out, judging.script, "ts"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case."""

    case: str
    sort: str
    by: str
    way: str
    verdict: judging.Verdict
    seconds: float
    title: str = ""
    """Of the action that was taken."""
    message: str = ""
    """What the user was told, or the model's answer."""


@dataclass(frozen=True, slots=True)
class Runner:
    """How cases are done."""

    language: Language
    engine: Engine
    prefer: str
    checks: bool
    """Whether Fimble finds the checker in the project, and may run it."""
    kept: Path

    def do(self, case: Case, way: str) -> Outcome:
        """Do a case in one way, unless that was done before."""
        label = f"{way}-{self.prefer}-{self.checks}" if way == "fimble" else way
        place = self.kept / self.engine.name / label / case.id
        known = place / "outcome.json"
        if known.exists():
            return Outcome(**json.loads(known.read_text("utf-8")))
        number = 0
        while (root := place / f"try{number}").exists():
            number += 1
        folder = root / "project"
        root.mkdir(parents=True)
        self.language.lay_out(case.package, folder)
        sound = (folder / case.path).read_bytes().decode("utf-8")
        (folder / case.path).write_text(case.faulty(sound), "utf-8")
        taken = getattr(self, way)(case, folder.resolve(), case.faulty(sound))
        after = taken.texts.get(case.path)
        verdict = self.language.judge(case, folder.resolve(), sound, after)
        if after is not None and set(taken.texts) != {case.path}:
            verdict = "worse"  # it edits what has no fault
        outcome = Outcome(
            case.id, case.sort, case.by, way, verdict, round(taken.seconds, 2), taken.title,
            taken.message,
        )  # fmt: skip
        known.write_text(json.dumps(asdict(outcome), indent=1), "utf-8")
        return outcome

    def fimble(self, case: Case, folder: Path, text: str) -> Taken:
        """Over LSP."""
        if self.checks:
            install(folder)

        async def take() -> Taken:
            arguments, settings = self.engine.arguments, self.engine.settings
            async with session(arguments, settings, folder, trusts=self.checks) as running:
                choose = partial(choosing.fix, prefer=self.prefer, by=case.by)
                name, told = self.language.name, case.told
                source = self.language.checker if case.by == "checker" else "pytest"
                return await running.take(case.path, name, text, [told], told, choose, source)

        return asyncio.run(take())

    def plain(self, case: Case, folder: Path, text: str) -> Taken:
        """One question."""
        del folder
        began = time.perf_counter()
        try:
            after, answer = plain.mended(
                case.path, self.language.name, text, case.told, self.engine.ask
            )
        except (httpx.HTTPError, ValueError) as error:
            after, answer = None, str(error)
        texts = {} if after is None else {case.path: after}
        return Taken("", texts, time.perf_counter() - began, answer)


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures of each way and sort, and the ways beside each other."""
    told: dict[str, Any] = {}
    for way in dict.fromkeys(each.way for each in outcomes):
        mine = [each for each in outcomes if each.way == way]
        groups = {"all": mine}
        for key in ("sort", "by"):
            for value in dict.fromkeys(getattr(each, key) for each in mine):
                groups[f"{key} {value}"] = [e for e in mine if getattr(e, key) == value]
        told[way] = {name: _counted(group) for name, group in groups.items()}
    repaired = {
        way: {each.case: float(each.verdict == "repaired") for each in outcomes if each.way == way}
        for way in told
    }
    both = [case for case in repaired.get("fimble", ()) if case in repaired.get("plain", ())]
    if both:
        ones, others = ([repaired[way][case] for case in both] for way in WAYS)
        told["fimble / plain"] = {
            "cases": len(both),
            "ratio": asdict(scoring.ratio(ones, others)),
            "difference": asdict(scoring.difference(ones, others)),
        } | scoring.paired(ones, others)
    return told


def _counted(group: Sequence[Outcome]) -> dict[str, Any]:
    found = Counter(each.verdict for each in group)
    counts: dict[str, int] = {name: found[name] for name in judging.VERDICTS}
    seconds = round(statistics.median(each.seconds for each in group), 2)
    return {"of": len(group), **counts, "median_seconds": seconds}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Faults that a model mends.")
    add_options(parser)
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--prefer", choices=choosing.PREFERENCES, default="fix")
    parser.add_argument("--typescript", action="store_true")
    parser.add_argument(
        "--no-checks", dest="checks", action="store_false", help="no checker that Fimble could ask"
    )
    options = parser.parse_args()
    language = TYPESCRIPT if options.typescript else PYTHON
    cases = spread(language.load(), options.cases)
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory())
        engine = stack.enter_context(opened(options))
        runner = Runner(
            language, engine, options.prefer, options.checks, options.kept or Path(temporary)
        )
        for case in cases:
            for way in options.way or WAYS:
                outcome = runner.do(case, way)
                outcomes.append(outcome)
                told = f"{way} {case.id} {outcome.seconds} s: {outcome.verdict} {outcome.title!r}"
                print(told, file=sys.stderr, flush=True)
    print(
        json.dumps(
            {"model": engine.name, "prefer": options.prefer, "checks": options.checks}
            | report(outcomes),
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
