"""All that a workspace index holds, so that two of them can be compared."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

Content = dict[str, Counter[tuple[object, ...]]]

_TABLES = {
    "files": "SELECT path, folder, tail, mtime_ns, size, digest, language FROM files",
    "symbols": "SELECT path, number, name, kind, container, owner, signature, doc, first_row, "
    "last_row, parameters FROM symbols LEFT JOIN files ON id = file",
    "imports": "SELECT path, number, module, name, alias FROM imports LEFT JOIN files ON id = file",
    "uses": "SELECT path, name, count FROM uses LEFT JOIN files ON id = file",
    "passages": "SELECT path, first_row, last_row, text FROM passages "
    "LEFT JOIN files ON files.id = file",
    "words": "SELECT path, first_row, term, offset FROM vocabulary "
    "LEFT JOIN passages ON passages.id = doc LEFT JOIN files ON files.id = file",
    "facts": "SELECT name, value FROM facts",
}


def content(file: Path) -> Content:
    """Everything in a database, without the numbers that rows happen to have.

    Raises sqlite3.DatabaseError if it is damaged.
    """
    with closing(sqlite3.connect(file)) as connection:
        if (found := connection.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            raise sqlite3.DatabaseError(str(found))
        connection.execute("INSERT INTO passage_words (passage_words) VALUES ('integrity-check')")
        connection.rollback()
        return {name: Counter(connection.execute(query)) for name, query in _TABLES.items()}
