"""The process between Fimble and a command: it sets limits, watches, and leaves nothing behind.

    python -P -m lsp_server.agent.commands.runner JSON

Its standard input is a pipe that nobody writes to: when that closes, since the command was
cancelled or Fimble has died, everything ends. It adopts what its descendants leave behind, so that
neither `setsid` nor forking twice lets a process get away. The command's output goes to standard
output; at the end one JSON object with the outcome goes to standard error.

On systems without a way to adopt (all but Linux) a process that forked twice may survive.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil

from lsp_server.agent.commands.environment import scrubbed
from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.order import Order, Outcome
from lsp_server.agent.commands.placeholders import placeholders
from lsp_server.agent.commands.protected import find_protected
from lsp_server.agent.commands.rooms import open_rooms
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.agent.commands.seccomp import open_filter
from lsp_server.errors import UsageError

_WATCH_SECONDS = 0.1
"""A fork bomb makes some hundreds of processes meanwhile, and each of them slows the next look."""
_KILL_SECONDS = 5.0
_FLOOD = 4
"""So many times more processes than allowed, on all of the machine, are a fork bomb: to list whose
they are would take longer than it takes to make as many again."""
_OTHERS = 4096
"""Threads that a user may have besides."""
_NICE = 10
"""Of the command: the editor comes first, and who watches."""
_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Run the order in the first argument."""
    table = json.loads(sys.argv[1])
    order = Order(**table | {"limits": Limits(**table["limits"])})
    _adopt()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with ExitStack() as stack:
        try:
            outcome = _run(order, stack, wake)
        except UsageError as error:
            outcome = Outcome(error=str(error))
        except OSError as error:
            outcome = Outcome(error=f"The command could not be started: {error.strerror}.")
    sys.stderr.write(json.dumps(asdict(outcome)))


def _run(order: Order, stack: ExitStack, wake: int) -> Outcome:
    if order.sandbox is None:
        command = shell(order.line, None)
        return _ended(order, command, scrubbed(os.environ), order.cwd, [], wake)
    workspace, sandbox = Path(order.workspace), Sandbox(order.sandbox)
    sandbox.check(workspace)
    if order.writable:
        stack.enter_context(placeholders(workspace))
    before = find_protected(workspace)
    environment = scrubbed(os.environ)
    seccomp = open_filter()
    new = [Path(path) for path in order.instead if not os.path.lexists(path)]
    rooms = open_rooms(workspace, new, stack)
    opened = [descriptor for room in rooms for descriptor in room.entries.values()]
    command = sandbox.wrap(
        shell(order.line, order.limits.processes, opened),
        workspace,
        Path(order.cwd),
        environment,
        before,
        order.writable,
        seccomp,
        order.instead,
        rooms,
    )
    inherited = [*opened, *([] if seccomp is None else [seccomp])]
    outcome = _ended(order, command, environment, order.workspace, inherited, wake)
    made = find_protected(workspace).beyond(before) if order.writable else []
    return replace(outcome, appeared=[str(path.relative_to(workspace)) for path in made])


def _ended(
    order: Order,
    command: list[str],
    environment: dict[str, str],
    cwd: str,
    inherited: Sequence[int],
    wake: int,
) -> Outcome:
    """What becomes of a command; when it returns, nothing of it runs."""
    child = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        pass_fds=inherited,
        start_new_session=True,
        preexec_fn=lambda: _limit(order.limits),  # safe: this process has no threads
    )
    try:
        status, exceeded = _watch(child.pid, order.limits, wake)
    finally:
        _end_all(child.pid)
    child.returncode = os.waitstatus_to_exitcode(signal.SIGKILL if status is None else status)
    killed_by = -child.returncode
    return Outcome(128 + killed_by if killed_by > 0 else child.returncode, exceeded)


def shell(line: str, processes: int | None, opened: Sequence[int] = ()) -> list[str]:
    """The command that runs a line: bash's, since lines are judged as bash reads them.

    Bash reads no file at its start so, nor a variable that names one: there is none. Where it is
    missing, `sh` is taken; a line that is plain means the same to it. `processes` bounds at once
    how many there are, until who watches counts them; only in a sandbox, where the user's others
    don't count, or with kernels before 5.14 leave room. `opened` are descriptors that the command
    must not get. Raises UsageError if that can't be had.
    """
    bash = Path("/bin/bash")
    if opened and (processes is None or not bash.exists()):
        raise UsageError("New files can be shown to a command only with bash.")
    if not bash.exists():
        return ["/bin/sh", "-c", line]
    run = [str(bash), "--noprofile", "--norc", "-c"]
    if processes is None:
        return [*run, line]
    closing = "".join(f"exec {descriptor}>&-; " for descriptor in opened)
    begin = f'{closing}ulimit -u {processes + _OTHERS}; exec "$@"'
    return [*run, begin, "bash", *run, line]


def _watch(pid: int, limits: Limits, wake: int) -> tuple[int | None, str]:
    """Wait for the child's end: its wait status, None if it was ended; and the limit it broke."""
    most = len(psutil.pids()) + _FLOOD * limits.processes
    while True:
        ready, _, _ = select.select([0, wake], [], [], _WATCH_SECONDS)
        if wake in ready:
            os.read(wake, 4096)
        status = _reap(pid)
        if status is not None:
            return status, ""
        if 0 in ready:
            return None, ""
        if wake not in ready and (exceeded := _exceeded(limits, most)):
            return None, exceeded


def _exceeded(limits: Limits, most: int) -> str:
    if len(psutil.pids()) > most:
        return "processes"
    processes = _descendants()
    if len(processes) > limits.processes:
        return "processes"
    memory = 0
    for process in processes:
        with suppress(psutil.Error):
            memory += process.memory_info().rss
    return "memory" if memory > limits.memory_bytes else ""


def _reap(pid: int) -> int | None:
    """Take note of all that have ended; the wait status of `pid` if it is among them."""
    found = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == pid:
                found = ended[1]
    return found


def _end_all(pid: int) -> None:
    """Kill every descendant. Those that are stopped first can't start others meanwhile."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)  # a sandbox ends with its first process
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        _reap(pid)
        processes = _descendants()
        if not processes:
            return
        for each in (signal.SIGSTOP, signal.SIGKILL):
            for process in processes:
                with suppress(psutil.Error):
                    process.send_signal(each)
        time.sleep(0.005)


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _adopt() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _limit(limits: Limits) -> None:
    os.nice(_NICE)
    values: dict[int, Any] = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_bytes,
    }
    for kind, value in values.items():
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY or hard > value:
            resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main()
