"""The folder in which the server is started is the user's project: its modules must not run."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lsp_server.engines.local.supervisor import WORKER_COMMAND


def test_modules_of_the_users_project_are_not_run(tmp_path: Path) -> None:
    for name in ("queue", "numpy", "llama_cpp"):
        (tmp_path / f"{name}.py").write_text("open('was_here', 'w').close()\n")
    ended = subprocess.run(WORKER_COMMAND, cwd=tmp_path, input=b"", capture_output=True, timeout=60)
    assert not (tmp_path / "was_here").exists()
    assert (ended.returncode, ended.stdout) == (0, b"")
