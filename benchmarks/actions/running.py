"""Running a project's tests, in a process with limits."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lsp_server.agent.workflows.verify import Outcome, read_output

SECONDS = 60
MEMORY_BYTES = 4 << 30
MAX_FILES = 3
_ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""What the tests of the packages do without; it takes time to start."""
_FLAGS = ("-B", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider")


def run_tests(folder: Path, targets: Sequence[str], *more: str) -> Outcome:
    """Run tests by their files or ids; all targets have failed if they don't end in time."""
    try:
        done = subprocess.run(
            (sys.executable, *_FLAGS, *more, *targets),
            cwd=folder,
            env={**os.environ, "COLUMNS": "240", **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
            preexec_fn=_limit,  # the only thread that runs is the one that forks
        )
    except subprocess.TimeoutExpired:
        return Outcome(True, frozenset(targets), (), "The tests did not end in time.")
    return read_output(done.stdout, done.returncode)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def nearest(folder: Path, path: str, name: str) -> list[str]:
    """The test files that name a function, those named like its own file first."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    stem = Path(path).stem.strip("_")
    found = [
        file
        for file in sorted(folder.rglob("test_*.py"))
        if word.search(file.read_text("utf-8", "replace"))
    ]
    found.sort(key=lambda file: file.name != f"test_{stem}.py")
    return [file.relative_to(folder).as_posix() for file in found[:MAX_FILES]]
