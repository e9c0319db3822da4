"""The statements of the index. Each is bounded by its limit, whatever the workspace's size."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from lsp_server.workspace.extract import Entry
from lsp_server.workspace.modules import tail
from lsp_server.workspace.words import words

MAX_WORDS = 40
"""How many words of a text are looked up."""
MAX_WORD_USES = 100
"""A word that stands in more places than this says little, and would cost much."""
MAX_USES = 500
"""Places that are compared: those of the rarest words."""

_SYMBOL = (
    "files.path, symbols.name, kind, container, signature, doc, first_row, last_row, parameters, "
    "decorated"
)
DEFINITIONS = f"""
SELECT {_SYMBOL} FROM symbols JOIN files ON files.id = symbols.file
WHERE symbols.name = ? ORDER BY container, symbols.file, number LIMIT ?
"""
BEGINNING = f"""
SELECT {_SYMBOL} FROM symbols JOIN files ON files.id = symbols.file
WHERE symbols.name >= ? AND symbols.name < ?
ORDER BY symbols.name, container, symbols.file, number LIMIT ?
"""
IN_MODULE = f"""
SELECT {_SYMBOL} FROM files JOIN symbols ON symbols.file = files.id
WHERE files.path = ? ORDER BY number
"""
MEMBERS = f"""
SELECT {_SYMBOL} FROM symbols JOIN files ON files.id = symbols.file
WHERE owner = ? AND (container = ? OR owner = ?) ORDER BY symbols.file, number LIMIT ?
"""
MEMBERS_IN = f"""
SELECT {_SYMBOL} FROM symbols JOIN files ON files.id = symbols.file
WHERE owner = ? AND symbols.file = (SELECT id FROM files WHERE path = ?)
AND (container = ? OR owner = ?) ORDER BY number LIMIT ?
"""
IMPORTS = """
SELECT module, name, alias FROM files JOIN imports ON imports.file = files.id
WHERE files.path = ? ORDER BY number
"""
REFERENCING = """
SELECT files.path, count FROM uses JOIN files ON files.id = uses.file
WHERE uses.name = ? ORDER BY count DESC, uses.file LIMIT ?
"""
MOST_USED = """
SELECT files.path, symbols.name, spread.users
FROM (
    SELECT name, count(*) AS users FROM uses GROUP BY name HAVING users > 1
    ORDER BY users DESC LIMIT 4000
) AS spread
JOIN symbols ON symbols.name = spread.name JOIN files ON files.id = symbols.file
WHERE symbols.container = '' AND symbols.kind IN ('class', 'function')
AND (SELECT count(*) FROM symbols AS same WHERE same.name = spread.name) <= 2
ORDER BY spread.users DESC, files.path, symbols.number LIMIT ?
"""
MENTIONS = """
SELECT 1 FROM files JOIN uses ON uses.file = files.id WHERE files.path = ? AND uses.name = ?
UNION ALL
SELECT 1 FROM files JOIN symbols ON symbols.file = files.id
WHERE files.path = ? AND symbols.name = ?
LIMIT 1
"""
KNOWN_OF = """
SELECT name, sum(count) FROM uses WHERE name IN ({marks}) GROUP BY name
UNION ALL
SELECT name, count(*) FROM symbols WHERE name IN ({marks}) GROUP BY name
"""
HAS_MEMBER = "SELECT 1 FROM symbols WHERE name = ? AND container != '' LIMIT 1"
USES = "SELECT count(*) FROM (SELECT 1 FROM vocabulary WHERE term = ? LIMIT ?)"
RANKED = """
SELECT rowid, -rank FROM passage_words WHERE passage_words MATCH ? ORDER BY rank LIMIT ?
"""
PASSAGE = """
SELECT files.path, first_row, last_row, text FROM passages JOIN files ON files.id = passages.file
WHERE passages.id = ?
"""
UNDER = "SELECT path FROM files WHERE path > ? AND path < ? ORDER BY path"
DIGEST = "SELECT digest FROM files WHERE path = ?"
TOUCH = "UPDATE files SET mtime_ns = ?, size = ? WHERE path = ?"
FACT = "SELECT value FROM facts WHERE name = ?"
SET_FACT = "INSERT OR REPLACE INTO facts VALUES (?, ?)"
MERGE = "INSERT INTO passage_words (passage_words, rank) VALUES ('merge', 200)"
MERGE_ALL = "INSERT INTO passage_words (passage_words, rank) VALUES ('merge', -200)"
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage ORDER BY rootpage"
CHECK = "SELECT quick_check FROM pragma_quick_check(?)"
FIND = "SELECT id FROM files WHERE path = ?"
PASSAGES_OF = "SELECT id, text FROM passages WHERE file = ?"
NUMBERS_OF = "SELECT id FROM passages WHERE file = ?"
FORGET_WORDS = "INSERT INTO passage_words (passage_words, rowid, words) VALUES ('delete', ?, ?)"
FORGET = (
    "DELETE FROM symbols WHERE file = ?",
    "DELETE FROM imports WHERE file = ?",
    "DELETE FROM uses WHERE file = ?",
    "DELETE FROM passages WHERE file = ?",
    "DELETE FROM files WHERE id = ?",
)


def check(connection: sqlite3.Connection, table: str) -> None:
    """Read a table and its indexes. Raises sqlite3.DatabaseError if they are damaged."""
    if connection.execute(CHECK, (table,)).fetchone() != ("ok",):
        raise sqlite3.DatabaseError("damaged")


def remove(connection: sqlite3.Connection, path: str) -> None:
    """Delete all rows of a file."""
    row = connection.execute(FIND, (path,)).fetchone()
    if row is None:
        return
    gone = [
        (number, words(text)) for number, text in connection.execute(PASSAGES_OF, row).fetchall()
    ]
    connection.executemany(FORGET_WORDS, gone)
    for statement in FORGET:
        connection.execute(statement, row)


def insert(connection: sqlite3.Connection, entry: Entry) -> None:
    """Insert all rows of a file that has none."""
    folder = entry.path.rpartition("/")[0]
    fields = (entry.path, folder, tail(entry.path), entry.mtime_ns, entry.size, entry.digest)
    file = connection.execute(
        "INSERT INTO files (path, folder, tail, mtime_ns, size, digest, language) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*fields, entry.language),
    ).lastrowid
    connection.executemany(
        "INSERT INTO symbols VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                file, number, each.name, each.kind, each.container,
                each.container.rpartition(".")[2], each.signature, each.doc,
                each.first_row, each.last_row, "\n".join(each.parameters),
                each.decorated,
            )
            for number, each in enumerate(entry.symbols)
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO imports VALUES (?, ?, ?, ?, ?)",
        [(file, number, i.module, i.name, i.alias) for number, i in enumerate(entry.imports)],
    )
    connection.executemany(
        "INSERT INTO uses VALUES (?, ?, ?)",
        [(name, count, file) for name, count in sorted(entry.references.items())],
    )
    for passage in entry.passages:
        number = connection.execute(
            "INSERT INTO passages (file, first_row, last_row, text) VALUES (?, ?, ?, ?)",
            (file, passage.first_row, passage.last_row, passage.text),
        ).lastrowid
        connection.execute(
            "INSERT INTO passage_words (rowid, words) VALUES (?, ?)", (number, words(passage.text))
        )


def similar(
    connection: sqlite3.Connection, wanted: Sequence[str], limit: int, exclude_path: str
) -> list[tuple[Any, ...]]:
    """Path, rows, text and score of the best passages for some words, without those of a file."""
    places: list[tuple[int, str]] = []
    for word in wanted:
        (uses,) = connection.execute(USES, (word, MAX_WORD_USES + 1)).fetchone()
        if 0 < uses <= MAX_WORD_USES:
            places.append((uses, word))
    rare: list[str] = []
    total = 0
    for uses, word in sorted(places):
        total += uses
        if rare and total > MAX_USES:
            break
        rare.append(f'"{word}"')
    if not rare:
        return []
    row = connection.execute(FIND, (exclude_path,)).fetchone() or (-1,)
    excluded = {number for (number,) in connection.execute(NUMBERS_OF, row)}
    found: list[tuple[Any, ...]] = []
    ranked = connection.execute(RANKED, (" OR ".join(rare), limit + len(excluded)))
    for number, score in ranked.fetchall():
        if number not in excluded and len(found) < limit:
            passage = connection.execute(PASSAGE, (number,)).fetchone()
            if passage:
                found.append((*passage, score))
    return found
