"""Real model servers for tests, each in a child process on a loopback port.

A child serves until its standard input ends, so it never outlives the test run, however that ends.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Child:
    """A server that runs."""

    url: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """What it has spent on all cores so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def kill(self) -> None:
        """SIGKILL: it has no time to say anything."""
        self.process.kill()


@contextmanager
def serving(
    command: Sequence[str], name: str, environment: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """Start a child that prints its URL once it can answer; end it.

    Raises RuntimeError if it doesn't start.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | dict(environment or {}),
    )
    with process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"{name} did not start; try by hand: {shlex.join(command)}")
            yield Child(url, psutil.Process(process.pid))
        finally:
            process.kill()
