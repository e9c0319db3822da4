"""All files around a command, so that what it changed can be undone like an edit.

    watch = Watch(journal)
    started = watch.begin(key)      # before the command
    changes = watch.end(started)    # after it: one step a path, in the journal

The user's git is not asked: `git add` converts line ends and runs filter programs, so what it
stores is not byte for byte what was there, and its objects and refs would be the user's to live
with. Files are read here, into the journal's own ledger, alike in a git repository and outside.

What is not watched, and so not undone: what ignore files leave out (outside a git repository also
what is usually generated), `.git` itself, folders that are repositories of their own, empty
folders, files above `state.MAX_BYTES`, and anything at all in a workspace beyond the limits below.
Whatever changes while a command runs counts as its doing, also what the user saves meanwhile.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Kept, Key, Kind, Step
from lsp_server.agent.files.paths import Workspace, folders_above
from lsp_server.agent.files.protected import is_stand_in
from lsp_server.agent.files.state import MAX_BYTES, look
from lsp_server.errors import AgentError, PathRefused
from lsp_server.workspace.ignore import IGNORE_FILES, Rules, rules_at

MAX_FILES = 30_000
MAX_TOTAL_BYTES = 300_000_000
MAX_SECONDS = 20.0
_BATCH = 100
_RACY_NS = 50_000_000
"""A file that changed this shortly before it was looked at may change again with the same times."""


class TooLarge(AgentError):
    """The workspace is beyond what is watched; commands there can't be undone."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a workspace at one time."""

    files: dict[str, Kept] = field(repr=False)
    folders: frozenset[str] = field(repr=False)
    large: dict[str, tuple[int, int]] = field(repr=False)
    """Files that are not kept: their size and time of change."""
    unwatched: frozenset[str] | None = field(repr=False)
    """What was there and left out; folders with a final `/`. None if nobody remembers."""

    def had(self, path: str) -> bool:
        """Whether something may have been at a path that is not among the files."""
        if self.unwatched is None:
            return False
        return any(
            each in self.unwatched for each in (path, *(f"{up}/" for up in folders_above(path)))
        )


@dataclass(frozen=True, slots=True)
class Started:
    """A command that runs."""

    number: int
    key: Key
    before: Manifest


@dataclass(frozen=True, slots=True)
class Changes:
    """What a command did to the files."""

    steps: tuple[Step, ...]
    lost: tuple[str, ...]
    """Paths that changed and can't be put back: too large."""


class Watch:
    """Watches the files of a journal's workspace. Call it from a thread."""

    def __init__(self, journal: Journal) -> None:
        self._workspace = journal.workspace
        self._ledger = journal.ledger

    def begin(self, key: Key) -> Started:
        """Look at all files, ahead of a command. Raises TooLarge: it can't be undone then."""
        with self._ledger.collecting():
            before, rows = self._look()
            with self._ledger.transaction():
                self._ledger.know(rows)
                return Started(self._ledger.begin_command(key), key, before)

    def end(self, started: Started) -> Changes:
        """Write down what changed. Raises TooLarge if the command made too much to look at."""
        return self._end(started, "command")

    def drop(self, started: Started) -> None:
        """The command was not run after all."""
        self._ledger.end_command(started.number)

    def _end(self, started: Started, kind: Kind) -> Changes:
        before = started.before
        with self._ledger.collecting():
            try:
                after, rows = self._look()
            except TooLarge:
                self._ledger.end_command(started.number)
                raise
            steps: list[Step] = []
            lost = {
                path
                for path in before.large.keys() | after.large.keys()
                if before.large.get(path) != after.large.get(path)
            }
            made = after.folders - before.folders
            is_unsure = before.unwatched is None and _rules(before) != _rules(after)
            with self._ledger.transaction():
                for path in sorted(before.files.keys() | after.files.keys()):
                    old, new = before.files.get(path), after.files.get(path)
                    if old == new or path in lost:
                        continue
                    if old is None and (is_unsure or before.had(path)):
                        lost.add(path)  # it may be older than the command: never delete that
                        continue
                    here = tuple(folder for folder in folders_above(path) if folder in made)
                    step = Step(started.key, kind, path, old, new, status="done", made=here)
                    steps.append(self._ledger.add(step))
                self._ledger.know(rows)
                self._ledger.end_command(started.number)
        return Changes(tuple(steps), tuple(sorted(lost)))

    def recover(self, session: str) -> list[tuple[Key, Changes]]:
        """Write down what commands changed that nobody saw end.

        Also what the user saved since then is among it, so `undo` leaves it alone unless told.
        """
        found: list[tuple[Key, Changes]] = []
        for number, key in self._ledger.open_commands(session):
            files = {row[0]: Kept(row[6], row[1]) for row in self._ledger.known()}
            folders = frozenset(folder for path in files for folder in folders_above(path))
            started = Started(number, key, Manifest(files, folders, {}, None))
            changes = self._end(started, "recovered")
            found.append((key, changes))
        return found

    def _look(self) -> tuple[Manifest, list[tuple[Any, ...]]]:
        """All files, and what to know of them; those whose times are known are not read again."""
        deadline = time.monotonic() + MAX_SECONDS
        known = {row[0]: row for row in self._ledger.known()}
        large: dict[str, tuple[int, int]] = {}
        folders: set[str] = set()
        unwatched: set[str] = set()
        rows: list[tuple[Any, ...]] = []
        total = 0
        unread: list[tuple[str, os.stat_result]] = []
        for path, status in _walk(self._workspace, unwatched):
            if stat.S_ISDIR(status.st_mode):
                folders.add(path)
                continue
            if status.st_size > MAX_BYTES:
                large[path] = status.st_size, status.st_mtime_ns
                continue
            total += status.st_size
            row = known.get(path)
            if row is None or row[1:6] != _times(status):
                unread.append((path, status))
            else:
                rows.append(row)
            if len(rows) + len(unread) > MAX_FILES or total > MAX_TOTAL_BYTES:
                raise _too_large()
        for start in range(0, len(unread), _BATCH):
            if time.monotonic() > deadline:
                raise _too_large()
            with self._ledger.transaction():
                for path, status in unread[start : start + _BATCH]:
                    row = self._read(path, status)
                    if row is None:
                        unwatched.add(path)
                    else:
                        rows.append(row)
        files = {row[0]: Kept(row[6], row[1]) for row in rows}
        return Manifest(files, frozenset(folders), large, frozenset(unwatched)), rows

    def _read(self, path: str, status: os.stat_result) -> tuple[Any, ...] | None:
        """What is to know of a file; None if it went, or may not be read."""
        now = time.time_ns()
        try:
            kept = self._ledger.keep(look(self._workspace, path))
        except PathRefused:
            return None
        if kept is None:
            return None
        if now - max(status.st_mtime_ns, status.st_ctime_ns) < _RACY_NS:
            return path, kept.mode, -1, 0, 0, 0, kept.digest  # to be read again
        return path, *_times(status), kept.digest


def _rules(manifest: Manifest) -> dict[str, Kept]:
    """The files that say what is watched."""
    return {
        path: kept
        for path, kept in manifest.files.items()
        if path.rpartition("/")[2] in IGNORE_FILES
    }


def _walk(workspace: Workspace, unwatched: set[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Folders and files below the root, links as such; what is left out goes to `unwatched`."""
    is_git = any(map(_is_repository, (workspace.root, *workspace.root.parents)))
    rules, prefix = rules_at(workspace.root, usual=not is_git)
    waiting: list[tuple[str, Rules]] = [("", rules)]
    while waiting:
        place, rules = waiting.pop()
        try:
            with os.scandir(workspace.root / place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        if place and any(entry.name == ".git" for entry in found):
            unwatched.add(place)
            continue
        for entry in found:
            path = place + entry.name
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if is_stand_in(status):
                continue  # of a command that runs meanwhile
            is_folder = stat.S_ISDIR(status.st_mode)
            shown = f"{path}/" if is_folder else path
            if entry.name == ".git" or rules.ignores(prefix + shown):
                unwatched.add(shown)
            elif is_folder:
                yield path, status
                waiting.append((shown, rules.below(workspace.root / path, prefix + shown)))
            elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                yield path, status


def _is_repository(folder: Path) -> bool:
    try:
        return not is_stand_in((folder / ".git").lstat())
    except OSError:
        return False


def _times(status: os.stat_result) -> tuple[int, int, int, int, int]:
    return (
        status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
    )  # fmt: skip


def _too_large() -> TooLarge:
    return TooLarge(
        f"The workspace has more than {MAX_FILES} files or {MAX_TOTAL_BYTES // 1_000_000} MB;"
        " what commands change here can't be undone."
    )
