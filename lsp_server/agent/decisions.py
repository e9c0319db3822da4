"""What the user has decided for good, by workspace: that he trusts it, and rules on commands.

Kept in the user's own folder, where no repository's files reach. Methods block for about a
millisecond, and raise StoreError where the file can't be used.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from lsp_server.agent.commands.rules import Decision, Rule
from lsp_server.errors import StoreError
from lsp_server.models.store import state_dir

T = TypeVar("T")

_BUSY_SECONDS = 5.0
_TABLES = """
CREATE TABLE IF NOT EXISTS trusted (workspace TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS rules (
    workspace TEXT NOT NULL, pattern TEXT NOT NULL, decision TEXT NOT NULL,
    PRIMARY KEY (workspace, pattern)
);
"""


def default_path() -> Path:
    """Where the decisions of this user are."""
    return state_dir() / "decisions.sqlite"


class Decisions:
    """Of one workspace, known by its resolved folder."""

    def __init__(self, path: Path, workspace: Path) -> None:
        self._path = path
        self._workspace = str(workspace.resolve())

    @property
    def is_trusted(self) -> bool:
        """Whether the user lets this folder's own files have a say."""
        query = "SELECT 1 FROM trusted WHERE workspace = ?"
        return bool(self._do(lambda c: c.execute(query, (self._workspace,)).fetchall()))

    def trust(self, trusted: bool) -> None:
        """Trust the folder from now on, or no longer."""
        query = (
            "INSERT OR IGNORE INTO trusted VALUES (?)"
            if trusted
            else "DELETE FROM trusted WHERE workspace = ?"
        )
        self._do(lambda connection: connection.execute(query, (self._workspace,)))

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
