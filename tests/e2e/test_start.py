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
    """The best of three: others may be using the machine."""
    seconds, resident = [], []
    for _ in range(3):
        started = time.perf_counter()
        with serving() as server:
            server.call("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
            seconds.append(time.perf_counter() - started)
            resident.append(psutil.Process(server.process.pid).memory_info().rss)
    print(f"initialize after {min(seconds):.2f} s, {max(resident) / 1e6:.0f} MB resident")
    assert min(seconds) < INITIALIZE_SECONDS
    assert max(resident) < RESIDENT_BYTES


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
