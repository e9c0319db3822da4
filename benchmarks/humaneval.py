"""HumanEval's single-line infilling, judged by running its tests: Fimble beside the bare engine.

Data: the file HumanEval-SingleLineInfilling.jsonl.gz of human-eval-infilling (gzipped JSON lines
with `prompt`, `suffix`, `canonical_solution`, `test`, `entry_point`), of which a fixed, seeded
choice is asked. Two ways, both greedy, with the same engine in one run:

- `bare`: the engine alone, given prefix and suffix, and the answer cut to its first statement;
- `fimble`: Fimble's completion, asked for explicitly.

An answer passes if the problem's tests do. They run in a process of their own (`python -I` in an
empty folder, nothing to read, limits on time, memory, files and output); nothing of an answer is
ever run in this process. That keeps a mistake from doing harm, and is no prison for malice.

Prints one JSON object. `canonical` says how many of the solutions that come with the data pass.

    python -m benchmarks.humaneval DATA --model qwen2.5-coder-1.5b
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.kept import open_kept
from benchmarks.quality import CHARACTERS_PER_TOKEN, MAX_TOKENS, SETTINGS, bare
from lsp_server.engines.base import Engine
from lsp_server.evaluation import scoring
from lsp_server.evaluation.ask import ask, document
from lsp_server.models.discover import resolve

WAYS = ("bare", "fimble")
SEED = 20261125
SECONDS = 10
"""For the tests of one problem; the solutions that come with the data take a small part of it."""
MEMORY_BYTES = 512 << 20
FILE_BYTES = 1 << 20
OPEN_FILES = 32
PASSED = 42
"""Exit status of a program whose tests have passed: an answer that ends it early has not."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is missing in a function, and the tests of that function."""

    case: Case
    tests: str

    @classmethod
    def load(cls, path: Path, count: int) -> list[Problem]:
        """A fixed choice of `count` problems. Raises ValueError if there are not so many."""
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            entries = [json.loads(line) for line in lines]
        return [cls._of(entry) for entry in random.Random(SEED).sample(entries, count)]

    @classmethod
    def _of(cls, entry: dict[str, str]) -> Problem:
        case = Case(
            kind="single",
            shape="line",
            package="human-eval",
            path=f"{entry['task_id']}.py",
            grammar="python",
            row=entry["prompt"].count("\n"),
            prefix=entry["prompt"],
            suffix="\n" + entry["suffix"],
            expected=entry["canonical_solution"].removesuffix("\n"),
        )
        return cls(case, f"{entry['test']}\ncheck({entry['entry_point']})\n")

    def passes(self, answer: str) -> bool:
        """Whether the function passes its tests with the answer in its place."""
        code = self.case.prefix + answer + self.case.suffix
        return status(f"{code}\n{self.tests}\nimport os\nos._exit({PASSED})\n") == PASSED


def status(program: str) -> int | None:
    """Run a Python program within the limits; its exit status, None if it takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "program.py"
        file.write_text(program, "utf-8", "surrogatepass")
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", file.name],
            cwd=folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_limit,  # the only thread that runs is the one that forks
        )
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and what it has started
            process.wait()


def _limit() -> None:
    for limit, value in (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


async def completed(engine: Engine, case: Case) -> str:
    """Ask Fimble's completion, as for a document that has just been opened."""
    return (await ask(engine, case, document(case, Path("/")), SETTINGS, None)).text


async def ask_all(
    model: Path, cases: Sequence[Case], context_tokens: int, kept: Path | None
) -> dict[str, list[str]]:
    """The answers of each way, in the order of the cases; what is in `kept` is not asked again."""
    engine = open_kept(model, context_tokens, kept)
    characters = CHARACTERS_PER_TOKEN * (context_tokens - MAX_TOKENS)
    answers: dict[str, list[str]] = {way: [] for way in WAYS}
    for number, case in enumerate(cases, 1):
        answers["bare"].append((await bare(engine, case, characters)).text)
        answers["fimble"].append(await completed(engine, case))
        if number % 20 == 0:
            print(f"{number} of {len(cases)} cases", file=sys.stderr)
    await engine.close()
    return answers


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="HumanEval's single-line infilling, run.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--context", type=int, default=1024, help="tokens of prompt and answer")
    parser.add_argument("--kept", type=Path, help="a folder of what the model was asked before")
    parser.add_argument("--texts", type=Path, help="a file for all answers, as JSON lines")
    options = parser.parse_args()
    model = resolve(options.model)
    problems = Problem.load(options.data, options.cases)
    cases = [problem.case for problem in problems]
    answers = asyncio.run(ask_all(model, cases, options.context, options.kept))
    passed = {
        way: [float(problem.passes(text)) for problem, text in zip(problems, said, strict=True)]
        for way, said in (answers | {"canonical": [case.expected for case in cases]}).items()
    }
    result: dict[str, Any] = {
        "model": model.name,
        "context_tokens": options.context,
        "cases": len(problems),
        "passed": {way: round(sum(each)) for way, each in passed.items()},
        "fimble / bare": scoring.paired(passed["fimble"], passed["bare"]),
        "fimble - bare": asdict(scoring.difference(passed["fimble"], passed["bare"])),
    }
    if options.texts:
        with options.texts.open("w", encoding="utf-8") as file:
            for number, case in enumerate(cases):
                line: dict[str, Any] = {"case": case.path, "expected": case.expected}
                line |= {way: [answers[way][number], passed[way][number] > 0] for way in WAYS}
                file.write(json.dumps(line) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
