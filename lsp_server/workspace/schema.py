"""The database file of one workspace.

Everything in it can be read from the workspace again, so a file that is damaged or of another
version is deleted, and begun anew. Other processes may have the old one open: they find out, by the
file's identity, and open the new one. Opening and deleting are under a lock between processes, for
a database must never be found without its write-ahead log, nor a new one with an old one's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from lsp_server.models.store import cache_dir

VERSION = 2
"""To be raised with any change to the tables or to what is put into them (`words`, too)."""

BUSY_SECONDS = 5.0
LOCK_SECONDS = 10.0

_TABLES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,
    tail TEXT NOT NULL,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL,
    language TEXT NOT NULL
);
CREATE INDEX files_by_folder ON files (folder, path);
CREATE INDEX files_by_tail ON files (tail, path);
CREATE TABLE symbols (
    file INTEGER NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    container TEXT NOT NULL,
    owner TEXT NOT NULL,
    signature TEXT NOT NULL,
    doc TEXT NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    parameters TEXT NOT NULL,
    decorated INTEGER NOT NULL,
    PRIMARY KEY (file, number)
) WITHOUT ROWID;
CREATE INDEX symbols_by_name ON symbols (name, container, file, number);
CREATE INDEX symbols_by_owner ON symbols (owner, file, number);
CREATE TABLE imports (
    file INTEGER NOT NULL,
    number INTEGER NOT NULL,
    module TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    PRIMARY KEY (file, number)
) WITHOUT ROWID;
CREATE TABLE uses (
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    file INTEGER NOT NULL,
    PRIMARY KEY (name, count DESC, file)
) WITHOUT ROWID;
CREATE INDEX uses_by_file ON uses (file);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX passages_by_file ON passages (file);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE passage_words USING fts5 (words, content='', tokenize='ascii');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab ('passage_words', 'instance');
"""

Identity = tuple[int, int]


def default_path(root: Path) -> Path:
    """Where the index of a workspace lies; `root` may be given in any way."""
    name = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return cache_dir() / "index" / f"{name}.sqlite"


def identity(path: Path) -> Identity | None:
    """What tells the file from a later one of that name; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, made anew if it is of no use. Raises OSError and sqlite3.Error."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _lock(path):
        try:
            return _open(path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            _delete(path)
            return _open(path)


def discard(path: Path, opened: Identity | None) -> None:
    """Delete a damaged database, unless another process has done so. Raises OSError."""
    with _lock(path):
        if identity(path) == opened:
            _delete(path)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error means that the database has to be made anew, and not that it is busy."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF in _DAMAGE


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """What is done within is seen whole, or not at all; others may read meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


_DAMAGE = frozenset(
    (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT)
)
"""SQLITE_ERROR: a table is missing."""


def _lock(path: Path) -> FileLock:
    return FileLock(path.with_suffix(".open.lock"), timeout=LOCK_SECONDS)


def _open(path: Path) -> sqlite3.Connection:
    # One connection is used by one thread at a time; `Index` sees to it.
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and version != VERSION:
            raise _another_version()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
        # Pages; with SQLite's 1,000 a scan wrote a fifth more to the disk.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        if not tables:
            connection.executescript(
                f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
            )
            path.chmod(0o600)  # it holds the user's code
    except BaseException:
        connection.close()
        raise
    return connection


def _another_version() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("another version")
    error.sqlite_errorcode = sqlite3.SQLITE_FORMAT
    return error


def _delete(path: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}{suffix}")  # noqa: PTH108
