"""What is found wrong with a text: by a command that the user names, or by rules alone.

A command must see a try without the file being changed: in the sandbox the try lies over the file.
Where there is none the try is written, and the file put back, which needs the user's `--write`.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shlex
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lsp_server.actions.action import Request, Surroundings
from lsp_server.actions.whole import syntax_errors, wrong
from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.run import Finished, run
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.agent.whole import whole
from lsp_server.cli.fix_file import Target
from lsp_server.core.reports import Report, reports
from lsp_server.core.traces import Frame
from lsp_server.errors import UsageError

KEPT_CHARACTERS = 2_000_000
"""Of a check's output."""
_NOT_STARTED = (126, 127)
"""Exit statuses of a shell that could not start a command."""
_OTHERS = frozenset(("node_modules", "site-packages"))
_PREPARED = "export PYTHONDONTWRITEBYTECODE=1; "
"""What Python compiles of a try must not be taken for the file, or for the next try."""
_SCRATCH = (
    "export PYTHONPYCACHEPREFIX=/tmp/python MYPY_CACHE_DIR=/tmp/mypy RUFF_CACHE_DIR=/tmp/ruff "
    "CARGO_TARGET_DIR=/tmp/cargo; "
)
"""Folders of the sandbox's own for tools that fail where they can't write, and start anew in them;
others use what they find in the workspace."""
_READ_ONLY = "Read-only file system"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check says of a text."""

    passed: bool
    reports: tuple[Report, ...] = ()
    errors: int = 0
    """Of syntax."""
    status: int = 0
    """Of the command."""
    stage: int = 0
    """How many commands of the line were begun, where one is only if those before have passed."""
    why: str = ""
    """Of a command that fails: what is known of it, for the end of a sentence."""

    def is_better(self, than: Seen) -> bool:
        """Whether less is wrong, and nothing that was not wrong before.

        Of a text that doesn't parse little is told: with less of that it is better in any case. It
        is, too, if commands pass that did not, whatever the next one tells.
        """
        if self.passed or self.errors != than.errors:
            return self.passed or self.errors < than.errors
        if self.stage != than.stage:
            return self.stage > than.stage
        now, before = (Counter(r.identity for r in each.reports) for each in (self, than))
        return self.status == than.status and 0 < now.total() < before.total() and now <= before

    def is_further(self, than: Seen, gone: Report) -> bool:
        """Whether one trouble is gone and nothing new is wrong, though its test may still fail,
        further on.
        """
        now, before = (Counter(r.identity for r in each.reports) for each in (self, than))
        told = {(each.identity, each.message) for each in self.reports}
        is_gone = bool(told) and (gone.identity, gone.message) not in told
        as_sound = (self.status, self.errors, self.stage) == (than.status, than.errors, than.stage)
        return is_gone and as_sound and now <= before


class Check(Protocol):
    """Looks at texts of one file."""

    async def __call__(self, text: str) -> Seen:
        """What is wrong with a text. Raises UsageError if that can't be told."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The check that needs no command."""

    target: Target
    around: Surroundings

    async def __call__(self, text: str) -> Seen:
        """See `Check`."""
        return await asyncio.to_thread(self._look, text)

    def _look(self, text: str) -> Seen:
        snapshot = self.target.snapshot(text)
        if snapshot is None or snapshot.syntax is None:
            return Seen(False, errors=len(text))
        found = []
        for each in wrong(Request(snapshot, 0, 0, around=self.around)):
            point = snapshot.text.at_byte(each.start)
            frame = Frame(str(self.target.path), point.row + 1)
            found.append(Report((frame,), each.message, point.column + 1))
        return Seen(not found, tuple(found), syntax_errors(snapshot.syntax))


@dataclass(slots=True)
class Command:
    """A check by a command."""

    line: str = field(repr=False)
    target: Target
    root: Path
    """Of the workspace, resolved; the file and `cwd` are in it."""
    cwd: Path
    sandbox: Sandbox | None
    """Without one a try is written over the file while the command runs."""
    limits: Limits
    writable: bool = False
    """Whether the command may write to the workspace."""
    _has_scratch: bool = False
    _mark: str = field(default_factory=lambda: secrets.token_hex(8))
    """What the shell tells the commands by that it begins, if that is asked of it."""

    async def __call__(self, text: str) -> Seen:
        """See `Check`."""
        errors = await asyncio.to_thread(self._errors, text)
        finished = await self._run(text)
        told, stage, last = await asyncio.to_thread(self._told, finished.output)
        failed_mutely = finished.exit_status != 0 and not told
        if self._is_held and not self._has_scratch and (failed_mutely or _is_refused(finished)):
            self._has_scratch = True
            finished = await self._run(text)
            told, stage, last = await asyncio.to_thread(self._told, finished.output)
        found = tuple(each for each in told if self._counts(each))
        if finished.exceeded:
            why = f": it took too much ({finished.exceeded})"
            return Seen(False, found, errors, -1, stage, why)
        why = f" (exit status {finished.exit_status}{': ' if last else ''}{last})"
        if finished.exit_status in _NOT_STARTED and not found:
            last = last or "it is not there"
            if text == self.target.text:
                raise UsageError(f"The check can't be started: {last}.")
            why = f"; it can't be started: {last}"  # with this try: others may be good
        if self._is_held and _is_refused(finished):
            why += "; it may write to the folder only with --write"
        return Seen(finished.exit_status == 0, found, errors, finished.exit_status, stage, why)

    @property
    def _has_stages(self) -> bool:
        return "&&" in self.line and "||" not in self.line

    def _told(self, output: str) -> tuple[list[Report], int, str]:
        """What the commands have reported, how many the shell has begun, and the last line."""
        output, stage = re.subn(rf"(?<!\+)\++{self._mark} .*\n?", "", output)
        return reports(output), stage, _last(output)

    @property
    def _is_held(self) -> bool:
        """Whether it may not write."""
        return self.sandbox is not None and not self.writable

    def _counts(self, report: Report) -> bool:
        """Whether it is about the user's code: tools also warn of their own."""
        paths = [Path(os.path.normpath(self.cwd / frame.path)) for frame in report.frames]
        own = [p for p in paths if p.is_relative_to(self.root) and not _OTHERS & {*p.parts}]
        return bool(report.test or own)

    def _errors(self, text: str) -> int:
        snapshot = self.target.snapshot(text)
        parsed = snapshot and snapshot.syntax
        return syntax_errors(parsed) if parsed else len(text)

    async def _run(self, text: str) -> Finished:
        if text == self.target.text:
            return await self._started({})
        if self.sandbox is not None:
            return await self._started({self.target.path: self.target.encoded(text)})
        return await self._written(text)

    async def _written(self, text: str) -> Finished:
        """Run with a try in the file itself, which is put back whatever comes."""
        is_written = False

        def write() -> None:
            nonlocal is_written
            self.target.write(text, over=self.target.text)
            is_written = True  # else the file is somebody else's, and stays

        try:
            await whole(asyncio.to_thread(write))
            return await self._started({})
        finally:
            if is_written:
                await whole(asyncio.to_thread(self.target.put_back))

    async def _started(self, instead: dict[Path, bytes]) -> Finished:
        scratch = _SCRATCH if self._has_scratch else ""
        traced = f"PS4='+{self._mark} '; set -x; " if self._has_stages else ""
        return await run(
            f"{_PREPARED}{scratch}{traced}{self.line}",
            self.root,
            sandbox=self.sandbox,
            cwd=self.cwd,
            writable=self.writable or self.sandbox is None,
            limits=self.limits,
            instead=instead,
        )


def checked_line(line: str) -> str:
    """A command line as it was given. Raises UsageError if it is none."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"The check is no command line: {str(error).lower()}.") from None
    if not words:
        raise UsageError("The check is empty; give a command behind --check.")
    return line


def _is_refused(finished: Finished) -> bool:
    return finished.exit_status != 0 and _READ_ONLY in finished.output


def _last(output: str) -> str:
    """The last line, without the shell's own words; empty if there is none."""
    lines = output.strip().splitlines() or [""]
    return lines[-1].rpartition("line 1: ")[2].rstrip(".")
