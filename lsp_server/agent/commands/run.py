"""Run a command line: its output as it comes, an end at its limits, and nothing left behind."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.order import Order, Outcome
from lsp_server.agent.commands.output import HeadAndTail
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.errors import FimbleError, UsageError

_READ_BYTES = 1 << 16
_AGES = 10_000_000
"""Seconds."""
_END_SECONDS = 6.0
"""The runner gives up killing before; then it is killed itself."""
_RUNNER = (sys.executable, "-P", "-m", "lsp_server.agent.commands.runner")
"""Modules of the user's folder must not run here, so the current directory is not on the path."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    exit_status: int
    """As a shell tells it; 137 (128 + SIGKILL) if it was stopped."""
    output: str
    """Standard output and error in one, its middle left out if it is long; not safe to show."""
    truncated: bool
    timed_out: bool
    exceeded: str
    """Which limit stopped it: "memory", "processes" or "output"; empty if none did."""
    appeared: tuple[str, ...]
    """Protected files that it has made in the sandbox, relative to the workspace: tell the user.

    Those that are usual can't be made; what a folder inside has, or a name that is part of a
    pattern, is only found out afterwards.
    """
    seconds: float
    notes: tuple[str, ...] = ()
    """What else the user must know of what it changed, in sentences; from whoever watched it."""


def _ignore(_: str) -> None:
    pass


async def run(
    line: str,
    workspace: Path,
    *,
    sandbox: Sandbox | None,
    cwd: Path | None = None,
    writable: bool = True,
    limits: Limits | None = None,
    on_output: Callable[[str], None] = _ignore,
    instead: Mapping[Path, bytes] | None = None,
) -> Finished:
    """Run a line by the shell and wait for its end. It gets no input, and few variables.

    The sandbox is that of the workspace, whatever `cwd` is, which must lie in it and is it if not
    given. `writable` is for the sandbox: without it the workspace is read-only, too. `on_output`
    gets all of the output, in pieces of whole characters. `instead` has what the command, and it
    alone, sees as the contents of files in the workspace; it needs a sandbox, and files that don't
    exist can be shown only where the workspace is read-only.

    All processes have ended when it returns or is cancelled. Raises UsageError if the line can't be
    run as asked.
    """
    with _files(instead or {}) as shown:
        order = _order(line, workspace, cwd, sandbox, writable, limits or Limits(), shown)
        return await _carried_out(order, on_output)


@contextmanager
def _files(contents: Mapping[Path, bytes]) -> Iterator[dict[str, str]]:
    """Files with these contents, by the paths that they stand for."""
    with tempfile.TemporaryDirectory(prefix="fimble-") as folder:
        shown: dict[str, str] = {}
        for number, (path, data) in enumerate(contents.items()):
            file = Path(folder) / str(number)
            file.write_bytes(data)
            shown[str(path)] = str(file)
            try:
                status = path.stat()
            except FileNotFoundError:  # it is new
                continue
            except OSError as error:
                raise UsageError(f"{path.name} can't be read any more; try again.") from error
            # Of an age of its own, or tools could take what they keep of the file, or of what was
            # shown in its place before, for this one. Newer, or others would not look at it.
            age = 1 + secrets.randbelow(_AGES)
            os.utime(file, (status.st_atime, status.st_mtime + age))
        yield shown


async def _carried_out(order: Order, on_output: Callable[[str], None]) -> Finished:
    limits = order.limits
    started = time.monotonic()
    # Not asyncio's own: cancelled while it starts one, it hangs for ever (Python 3.11).
    process = subprocess.Popen(  # noqa: ASYNC220  asyncio's blocks as long
        [*_RUNNER, order.to_json()],
        cwd=order.workspace,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    reader = _Reader(process, limits, on_output)
    reading = asyncio.create_task(reader.read())
    done: set[asyncio.Task[Outcome]] = set()
    try:
        done, _ = await asyncio.wait({reading}, timeout=limits.seconds)
    finally:
        if not done:
            await _end(process, reading, reader)
        _stop(process)  # if `on_output` has failed, too
        if process.returncode is None:
            await asyncio.to_thread(process.wait)
    outcome = reading.result()
    if outcome.error:
        raise UsageError(outcome.error)
    return Finished(
        exit_status=outcome.exit_status,
        output=reader.kept.text(),
        truncated=reader.kept.is_truncated,
        timed_out=not done,
        exceeded=outcome.exceeded or ("output" if reader.flooded else ""),
        appeared=tuple(outcome.appeared),
        seconds=time.monotonic() - started,
    )


def _order(
    line: str,
    workspace: Path,
    cwd: Path | None,
    sandbox: Sandbox | None,
    writable: bool,
    limits: Limits,
    instead: Mapping[str, str],
) -> Order:
    if instead and sandbox is None:
        raise UsageError("Files can be shown otherwise in a sandbox only.")
    if writable and not all(map(os.path.exists, instead)):
        raise UsageError("New files can be shown to a command only that can't write.")
    if "\0" in line:
        raise UsageError("A command can't hold a NUL character.")
    workspace = workspace.resolve()
    folder = workspace if cwd is None else cwd.resolve()
    if not folder.is_relative_to(workspace) or not folder.is_dir():
        raise UsageError("A command can only be run in a folder of the workspace.")
    program = sandbox.program if sandbox else None
    return Order(line, str(workspace), str(folder), program, writable, limits, instead)


class _Reader:
    """Takes what a runner writes."""

    def __init__(
        self, process: subprocess.Popen[bytes], limits: Limits, on_output: Callable[[str], None]
    ) -> None:
        self._process = process
        self._limits = limits
        self.on_output = on_output
        self.kept = HeadAndTail(limits.kept_characters)
        self.flooded = False

    async def read(self) -> Outcome:
        """Read to the end, which is when all has ended."""
        assert self._process.stdout and self._process.stderr
        async with _stream(self._process.stdout) as stdout, _stream(self._process.stderr) as told:
            await self._read_output(stdout)
            outcome = await told.read()
        if await asyncio.to_thread(self._process.wait) != 0:
            raise FimbleError("The process that runs commands has failed; try the command again.")
        return Outcome(**json.loads(outcome))

    async def _read_output(self, stdout: asyncio.StreamReader) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        count = 0
        while data := await stdout.read(_READ_BYTES):
            count += len(data)
            if count > self._limits.output_bytes:
                self.flooded = True
                _stop(self._process)
            else:
                self._take(decoder.decode(data))
        self._take(decoder.decode(b"", final=True))

    def _take(self, text: str) -> None:
        if text:
            self.kept.add(text)
            self.on_output(text)


@asynccontextmanager
async def _stream(pipe: IO[bytes]) -> AsyncIterator[asyncio.StreamReader]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        yield reader
    finally:
        transport.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Tell a runner to end everything."""
    assert process.stdin
    process.stdin.close()


async def _end(
    process: subprocess.Popen[bytes], reading: asyncio.Task[Outcome], reader: _Reader
) -> None:
    """Have all processes end; what they still write is kept, and told to nobody."""
    reader.on_output = _ignore
    _stop(process)
    _, running = await asyncio.wait({reading}, timeout=_END_SECONDS)
    if running:
        process.kill()
        await asyncio.wait({reading})
