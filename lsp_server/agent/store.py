"""Sessions, stored as they happen: what a crash ends can be resumed.

    store = Store(default_path())
    session = store.create(workspace, mode="ask")
    store.append(session.id, turn=1, kind="user", body={"text": "..."})
    store.entries(session.id)

One SQLite file for all workspaces of a user, readable by him alone, since it holds his code;
credentials in it are masked, so a session that is resumed knows no more of them. Each
entry is committed before `append` returns, so `kill -9` loses none. Methods block for about a
millisecond: call them in a thread. All raise StoreError where the file can't be used.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lsp_server.errors import StoreError, UsageError
from lsp_server.models.store import state_dir
from lsp_server.workspace.masking import masked, masked_values

T = TypeVar("T")

MAX_TITLE = 80
"""Characters of the first message that name a session."""
_BUSY_SECONDS = 5.0
_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    workspace TEXT NOT NULL,
    title TEXT NOT NULL,
    mode TEXT NOT NULL,
    parent TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_by_workspace ON sessions (workspace, updated);
CREATE TABLE IF NOT EXISTS entries (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (session, number)
) WITHOUT ROWID;
"""
_SESSION = "SELECT id, workspace, title, mode, parent, created, updated FROM sessions"
_ADD_SESSION = "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)"
_APPEND = """
INSERT INTO entries (session, number, turn, kind, body)
SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4 FROM entries WHERE session = ?1
"""
_COPY = """
INSERT INTO entries SELECT ?2, number, turn, kind, body FROM entries
WHERE session = ?1 AND turn <= ?3
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A session without its entries."""

    id: str
    workspace: str
    title: str
    """Empty before the first message."""
    mode: str
    parent: str
    """The session that it was forked from; empty for most."""
    created: float
    """Of the wall clock, in seconds since 1970, as is `updated`."""
    updated: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. Numbers begin with 1 and have no gaps."""

    number: int
    turn: int
    kind: str
    body: Mapping[str, Any]


def default_path() -> Path:
    """Where the sessions of this user are."""
    return state_dir() / "sessions.sqlite"


class Store:
    """See the module's docstring. Safe to share by threads; processes may share the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file; the next question opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def create(self, workspace: Path, mode: str, parent: str = "") -> Stored:
        """Begin a session."""
        now = time.time()
        session = Stored(secrets.token_hex(8), str(workspace), "", mode, parent, now, now)

        def work(connection: sqlite3.Connection) -> Stored:
            _insert(connection, session)
            return session

        return self._do(work)

    def get(self, session: str) -> Stored:
        """One session. Raises UsageError if there is none of that id."""
        found = self._do(
            lambda connection: connection.execute(f"{_SESSION} WHERE id = ?", (session,)).fetchone()
        )
        if found is None:
            raise UsageError(f"There is no session {session}; `fimble chat --list` shows them.")
        return Stored(*found)

    def of(self, workspace: Path, session: str) -> Stored:
        """One session of a workspace. Raises UsageError if there is none of that id there."""
        stored = self.get(session)
        if stored.workspace != str(workspace):
            check_folder(stored)
            raise UsageError(f"Session {session} belongs to {stored.workspace}; open it there.")
        return stored

    def sessions(self, workspace: Path | None = None) -> list[Stored]:
        """The sessions, of one workspace if it is given, the latest first."""
        where, given = (
            ("", ()) if workspace is None else (" WHERE workspace = ?", (str(workspace),))
        )
        query = f"{_SESSION}{where} ORDER BY updated DESC, created DESC"
        rows = self._do(lambda connection: connection.execute(query, given).fetchall())
        return [Stored(*row) for row in rows]

    def append(self, session: str, turn: int, kind: str, body: Mapping[str, Any]) -> None:
        """Add an entry behind the others."""
        text = _writable(json.dumps(masked_values(body), ensure_ascii=False, separators=(",", ":")))

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_APPEND, (session, turn, kind, text))
            connection.execute(
                "UPDATE sessions SET updated = ? WHERE id = ?", (time.time(), session)
            )

        self._do(work)

    def entries(self, session: str) -> list[Entry]:
        """All that happened, in its order."""
        query = "SELECT number, turn, kind, body FROM entries WHERE session = ? ORDER BY number"
        rows = self._do(lambda connection: connection.execute(query, (session,)).fetchall())
        return [Entry(number, turn, kind, json.loads(body)) for number, turn, kind, body in rows]

    def name(self, session: str, title: str) -> None:
        """Give a session a title, shortened to one line."""
        line = " ".join(masked(_writable(title)).split())
        line = line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1]}…"
        self._change("title", session, line)

    def set_mode(self, session: str, mode: str) -> None:
        """What the user lets it do from now on."""
        self._change("mode", session, mode)

    def fork(self, session: str, turn: int | None = None) -> Stored:
        """A new session that begins with another's turns, up to one if that is given."""
        origin = self.get(session)
        now = time.time()
        copy = Stored(
            secrets.token_hex(8), origin.workspace, origin.title, origin.mode, origin.id, now, now
        )

        def work(connection: sqlite3.Connection) -> Stored:
            _insert(connection, copy)
            last = -1 if turn is None else turn
            connection.execute(_COPY, (session, copy.id, last if last >= 0 else 1 << 62))
            return copy

        return self._do(work)

    def delete(self, session: str) -> None:
        """Forget a session and all its entries. Raises UsageError if there is none of that id."""
        self.get(session)
        self._do(
            lambda connection: connection.execute("DELETE FROM sessions WHERE id = ?", (session,))
        )

    def export(self, session: str) -> dict[str, Any]:
        """A session as one JSON object."""
        stored = self.get(session)
        return {
            "id": stored.id,
            "workspace": stored.workspace,
            "title": stored.title,
            "mode": stored.mode,
            "parent": stored.parent,
            "created": stored.created,
            "updated": stored.updated,
            "entries": [
                {"number": e.number, "turn": e.turn, "kind": e.kind, "body": e.body}
                for e in self.entries(session)
            ],
        }

    def _change(self, column: str, session: str, value: str) -> None:
        query = f"UPDATE sessions SET {column} = ? WHERE id = ?"
        self._do(lambda connection: connection.execute(query, (value, session)))

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock, _told(self._path):
            if self._connection is None:
                self._connection = _open(self._path)
            with self._connection:
                return work(self._connection)


def check_folder(session: Stored) -> None:
    """Raise UsageError if a session's folder is not where it was."""
    if not Path(session.workspace).is_dir():
        raise UsageError(
            f"{session.workspace}, the folder of session {session.id}, is not there any more; move "
            f"it back there to go on or to undo. `fimble chat --export {session.id}` shows what "
            "was said, --delete forgets it."
        )


def _writable(text: str) -> str:
    """The text as SQLite takes it: without halves of characters, as undecodable input leaves."""
    return text.encode("utf-8", "replace").decode()


def _insert(connection: sqlite3.Connection, session: Stored) -> None:
    s = session
    row = (s.id, s.workspace, s.title, s.mode, s.parent, s.created, s.updated)
    connection.execute(_ADD_SESSION, row)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise StoreError(f"{path} was written by a newer Fimble; update this one, or move it.")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise StoreError("This session was deleted meanwhile; begin another.") from error
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"The stored sessions can't be used ({error}); if that lasts, move {path} away."
        ) from error
