"""Nothing that a command has started goes on after it was cancelled or timed out."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.run import run
from lsp_server.agent.commands.sandbox import Sandbox

LINES = Path(__file__).with_name("survivors.txt").read_text("utf-8").splitlines()
DEADLINE = 2.0
AT_ONCE = 3
MARK = f"7{os.getpid() % 10_000:04}"
"""How the seconds begin that commands of this process sleep; two years, which clocks can hold."""


def survivors(mark: str) -> list[str]:
    """Processes with a mark among their words; the runner has it too, in its order."""
    processes = psutil.process_iter(["cmdline", "status"])
    return [
        str(each.info) for each in processes if any(mark in w for w in each.info["cmdline"] or ())
    ]


async def left_after_deadline(mark: str) -> list[str]:
    deadline = time.monotonic() + DEADLINE
    while (found := await asyncio.to_thread(survivors, mark)) and time.monotonic() < deadline:
        await asyncio.to_thread(time.sleep, 0.1)
    return found


async def start_and_stop(
    line: str, mark: str, workspace: Path, sandbox: Sandbox | None, *, cancel: bool
) -> list[str]:
    """What is left 2 s after a command was stopped, once it had started all."""
    ready = asyncio.Event()
    output: list[str] = []

    def on_output(text: str) -> None:
        output.append(text)
        if "ready" in "".join(output):
            ready.set()

    limits = Limits(seconds=60 if cancel else 1.5)
    line = line.replace("{n}", mark).replace("{python}", sys.executable)
    running = asyncio.create_task(
        run(line, workspace, sandbox=sandbox, limits=limits, on_output=on_output)
    )
    await asyncio.wait_for(ready.wait(), 30)
    assert survivors(mark)
    if cancel:
        running.cancel()
    [result] = await asyncio.gather(running, return_exceptions=True)
    if cancel:
        assert isinstance(result, asyncio.CancelledError), line
    else:
        assert not isinstance(result, BaseException), result
        assert result.timed_out, line
    return await left_after_deadline(mark)


@pytest.mark.parametrize("sandboxed", [True, False], ids=["sandbox", "no sandbox"])
async def test_no_process_survives(tmp_path: Path, sandbox: Sandbox, sandboxed: bool) -> None:
    assert 2 * len(LINES) >= 50
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(number: int, line: str) -> list[str]:
        async with gate:
            mark = f"{MARK}{number:03}{int(sandboxed)}"
            chosen = sandbox if sandboxed else None
            return await start_and_stop(line, mark, tmp_path, chosen, cancel=number % 2 == 0)

    left = await asyncio.gather(*(attempt(n, line) for n, line in enumerate(LINES)))
    assert [each for each in left if each] == []


@pytest.mark.parametrize("sandboxed", [True, False], ids=["sandbox", "no sandbox"])
async def test_what_a_finished_command_left_in_the_background_ends(
    tmp_path: Path, sandbox: Sandbox, sandboxed: bool
) -> None:
    mark = f"{MARK}900{int(sandboxed)}"
    line = f"setsid sleep {mark} & sleep {mark} & echo done"
    finished = await run(line, tmp_path, sandbox=sandbox if sandboxed else None)
    assert (finished.output, finished.exit_status) == ("done\n", 0)
    assert await left_after_deadline(mark) == []


@pytest.mark.parametrize("sandboxed", [True, False], ids=["sandbox", "no sandbox"])
async def test_nothing_survives_a_server_that_is_killed(
    tmp_path: Path, sandbox: Sandbox, sandboxed: bool
) -> None:
    mark = f"{MARK}901{int(sandboxed)}"
    chosen = f"Sandbox({sandbox.program!r})" if sandboxed else "None"
    code = (
        "import asyncio; from pathlib import Path\n"
        "from lsp_server.agent.commands.run import run\n"
        "from lsp_server.agent.commands.sandbox import Sandbox\n"
        f"line = 'setsid sleep {mark} & echo ready; sleep {mark}'\n"
        f"asyncio.run(run(line, Path({str(tmp_path)!r}), sandbox={chosen}, on_output=print))\n"
    )
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", code, stdout=subprocess.PIPE
    )
    assert server.stdout
    assert await server.stdout.readline() == b"ready\n"
    assert survivors(mark)
    server.send_signal(signal.SIGKILL)
    await server.communicate()
    assert await left_after_deadline(mark) == []
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240  one small folder
