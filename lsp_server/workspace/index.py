"""What a workspace defines, names and looks like: entries in, answers out.

All methods may be called from any thread and process. Within a process one connection is shared
under a lock, since an answer takes few milliseconds; between processes SQLite lets one write and
all others read meanwhile. An update is one transaction: what a killed process leaves behind has,
for each file, either all old rows or all new ones.

No method raises because of the database. While it can't be used, questions have empty answers and
updates are refused; when it is damaged, it begins anew and `on_reset` is told.

Every question goes through an index, and what it reads is bounded by its limit and not by the
number of files.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lsp_server.core.imports import Import
from lsp_server.core.symbols import Symbol
from lsp_server.workspace import queries, schema
from lsp_server.workspace.extract import Entry
from lsp_server.workspace.modules import places
from lsp_server.workspace.remembered import Remembered
from lsp_server.workspace.words import words

T = TypeVar("T")
_ASKED_AT_ONCE = 400
"""Names; SQLite takes a limited number of parameters."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A symbol and the file it is in."""

    path: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Match:
    """A passage that resembles what was looked for."""

    path: str
    first_row: int
    last_row: int
    text: str
    score: float
    """BM25, larger is better; comparable within one answer."""


class Index:
    """The index of one workspace; the database is opened when first needed."""

    def __init__(
        self,
        root: Path,
        file: Path | None = None,
        on_reset: Callable[[], None] | None = None,
    ) -> None:
        """`file`: the database, by default in the user's cache.

        `on_reset` is called, in whichever thread, when the index has become empty by itself.
        """
        self.root = root
        self.file = file or schema.default_path(root)
        self._on_reset = on_reset
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: schema.Identity | None = None
        self._remembered = Remembered()
        self._closed = False

    def close(self) -> None:
        """Close the database for good: whoever still asks gets empty answers."""
        with self._lock:
            self._closed = True
            self._disconnect()

    def update(self, entries: Iterable[Entry]) -> bool:
        """Put files in, in place of what was known of them, all at once or not at all.

        False if the database was busy for too long or can't be written.
        """
        taken = list(entries)

        def work(connection: sqlite3.Connection) -> bool:
            with schema.transaction(connection):
                for entry in taken:
                    queries.remove(connection, entry.path)
                    queries.insert(connection, entry)
            return True

        return self._ask(work, False)

    def touch(self, path: str, mtime_ns: int, size: int) -> bool:
        """Note that a file has another time, but the content that is known."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.execute(queries.TOUCH, (mtime_ns, size, path))
            return True

        return self._ask(work, False)

    def remove(self, paths: Iterable[str]) -> bool:
        """Forget files, all at once or not at all; what is not known doesn't matter."""
        taken = list(paths)

        def work(connection: sqlite3.Connection) -> bool:
            with schema.transaction(connection):
                for path in taken:
                    queries.remove(connection, path)
            return True

        return self._ask(work, False)

    def known(self) -> dict[str, tuple[int, int]]:
        """Time (ns) and size of each file when it was read, also of those left out for content."""

        def work(connection: sqlite3.Connection) -> dict[str, tuple[int, int]]:
            rows = connection.execute("SELECT path, mtime_ns, size FROM files")
            return {path: (mtime_ns, size) for path, mtime_ns, size in rows}

        return self._ask(work, {})

    def under(self, folder: str) -> list[str]:
        """The files that are known in a folder and its folders."""
        rows = self._rows(queries.UNDER, (f"{folder}/", f"{folder}0"))  # "0" follows "/"
        return [path for (path,) in rows]

    def digest(self, path: str) -> bytes | None:
        """What tells a file's content from another, as it was read."""
        rows = self._rows(queries.DIGEST, (path,))
        return rows[0][0] if rows else None

    def definitions(self, name: str, limit: int = 20) -> list[Definition]:
        """Symbols of that name, those at the top level first."""
        return self._definitions(queries.DEFINITIONS, (name, limit))

    def beginning(self, start: str, limit: int = 20) -> list[Definition]:
        """Symbols whose name begins so, by name, those at the top level first."""
        return self._definitions(queries.BEGINNING, (start, f"{start}\U0010ffff", limit))

    def in_module(self, path: str) -> list[Symbol]:
        """The symbols of a file, in their order."""

        def work(connection: sqlite3.Connection) -> list[Symbol]:
            rows = connection.execute(queries.IN_MODULE, (path,))
            return [_definition(*row).symbol for row in rows]

        return self._ask_once(("in_module", path), work)

    def imports(self, path: str) -> list[Import]:
        """The imports of a file, in their order."""

        def work(connection: sqlite3.Connection) -> list[Import]:
            return [Import(*row) for row in connection.execute(queries.IMPORTS, (path,))]

        return self._ask_once(("imports", path), work)

    def members(
        self, container: str, limit: int = 100, path: str | None = None
    ) -> list[Definition]:
        """What a type or namespace has in it, by file and place; of one file if one is given.

        `container` is a name, or a dotted path whose last name counts if the rest agrees too.
        """
        owner = container.rpartition(".")[2]
        if path is None:
            return self._definitions(queries.MEMBERS, (owner, container, container, limit))
        arguments = (owner, path, container, container, limit)
        return self._definitions(queries.MEMBERS_IN, arguments)

    def find_module(self, module: str, from_path: str, language: str) -> list[str]:
        """The files that an import may mean, the likeliest first.

        `module` as in `core.imports.Import`; `language` is the grammar of the importing file.
        """

        def work(connection: sqlite3.Connection) -> list[str]:
            return places(module, from_path, language).find(connection)

        return self._ask_once(("find_module", module, from_path, language), work)

    def referencing(self, name: str, limit: int = 20) -> list[tuple[str, int]]:
        """Files that use a name, with how often, those that use it most first."""
        return [(path, count) for path, count in self._rows(queries.REFERENCING, (name, limit))]

    def most_used(self, limit: int) -> list[tuple[str, str, int]]:
        """Functions and classes that most files use: path, name, and how many files.

        Looks at all uses: about 50 ms for 1,000 files.
        """
        return [
            (path, name, users) for path, name, users in self._rows(queries.MOST_USED, (limit,))
        ]

    def mentions(self, path: str, name: str) -> bool:
        """Whether a file uses a name, or defines it."""
        return bool(self._rows(queries.MENTIONS, (path, name, path, name)))

    def has_member(self, name: str) -> bool:
        """Whether any type has a member of that name."""
        return bool(self._rows(queries.HAS_MEMBER, (name,)))

    def known_of(self, names: Sequence[str]) -> dict[str, int]:
        """Those of some names that any file uses or defines, with how often."""
        counts = Counter[str]()
        for start in range(0, len(names), _ASKED_AT_ONCE):
            some = list(names[start : start + _ASKED_AT_ONCE])
            query = queries.KNOWN_OF.format(marks=", ".join("?" * len(some)))
            for name, count in self._rows(query, (*some, *some)):
                counts[name] += count
        return dict(counts)

    def similar(self, text: str, limit: int = 10, exclude_path: str | None = None) -> list[Match]:
        """Passages that share rare words with a text, the most similar first."""
        wanted = list(dict.fromkeys(reversed(words(text).split())))[: queries.MAX_WORDS]

        def work(connection: sqlite3.Connection) -> list[Match]:
            rows = queries.similar(connection, wanted, limit, exclude_path or "")
            return [Match(*row) for row in rows]

        return self._ask(work, []) if wanted else []

    @property
    def complete(self) -> bool:
        """Whether all files of the workspace have been read once."""
        return bool(self._rows(queries.FACT, ("complete",)))

    def set_complete(self) -> None:
        """Note that all files have been read."""
        self._rows(queries.SET_FACT, ("complete", "1"))

    @property
    def bytes(self) -> int:
        """How large the database is; 0 if there is none."""
        try:
            return self.file.stat().st_size
        except OSError:
            return 0

    def check(self) -> Iterator[None]:
        """Read the whole database, a table at each step; one that is damaged begins anew."""
        for (table,) in self._rows(queries.TABLES, ()):
            self._ask(partial(queries.check, table=table), None)
            yield

    def tidy(self, *, begin: bool = False) -> bool:
        """Do a little of what makes questions quicker after many updates; False if all is done.

        What is to be done is decided by the first call, that with `begin`.
        """

        def work(connection: sqlite3.Connection) -> bool:
            before = connection.total_changes
            connection.execute(queries.MERGE_ALL if begin else queries.MERGE)
            return connection.total_changes - before >= 2

        return self._ask(work, False)

    def _definitions(self, query: str, arguments: tuple[object, ...]) -> list[Definition]:
        return [_definition(*row) for row in self._rows(query, arguments)]

    def _rows(self, query: str, arguments: tuple[object, ...]) -> list[Any]:
        return self._ask(lambda connection: connection.execute(query, arguments).fetchall(), [])

    def _ask_once(self, key: Hashable, work: Callable[[sqlite3.Connection], list[T]]) -> list[T]:
        """As `_ask`, without reading again what has not changed since it was last asked."""

        def remembering(connection: sqlite3.Connection) -> list[T]:
            return list(self._remembered.get(connection, key, lambda: work(connection)))

        return self._ask(remembering, [])

    def _ask(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        with self._lock:
            for _ in range(0 if self._closed else 2):
                try:
                    return work(self._open())
                except sqlite3.DatabaseError as error:
                    if not schema.is_damage(error):
                        return otherwise
                    if not self._reset():
                        return otherwise
                except OSError:
                    return otherwise
            return otherwise

    def _open(self) -> sqlite3.Connection:
        found = schema.identity(self.file)
        if self._connection is not None and found == self._identity:
            return self._connection
        lost = self._connection is not None  # another process has deleted it, or the user
        self._disconnect()
        self._connection = schema.connect(self.file)
        self._identity = schema.identity(self.file)
        if lost and self._on_reset:
            self._on_reset()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._remembered.clear()
        self._connection = None

    def _reset(self) -> bool:
        opened = self._identity
        self._disconnect()
        try:
            schema.discard(self.file, opened)
        except OSError:
            return False
        if self._on_reset:
            self._on_reset()
        return True


def _definition(path: str, *fields: Any) -> Definition:
    *known, parameters, decorated = fields
    known += tuple(filter(None, parameters.split("\n"))), bool(decorated)
    return Definition(path, Symbol(*known))
