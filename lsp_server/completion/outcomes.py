"""What became of scored suggestions: one small SQLite file, numbers only, never a text.

    outcomes = Outcomes(outcomes.default_path())
    outcomes.add(repository_key(root), Outcome(time.time(), "python", -0.3, 1, "kept"))
    await outcomes.save()
    await outcomes.latest(repository_key(root))

The file holds the last 500 outcomes of each repository, which is known by a hash of its folder.
Servers of one user share it. A damaged file is begun anew: what it told will be learned again.
All methods are for the event loop's thread; the file is read and written in others.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import sqlite3
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

from lsp_server.models.store import state_dir
from lsp_server.workspace.schema import is_damage

logger = logging.getLogger(__name__)

Verdict = Literal["kept", "accepted", "rejected", "ignored"]
"""`kept`: accepted, and it stood there for a while. `accepted`: changed since, or that can't be
told. `ignored`: neither taken nor turned down, so also what was typed key by key."""

KEPT_OUTCOMES = 500
"""For one repository."""
_BUSY_SECONDS = 5.0

_TABLE = """
CREATE TABLE IF NOT EXISTS outcomes (
    id INTEGER PRIMARY KEY,
    repository TEXT NOT NULL,
    time REAL NOT NULL,
    language TEXT NOT NULL,
    score REAL NOT NULL,
    lines INTEGER NOT NULL,
    verdict TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS outcomes_by_repository ON outcomes (repository, id);
"""
_ADD = """
INSERT INTO outcomes (repository, time, language, score, lines, verdict) VALUES (?, ?, ?, ?, ?, ?)
"""
_DROP_OLD = """
DELETE FROM outcomes WHERE repository = ?1 AND id <= (
    SELECT id FROM outcomes WHERE repository = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
)
"""
_LATEST = """
SELECT time, language, score, lines, verdict FROM outcomes WHERE repository = ? ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one suggestion that was shown."""

    time: float
    """Of the wall clock, in seconds since 1970."""
    language: str
    """LSP language id."""
    score: float
    """What was thought of the suggestion before it was shown."""
    lines: int
    verdict: Verdict


def default_path() -> Path:
    """Where servers keep them."""
    return state_dir() / "outcomes.sqlite"


def repository_key(root: Path | None) -> str:
    """What a repository is called in the file; None is where there is no folder."""
    return hashlib.sha256(str(root or "").encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Outcomes:
    """See the module's docstring."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, deque[Outcome]] = {}
        """Of the repositories that were asked about."""
        self._unsaved: defaultdict[str, list[Outcome]] = defaultdict(list)
        self._file = asyncio.Lock()
        """Held while the file is used, so that what is deleted stays so."""

    async def latest(self, repository: str) -> Sequence[Outcome]:
        """The last outcomes, the oldest first. The file is read for the first call only."""
        if repository not in self._known:
            async with self._file:
                read = await asyncio.to_thread(_read, self._path, repository)
                new = self._unsaved.get(repository, ())
                self._known[repository] = deque([*read, *new], KEPT_OUTCOMES)
        return tuple(self._known[repository])

    def add(self, repository: str, outcome: Outcome) -> None:
        """Add one; it gets into the file when that is saved."""
        if repository in self._known:
            self._known[repository].append(outcome)
        self._unsaved[repository].append(outcome)

    async def save(self) -> None:
        """Write what is new. What can't be written is left out: it is no loss to the user."""
        async with self._file:
            new, self._unsaved = self._unsaved, defaultdict(list)
            if new:
                await asyncio.to_thread(_write, self._path, new)

    async def delete(self) -> None:
        """Forget all of it, of all repositories, here and on disk. Raises OSError."""
        async with self._file:
            self._unsaved.clear()
            self._known.clear()
            await asyncio.to_thread(delete, self._path)


def delete(path: Path) -> None:
    """Delete the file, if it is there. Raises OSError."""
    path.unlink(missing_ok=True)


def _read(path: Path, repository: str) -> list[Outcome]:
    try:
        with contextlib.closing(_connect(path)) as connection:
            return [Outcome(*row) for row in connection.execute(_LATEST, (repository,))]
    except (OSError, sqlite3.Error) as error:
        logger.warning("outcomes could not be read: %s", type(error).__name__)
        return []


def _write(path: Path, new: dict[str, list[Outcome]]) -> None:
    try:
        with contextlib.closing(_connect(path)) as connection, connection:
            for repository, outcomes in new.items():
                connection.executemany(_ADD, ((repository, *astuple(each)) for each in outcomes))
                connection.execute(_DROP_OLD, (repository, KEPT_OUTCOMES))
    except (OSError, sqlite3.Error) as error:
        logger.warning("outcomes could not be written: %s", type(error).__name__)


def _connect(path: Path) -> sqlite3.Connection:
    """Open the database. A file that is none is deleted, and begun anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        delete(path)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        connection.executescript(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
