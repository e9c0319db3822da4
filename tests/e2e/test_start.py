"""What starting costs: the bounds that keep an editor quick."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from tests.e2e.raw import serving

INITIALIZE_SECONDS = 1.0
RESIDENT_BYTES = 120_000_000
HEAVY = "llama_cpp numpy httpx lsprotocol pygls tiktoken tree_sitter rich asyncio logging"


def test_the_server_answers_at_once_and_stays_small() -> None:
    """Judged by processor time, which other work on the machine does not change; prints both."""
    started = time.perf_counter()
    with serving() as server:
        server.call("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        process = psutil.Process(server.process.pid)
        waited = time.perf_counter() - started
        times = process.cpu_times()
        resident = process.memory_info().rss
    used = times.user + times.system
    print(
        f"initialize after {waited:.2f} s, {used:.2f} s of work, {resident / 1e6:.0f} MB resident"
    )
    assert used < INITIALIZE_SECONDS
    assert resident < RESIDENT_BYTES


def test_importing_the_package_does_nothing() -> None:
    program = f"""
import os, sys, threading
before = dict(os.environ), threading.active_count(), set(sys.modules)
import lsp_server
assert (dict(os.environ), threading.active_count()) == before[:2]
assert set(sys.modules) - before[2] == {{"lsp_server"}}, set(sys.modules) - before[2]
import lsp_server.cli
heavy = set({HEAVY!r}.split()) & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
