"""From a file to what the index keeps of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from lsp_server.core.imports import Import, imports
from lsp_server.core.references import references
from lsp_server.core.symbols import Symbol, symbols
from lsp_server.core.syntax import Syntax, grammar_for
from lsp_server.core.text import Text
from lsp_server.workspace.ignore import MAX_FILE_BYTES, is_unreadable_code
from lsp_server.workspace.passages import Passage, passages
from lsp_server.workspace.secrets import holds_secret
from lsp_server.workspace.walk import Found

MAX_REFERENCES = 2_000
"""Names of one file; the most frequent."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the index. One that is left out for its content has no language, only a digest."""

    path: str
    mtime_ns: int
    size: int
    digest: bytes
    language: str = ""
    """Name of the grammar."""
    symbols: tuple[Symbol, ...] = field(default=(), repr=False)
    imports: tuple[Import, ...] = field(default=(), repr=False)
    references: Counter[str] = field(default_factory=Counter, repr=False)
    passages: tuple[Passage, ...] = field(default=(), repr=False)


def read(root: Path, found: Found) -> bytes | None:
    """A file's bytes; None if it can't be read, or has grown too large."""
    try:
        with (root / found.path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= MAX_FILE_BYTES else None


def digest(data: bytes) -> bytes:
    """What tells contents apart."""
    return hashlib.blake2b(data, digest_size=16).digest()


def extract(found: Found, data: bytes) -> Entry:
    """What the index keeps of a file with these bytes; never raises, lest one file end a scan."""
    try:
        return _extract(found, data)
    except Exception:  # a fault of ours that this file brings out
        return Entry(found.path, found.mtime_ns, found.size, digest(data))


def _extract(found: Found, data: bytes) -> Entry:
    known = found.path, found.mtime_ns, found.size, digest(data)
    grammar = grammar_for("", found.path)
    if grammar is None or is_unreadable_code(data):
        return Entry(*known)
    text = data.decode("utf-8-sig", errors="replace")
    if holds_secret(text):
        return Entry(*known)
    syntax = Syntax.parse(text, grammar)
    defined = symbols(syntax) if syntax else []
    counts = references(syntax, defined) if syntax else Counter[str]()
    return Entry(
        *known,
        language=grammar,
        symbols=tuple(defined),
        imports=tuple(imports(syntax)) if syntax else (),
        references=Counter(dict(counts.most_common(MAX_REFERENCES))),
        passages=tuple(passages(Text.of(text), defined)),
    )
