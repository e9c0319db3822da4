"""`fimble acp` before acplint, a judge of agents that others wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.acp_client import call, written

CATEGORIES = (
    "initialization authentication session_lifecycle streaming tool_calls plans session_modes "
    "config_options cancel stress schema_validation"
)
"""Of the others, each only waits for a request that no agent need make."""
REPOSITORY = Path(__file__).parents[2]


def test_it_finds_nothing_wrong(tmp_path: Path) -> None:
    (tmp_path / "calc.py").write_text("x = 1\n")
    hello = {"chat": "hello", "when": "hello"}
    read = {"chat": call("read", path="calc.py"), "when": "acp_test"}
    script = written(tmp_path / "script.json", hello, read, *["Done."] * 40)
    agent = f"-m tests.e2e.acplint_bridge {sys.executable} -m lsp_server acp --script {script}"
    command = [sys.executable, "-m", "acplint.cli", "--agent", sys.executable]
    command += ["--agent-args", agent, "--output", "json", "--output-file", "report.json"]
    command += ["--cwd", str(tmp_path), "--categories", *CATEGORIES.split()]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    report = json.loads((tmp_path / "report.json").read_text())
    wrong = [each for each in report["results"] if each["status"].lower() != "pass"]
    assert (done.returncode, wrong) == (0, [])
    assert report["conformance_level"] == "Full Conformance"
    assert len(report["results"]) > 40
