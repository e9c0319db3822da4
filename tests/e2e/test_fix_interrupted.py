"""`fimble fix` is stopped while a try is looked at: the file is as it was, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lsp_server.agent.commands.sandbox import find_sandbox
from tests.signals import heed_interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sandbox for Windows")

SECONDS = 60.0
CODE = "def total(prices):\n    return sum(prices) - 0\n\n\nprint(totl([1]))\n"
CHECK = """\
import pathlib, sys, time
text = pathlib.Path("shop.py").read_text()
if "totl" not in text:
    pathlib.Path("running").touch()
    time.sleep(600)
print("shop.py:5:7: undefined name 'totl'")
sys.exit(1)
"""


@pytest.mark.parametrize("boxed", [True, False], ids=["sandbox", "no-sandbox"])
@pytest.mark.parametrize(
    ("number", "times"),
    [
        (signal.SIGINT, 1),
        (signal.SIGINT, 3),
        (signal.SIGTERM, 1),
        (signal.SIGTERM, 3),
        (signal.SIGHUP, 1),
    ],
)
def test_the_file_is_as_it_was(
    tmp_path: Path, boxed: bool, number: signal.Signals, times: int
) -> None:
    if boxed and find_sandbox() is None:
        pytest.skip("there is no sandbox here")
    root = tmp_path / "work"
    root.mkdir()
    (root / "shop.py").write_text(CODE)
    (root / "check.py").write_text(CHECK)
    environment = {**os.environ, "FIMBLE_CACHE": str(tmp_path / "cache")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    # In the sandbox programs are seen where PATH has them.
    environment["PATH"] = str(Path(sys.executable).parent if boxed else tmp_path / "nothing")
    if boxed:
        environment["PATH"] += f"{os.pathsep}{os.environ['PATH']}"
    check = f"{sys.executable} check.py"
    command = (sys.executable, "-m", "lsp_server", "fix", "shop.py", "--write", "--check", check)
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    ) as running:
        deadline = time.monotonic() + SECONDS
        while not (root / "running").exists():
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)  # what another process writes to a file can't be awaited
        assert ((root / "shop.py").read_text() == CODE) == boxed
        begun = psutil.Process(running.pid).children(recursive=True)
        for _ in range(times):
            running.send_signal(number)
        assert running.communicate(timeout=SECONDS) == (b"", b"fimble: stopped.\n")
    assert running.returncode == 128 + number
    assert (root / "shop.py").read_text() == CODE
    assert {each.name for each in root.iterdir()} == {"check.py", "running", "shop.py"}
    psutil.wait_procs(begun, timeout=SECONDS)
    assert not [each for each in begun if each.is_running()]
