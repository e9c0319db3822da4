"""What is written down about the agent's changes: one SQLite file a workspace, outside of it.

A step is one path that went from one state to another. It is written down, with what was there
before, ahead of the change itself, and confirmed after it; so a crash leaves at most one step of a
session open. Contents are kept once each, compressed, and dropped when no step needs them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from lsp_server.agent.files.state import State
from lsp_server.errors import AgentError
from lsp_server.workspace.schema import BUSY_SECONDS, transaction

VERSION = 1
LOCK_SECONDS = 60.0
"""Longer than it takes to look at all files, before a command and after it."""
Kind = Literal["edit", "command", "recovered", "undo"]
"""Recovered: what changed from a command's beginning until after a crash, by whomever."""
Status = Literal["begun", "done", "failed", "undone"]

_TABLES = """
CREATE TABLE contents (digest TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    turn TEXT NOT NULL,
    edit TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    path TEXT NOT NULL,
    before TEXT,
    before_mode INTEGER,
    after TEXT,
    after_mode INTEGER,
    made TEXT NOT NULL,
    temporary TEXT NOT NULL,
    undoes TEXT NOT NULL
);
CREATE INDEX steps_by_session ON steps (session, id);
CREATE TABLE commands (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL,
    turn TEXT NOT NULL,
    edit TEXT NOT NULL
);
CREATE TABLE known (
    path TEXT PRIMARY KEY,
    mode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    digest TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose change it is: undone one by one, by turn or by session."""

    session: str
    turn: str
    edit: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A state whose content is in the ledger."""

    digest: str
    mode: int


@dataclass(frozen=True, slots=True)
class Step:
    """One path that changed, or was about to."""

    key: Key
    kind: Kind
    path: str
    before: Kept | None
    after: Kept | None
    id: int = 0
    status: Status = "begun"
    made: tuple[str, ...] = ()
    """Folders that were made for it, from the root."""
    temporary: str = ""
    """Name beside it that may be left after a crash."""
    undoes: tuple[int, ...] = ()
    """Steps that are undone when this one is done."""


class Ledger:
    """Open until `close`; for use by any thread."""

    def __init__(self, folder: Path, root: Path) -> None:
        """Open the ledger of a workspace, or begin it. Raises AgentError."""
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
        self.path = folder / f"{name}.sqlite"
        self._lock = threading.RLock()
        self._collecting = FileLock(self.path.with_suffix(".collecting.lock"))
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = _open(self.path)
        except (OSError, sqlite3.Error) as error:
            raise AgentError(
                f"What the agent changes can't be written down in {self.path} ({error}); without"
                " that it changes nothing."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is done within is seen whole, or not at all; may be nested."""
        with self._lock:
            if self._db.in_transaction:
                yield
            else:
                with transaction(self._db):
                    yield

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """To be held while contents are kept that no step needs yet. Raises AgentError.

        Others, in this process or another, have ledgers of the same file, and would drop them.
        """
        try:
            held = self._collecting.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise AgentError("Another Fimble is busy with this folder; try again later.") from error
        with held:
            yield

    def keep(self, state: State | None) -> Kept | None:
        """Keep a content."""
        if state is None:
            return None
        with self._lock:
            known = "SELECT 1 FROM contents WHERE digest = ?"
            if self._db.execute(known, (state.digest,)).fetchone() is None:
                packed = zlib.compress(state.data, 1)
                self._db.execute("INSERT INTO contents VALUES (?, ?)", (state.digest, packed))
        return Kept(state.digest, state.mode)

    def state(self, kept: Kept | None) -> State | None:
        """A content that was kept."""
        if kept is None:
            return None
        with self._lock:
            query = "SELECT data FROM contents WHERE digest = ?"
            row = self._db.execute(query, (kept.digest,)).fetchone()
        if row is None:
            raise AgentError("What was there before is not kept any more.")
        return State(zlib.decompress(row[0]), kept.mode)

    def add(self, step: Step) -> Step:
        """Write a step down."""
        before, after = step.before, step.after
        row = (
            step.key.session, step.key.turn, step.key.edit, step.kind, step.status, step.path,
            before and before.digest, before and before.mode,
            after and after.digest, after and after.mode,
            json.dumps(step.made), step.temporary, json.dumps(step.undoes),
        )  # fmt: skip
        with self._lock:
            marks = ", ".join("?" * len(row))
            cursor = self._db.execute(f"INSERT INTO steps VALUES (NULL, {marks})", row)
            return replace(step, id=cursor.lastrowid or 0)

    def settle(self, step: Step, status: Status) -> None:
        """Say what became of a step; one that is done settles those that it undoes."""
        with self.transaction():
            self._db.execute("UPDATE steps SET status = ? WHERE id = ?", (status, step.id))
            if status == "done":
                self._db.executemany(
                    "UPDATE steps SET status = 'undone' WHERE id = ?",
                    [(number,) for number in step.undoes],
                )

    def steps(self, session: str, turn: str | None = None, edit: str | None = None) -> list[Step]:
        """The steps of a session, or of a part of it, in the order in which they were done."""
        query = "SELECT * FROM steps WHERE session = ?"
        values = [session]
        for column, value in (("turn", turn), ("edit", edit)):
            if value is not None:
                query += f" AND {column} = ?"
                values.append(value)
        with self._lock:
            return [_step(row) for row in self._db.execute(f"{query} ORDER BY id", values)]

    def begin_command(self, key: Key) -> int:
        """Write down that a command runs."""
        with self._lock:
            row = (key.session, key.turn, key.edit)
            return (
                self._db.execute("INSERT INTO commands VALUES (NULL, ?, ?, ?)", row).lastrowid or 0
            )

    def end_command(self, number: int) -> None:
        """It doesn't any more."""
        with self._lock:
            self._db.execute("DELETE FROM commands WHERE id = ?", (number,))

    def open_commands(self, session: str) -> list[tuple[int, Key]]:
        """Commands of a session that nobody saw end."""
        query = "SELECT id, session, turn, edit FROM commands WHERE session = ? ORDER BY id"
        with self._lock:
            return [(row[0], Key(*row[1:])) for row in self._db.execute(query, (session,))]

    def known(self) -> list[tuple[Any, ...]]:
        """Rows of all files as they were last seen: path, mode, size, times, inode, digest."""
        with self._lock:
            return self._db.execute("SELECT * FROM known").fetchall()

    def know(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Know these files, and no others."""
        with self.transaction():
            new, old = set(rows), set(self.known())
            gone = [(row[0],) for row in old - new]
            self._db.executemany("DELETE FROM known WHERE path = ?", gone)
            self._db.executemany("INSERT INTO known VALUES (?, ?, ?, ?, ?, ?, ?)", new - old)

    def forget(self, session: str) -> None:
        """Drop what is kept for undoing a session."""
        with self.collecting(), self.transaction():
            self._db.execute("DELETE FROM steps WHERE session = ?", (session,))
            self._db.execute("DELETE FROM commands WHERE session = ?", (session,))
            self.drop_unused()

    def drop_unused(self) -> None:
        """Drop contents that nobody needs.

        None while a command runs, whose session alone knows what was there before it. One that a
        crash has cut off counts as running until its session is opened or forgotten.
        """
        with self._lock:
            self._db.execute(
                "DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM commands)"
                " AND digest NOT IN (SELECT before FROM steps WHERE before"
                " IS NOT NULL UNION SELECT after FROM steps WHERE after IS NOT NULL"
                " UNION SELECT digest FROM known)"
            )


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"it is of version {version}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # before a file is written, this is on the disk
        if not version:
            db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            path.chmod(0o600)  # it holds the user's code
    except BaseException:
        db.close()
        raise
    return db


def _step(row: Sequence[Any]) -> Step:
    number, session, turn, edit, kind, status, path, before, before_mode, after, after_mode = row[
        :11
    ]
    return Step(
        Key(session, turn, edit),
        kind,
        path,
        None if before is None else Kept(before, before_mode),
        None if after is None else Kept(after, after_mode),
        number,
        status,
        tuple(json.loads(row[11])),
        row[12],
        tuple(json.loads(row[13])),
    )
