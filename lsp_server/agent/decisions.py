"""What the user has decided for good, by workspace: that he trusts it, and rules on commands.

Kept in the user's own folder, where no repository's files reach. Methods block for about a
millisecond, and raise StoreError where the file can't be used.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lsp_server.agent.commands.rules import Decision, Rule
from lsp_server.errors import StoreError
from lsp_server.models.store import state_dir

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_TABLES = """
CREATE TABLE IF NOT EXISTS trust (
    workspace TEXT PRIMARY KEY, trusted INTEGER NOT NULL, servers TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trusted_own (workspace TEXT PRIMARY KEY, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rules (
    workspace TEXT NOT NULL, pattern TEXT NOT NULL, decision TEXT NOT NULL,
    PRIMARY KEY (workspace, pattern)
);
"""


def default_path() -> Path:
    """Where the decisions of this user are."""
    return state_dir() / "decisions.sqlite"


@dataclass(frozen=True, slots=True)
class Trust:
    """What the user has said of a folder."""

    trusted: bool
    servers: str
    """Digest of the file that names servers, as it was then; empty if there was none."""
    own: str
    """Digest of the folder's actions and prompts; empty if there were none, or nobody asked."""


class Decisions:
    """Of one workspace, known by its resolved folder."""

    def __init__(self, path: Path, workspace: Path) -> None:
        self._path = path
        self._workspace = str(workspace.resolve())

    def trust_decided(self) -> Trust | None:
        """What the user has said; None if he was not asked yet."""
        query = (
            "SELECT trusted, servers, coalesce(digest, '') FROM trust "
            "LEFT JOIN trusted_own USING (workspace) WHERE workspace = ?"
        )
        row = self._do(lambda c: c.execute(query, (self._workspace,)).fetchone())
        return None if row is None else Trust(bool(row[0]), row[1], row[2])

    def trust(self, trusted: bool, servers: str = "", own: str = "") -> None:
        """Trust the folder from now on, or no longer. `servers`, `own`: as in `Trust`."""

        def write(connection: sqlite3.Connection) -> None:
            row = self._workspace, int(trusted), servers
            connection.execute("INSERT OR REPLACE INTO trust VALUES (?, ?, ?)", row)
            query = "INSERT OR REPLACE INTO trusted_own VALUES (?, ?)"
            connection.execute(query, (self._workspace, own))

        self._do(write)

    def rules(self) -> list[Rule]:
        """The user's rules on commands."""
        query = "SELECT pattern, decision FROM rules WHERE workspace = ? ORDER BY pattern"
        rows = self._do(lambda c: c.execute(query, (self._workspace,)).fetchall())
        return [Rule(tuple(json.loads(pattern)), decision) for pattern, decision in rows]

    def remember(self, pattern: Sequence[str], decision: Decision) -> None:
        """Decide for all commands that begin with these words; what was decided before is over."""
        row = self._workspace, json.dumps(list(pattern)), decision
        self._do(lambda c: c.execute("INSERT OR REPLACE INTO rules VALUES (?, ?, ?)", row))

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
            with contextlib.closing(connection), connection:
                connection.executescript(_TABLES)
                return work(connection)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self._path} can't be used ({error}); move it away.") from error
