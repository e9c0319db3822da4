"""`fimble fix FILE`: repair a file until a check passes, and print what would change."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lsp_server.actions.action import Surroundings
from lsp_server.actions.asking import PROMPTS, Model
from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.sandbox import find_sandbox
from lsp_server.agent.display import visible
from lsp_server.agent.files.paths import check_system
from lsp_server.cli import complain
from lsp_server.cli.engine import Open, opener
from lsp_server.cli.fix_check import KEPT_CHARACTERS, Check, Command, Rules, Seen, checked_line
from lsp_server.cli.fix_file import Target
from lsp_server.cli.fix_places import MAX_PLACES, Finder
from lsp_server.cli.fix_search import Ask, Search
from lsp_server.cli.own_settings import own_settings
from lsp_server.cli.project import repository, scanned
from lsp_server.cli.status import shown_status
from lsp_server.edge.own import OwnFolders
from lsp_server.engines.base import EngineStatus
from lsp_server.engines.chat import FullEngine
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import UsageError
from lsp_server.workspace.index import Index

SOMETHING_LEFT = 1
"""Exit code."""
SIGNALLED = 128
"""To which a shell adds the number of the signal that ended a command."""
MAX_SECONDS = 86_400
MUTANTS_SHARE = 0.5
"""Of the time; the rest is the model's."""
READING_SHARE = 0.25
"""Of the time, for reading the repository, which tells where names are defined."""
MAX_LEFT = 10
"""Of what is left, so much is told."""
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
"""Signals that end a process; not every system has them all."""


def run(options: argparse.Namespace) -> int:
    """Repair; 0 only if nothing is wrong any more with what is printed, or written."""
    if not 0 < options.seconds <= MAX_SECONDS:
        raise UsageError("Give more than 0 seconds, and at most a day (86400).")
    target = Target.read(Path(options.file))
    if options.check is not None or options.write:
        try:
            check_system()
        except UsageError:
            raise UsageError("--check and --write need Linux or macOS; use WSL.") from None
    stopped: list[int] = []
    try:
        return asyncio.run(_fix(options, target, opener(options), stopped))
    except asyncio.CancelledError:
        if not stopped:
            raise
        complain("stopped.")
        return SIGNALLED + stopped[0]


async def _fix(
    options: argparse.Namespace, target: Target, opened: Open, stopped: list[int]
) -> int:
    """`stopped` gets the signal, if one ends it."""
    root = repository(target.path.as_uri())
    own = await asyncio.to_thread(OwnFolders().look, root)
    engines: list[FullEngine] = []
    with shown_status() as on_status, _cancelled_by_signals(stopped):

        def ask() -> Model:
            if not engines:
                engines.append(opened(own_settings(), on_status, not_counted))
            prompts = replace(PROMPTS, own=own.prompts)
            return Model(engines[0], root, lambda _: None, prompts)  # the file is written last

        try:
            on_status(EngineStatus("loading", f"Repairing {target.name}"))
            search, is_late = await _searched(options, target, root, ask)
        finally:
            for engine in engines:
                await engine.close()
    for problem in own.problems if engines else ():
        complain(problem)
    if search.error is not None:
        complain(str(search.error))
    if search.text != target.text:
        try:
            if options.write:
                target.write(search.text, over=target.text)
        finally:
            _print(target, search.text)
    return _told(options, target, search, is_late)


@contextmanager
def _cancelled_by_signals(stopped: list[int]) -> Iterator[None]:
    """Cancel the task at the first signal, so that a try that is written is put back."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None

    def stop(number: int) -> None:
        if not stopped:  # cancelled again it would not wait for the check's processes
            stopped.append(number)
            task.cancel()

    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    # What is ignored stays so: `nohup` asks for that.
    heeded = [each for each in numbers if signal.getsignal(each) is not signal.SIG_IGN]
    try:
        for number in heeded:
            loop.add_signal_handler(number, stop, number)
    except (NotImplementedError, ValueError):  # on Windows, or beside the main thread
        heeded.clear()
    try:
        yield
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


async def _searched(
    options: argparse.Namespace, target: Target, root: Path | None, ask: Ask
) -> tuple[Search, bool]:
    """What was found, and whether the time ended first."""
    end = asyncio.get_running_loop().time() + options.seconds
    finder = Finder(target.path, Path.cwd().resolve())
    around = await _surroundings(target, root, READING_SHARE * options.seconds)
    check: Check = Rules(target, around)
    if options.check is not None:
        check = _command(options, target, root, finder.cwd)
    try:
        async with asyncio.timeout_at(end):
            seen = await check(target.text)
    except TimeoutError:
        raise UsageError(
            f"The check did not end in {options.seconds:g} s; give it more with --seconds."
        ) from None
    search = Search(target, check, finder, around, ask, seen, is_told=options.check is not None)
    try:
        async with asyncio.timeout_at(end):
            await search.run(time.monotonic() + MUTANTS_SHARE * options.seconds)
    except TimeoutError:
        return search, True
    return search, False


def _command(options: argparse.Namespace, target: Target, root: Path | None, cwd: Path) -> Command:
    """Raises UsageError if the check can't be run, or no try could be shown to it."""
    line = checked_line(options.check)
    workspace = root if root is not None and cwd.is_relative_to(root) else cwd
    if not target.path.is_relative_to(workspace):
        raise UsageError(f"{target.name} is not in {workspace}; run this in a folder around it.")
    sandbox = find_sandbox()
    if sandbox is None and not options.write:
        raise UsageError(
            "Without a sandbox a check sees a try only if it is written: install bubblewrap "
            "(`fimble doctor` tells more), or allow that with --write; what is killed with "
            "`kill -9` then leaves its try in the file."
        )
    limits = Limits(seconds=options.seconds + 60, kept_characters=KEPT_CHARACTERS)
    return Command(line, target, workspace, cwd, sandbox, limits, writable=options.write)


async def _surroundings(target: Target, root: Path | None, seconds: float) -> Surroundings:
    """What the file's repository tells of it, if that can be read in the time."""
    if root is None:
        return Surroundings()
    try:
        async with asyncio.timeout(seconds):
            project = await scanned(root)
    except TimeoutError:
        return Surroundings()
    path = project.path(target.path.as_uri()) if project is not None else ""
    return Surroundings(path, index := Index(root), index) if path else Surroundings()


def _print(target: Target, text: str) -> None:
    """For a person as text, with what a terminal would obey shown; else as `git apply` takes it."""
    if sys.stdout.isatty():
        sys.stdout.write(visible(target.diff(text, shown=True).decode()))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(target.diff(text, shown=False))


def _told(options: argparse.Namespace, target: Target, search: Search, is_late: bool) -> int:
    """Say how it ended, on standard error; the exit code."""
    what = "The check passes" if options.check is not None else "Nothing is found wrong"
    is_changed = search.text != target.text
    if search.seen.passed:
        if not is_changed:
            complain(f"{what}{' already' if options.check is not None else ''}.")
        elif not options.write:
            complain(f"{what} with this change; --write makes it.")
        return 0
    places = search.places()
    for place in places[:MAX_LEFT]:
        message = place.report.message.strip().partition("\n")[0]
        complain(f"left: {target.name}:{place.line}: {message}")
    if len(places) > MAX_LEFT:
        at_least = "at least " if len(places) == MAX_PLACES else ""
        complain(f"left: {at_least}{len(places) - MAX_LEFT} more.")
    if not places:
        complain(_elsewhere(target, search.seen))
    if is_changed and not options.write:
        complain("This change mends a part of it; --write makes it.")
    if is_late:
        complain(f"The time ended after {search.tries} tries; --seconds gives it more.")
    elif search.refusal:
        complain(f"The model did not help: {search.refusal}")
    return search.error.exit_code if search.error is not None else SOMETHING_LEFT


def _elsewhere(target: Target, seen: Seen) -> str:
    """Why there is nothing to go by in the file."""
    files = dict.fromkeys(each.frames[-1].path for each in seen.reports if each.frames)
    if files:
        named = ", ".join(list(files)[:MAX_LEFT])
        return f"The check tells of other files only ({named}), and not of {target.name}."
    return f"The check fails without telling of {target.name}{seen.why}."
