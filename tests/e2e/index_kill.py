"""Kill the index's worker, or the server above it, while a folder is read; used by a test and a
benchmark.

What must hold: whatever was killed when, once the work has been done to its end, by the same server
or by the next one, the index says what one says that was built in peace.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from lsp_server.workspace.indexer import COMMAND, Indexer
from lsp_server.workspace.schema import default_path
from lsp_server.workspace.walk import walk
from lsp_server.workspace.worker import BATCH_SECONDS
from tests.e2e.raw import Server, serving
from tests.index_content import content

Phase = Literal["cold", "again", "saved"]
"""Nothing has been read yet; a third of the files has changed; files are being saved."""
Victim = Literal["worker", "server"]

PATIENCE = 60.0
STEP = 0.02
CHANGED_PART = 3
SAVED = 20
EDIT = "def edit_{number}():\n    return {number}\n"


@dataclass(frozen=True, slots=True)
class Kill:
    """What came of one."""

    phase: Phase
    victim: Victim
    at_work: bool
    """Whether it came before the work was done."""
    right: bool
    """Whether the index was, in the end, the same as one built in peace."""


@dataclass(slots=True)
class Workspace:
    """A folder of code, `root`, and a folder for what servers keep."""

    root: Path
    kept: Path
    chance: random.Random
    _edits: int = 0
    _wanted: set[tuple[str, int, int]] = field(default_factory=set)
    """The files as they are: path, time and size."""

    def run(self, phase: Phase, victim: Victim) -> Kill:
        """Kill once, at a random moment of a phase. Raises TimeoutError if work is never done."""
        if phase == "cold":
            _delete(self._file)
        elif phase == "again":
            self._edit(len(self._wanted) // CHANGED_PART)
        self._look()
        with serving_folder(self.root, self.kept) as server:
            worker = _worker(server)
            if phase == "saved":
                _until(self._is_done)
                self._save(server)
            at_work = self._kill_one(worker, server, victim)
            if victim == "worker":
                _until(self._is_done)
        if victim == "server":
            worker.wait(PATIENCE)  # it ends with the server
            with serving_folder(self.root, self.kept):
                _until(self._is_done)
        fresh = self.kept / "fresh.sqlite"
        _delete(fresh)
        asyncio.run(_build(self.root, fresh))
        return Kill(phase, victim, at_work, content(self._file) == content(fresh))

    @property
    def _file(self) -> Path:
        return self.kept / "index" / default_path(self.root).name

    def _look(self) -> None:
        self._wanted = {(found.path, found.mtime_ns, found.size) for found in walk(self.root)}

    def _save(self, server: Server) -> None:
        paths = self._edit(SAVED)
        self._look()
        for path in paths:
            document = {"uri": (self.root / path).as_uri()}
            server.notify("textDocument/didSave", {"textDocument": document})

    def _kill_one(self, worker: psutil.Process, server: Server, victim: Victim) -> bool:
        """Kill when a random part of what is to be read has been; whether there was more."""
        known = len(self._known() & self._wanted)
        enough = known + int(self.chance.random() * (len(self._wanted) - known))
        _until(lambda: len(self._known() & self._wanted) >= enough)
        time.sleep(self.chance.uniform(0, BATCH_SECONDS))
        at_work = not self._is_done()
        (worker if victim == "worker" else psutil.Process(server.process.pid)).kill()
        return at_work

    def _edit(self, count: int) -> list[str]:
        """Change, remove and add so many files; return their paths."""
        paths = self.chance.sample(sorted(path for path, _, _ in self._wanted), count)
        for number, path in enumerate(paths):
            self._edits += 1
            changed = self.root / path
            text = changed.read_text() + EDIT.format(number=self._edits)
            if number % 5 == 0:
                changed = changed.with_name(f"added{self._edits}.py")
                paths[number] = changed.relative_to(self.root).as_posix()
            changed.write_text(text)
            if number % 5 == 1:
                changed.unlink()
        return paths

    def _known(self) -> set[tuple[str, int, int]]:
        """What the index says of the files."""
        return set(self._rows("SELECT path, mtime_ns, size FROM files"))

    def _is_done(self) -> bool:
        """Whether all has been read, and everything as it is now."""
        return self._known() == self._wanted and bool(self._rows("SELECT value FROM facts"))

    def _rows(self, query: str) -> list[Any]:
        """Rows of the database, which may not be there yet."""
        with suppress(sqlite3.OperationalError):
            address = f"file:{self._file}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as connection:
                return connection.execute(query).fetchall()
        return []


@contextmanager
def serving_folder(root: Path, kept: Path) -> Iterator[Server]:
    """A server that works in a folder and keeps what it keeps in another."""
    script = kept / "script.json"
    script.write_text("[]")
    arguments = ("--script", str(script))
    with serving(*arguments, environment={"FIMBLE_CACHE": str(kept)}) as server:
        server.initialize(rootUri=root.as_uri())
        yield server


def _worker(server: Server) -> psutil.Process:
    """The index's worker, as soon as there is one."""
    found: list[psutil.Process] = []

    def is_there() -> bool:
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(server.process.pid).children()
            found[:] = [each for each in children if COMMAND[-1] in each.cmdline()]
        return bool(found)

    _until(is_there)
    return found[0]


def _until(met: Callable[[], bool]) -> None:
    """Wait until something holds. Raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while not met():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(STEP)


def _delete(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


async def _build(root: Path, file: Path) -> None:
    """An index that nobody disturbs."""
    indexer = Indexer(root, file=file)
    assert await indexer.scan()
    await indexer.close()
