"""Answers to HumanEval are judged by running them, within limits."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import humaneval
from benchmarks.humaneval import Problem, status


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    entry = {
        "task_id": "SingleLineInfilling/HumanEval/0/L0",
        "entry_point": "double",
        "prompt": "def double(x):\n",
        "canonical_solution": "    y = x + x\n",
        "suffix": "    return y\n",
        "test": "def check(candidate):\n    assert candidate(2) == 4\n",
    }
    path = tmp_path / "data.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    [found] = Problem.load(path, 1)
    return found


def test_the_solution_passes(problem: Problem) -> None:
    assert problem.case.prefix + problem.case.expected + problem.case.suffix == (
        "def double(x):\n    y = x + x\n    return y\n"
    )
    assert problem.passes(problem.case.expected)


@pytest.mark.parametrize(
    "answer",
    [
        "    y = x",
        "    y = (",
        "",
        "    raise SystemExit(0)",
        "    import os; os._exit(0)",
        "    y = bytearray(1 << 30) and 4",
        "    y = open('big', 'wb').write(bytes(2 << 20)) and 4",
        "    y = 4 if input() == '' else 0",
    ],
)
def test_others_do_not(problem: Problem, answer: str) -> None:
    assert not problem.passes(answer)


def test_what_goes_on_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(humaneval, "SECONDS", 1)
    assert status("import time\ntime.sleep(60)\n") is None
    assert status("while True: pass\n") != 0


def test_it_runs_in_an_empty_folder_without_environment() -> None:
    program = "import os, sys\nsys.exit(len(os.listdir()) + 10 * ('HOME' in os.environ))\n"
    assert status(program) == 1  # the program itself
