"""Syntax trees by tree-sitter, parsed incrementally.

A `Syntax` is a tree and the bytes it was parsed from; neither changes. A `Draft` is bytes that
are not parsed yet: editing it is cheap, so that many edits can share one parse. All offsets are
bytes of the text's UTF-8 form (`text.encode`).

Invariant: `Draft.parse` gives the tree that a parse of the same bytes from scratch gives. An
incremental parse does not always: it can recover from an error in another way (measured: in 85 of
20,000 random edits, never without an error in the new tree). So a new tree with an error is made
again from scratch. An old one may well be built upon: its errors are gone where the new has none.

tree-sitter holds the interpreter's lock (GIL) while it parses, except in its callbacks into
Python. `parse` gives it such callbacks, so a parse in another thread lets the event loop run.
"""

from __future__ import annotations

import ctypes
import itertools
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from tree_sitter import Language, Parser, Point, Tree

from lsp_server.core.text import Text, encode

MAX_PARSED_BYTES = 1_000_000
"""Larger text has no syntax."""

MAX_PARSE_SECONDS = 1.0
"""Processor time. 1 MB of code takes a fifth of it, 300 KB of unclosed quotes several times it."""

MAX_ERRORS = 50

_CHUNK = 1 << 16
_ASKED_OFTEN = 16
"""tree-sitter asks whether to go on every few microseconds; the clock takes as long as that."""

_GRAMMARS = {
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "python": ("tree_sitter_python", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}

_LANGUAGE_IDS = {name: name for name in _GRAMMARS} | {
    "javascriptreact": "javascript",
    "typescriptreact": "tsx",
}

_EXTENSIONS = {
    extension: grammar
    for grammar, extensions in {
        "c": "c",
        "cpp": "cc cpp cxx c++ h hh hpp hxx h++ inl ipp tpp",
        "go": "go",
        "java": "java",
        "javascript": "js jsx mjs cjs",
        "python": "py pyi pyw",
        "rust": "rs",
        "tsx": "tsx",
        "typescript": "ts mts cts",
    }.items()
    for extension in extensions.split()
}


def grammar_for(language_id: str, uri: str) -> str | None:
    """Name the grammar for a document, by its LSP language id or else by its file extension."""
    by_id = _LANGUAGE_IDS.get(language_id)
    return by_id or _EXTENSIONS.get(uri.rpartition(".")[2].lower())


def known_extensions() -> Iterable[str]:
    """Of the files that there is a grammar for, in lower case, without the dot."""
    return _EXTENSIONS.keys()


@dataclass(frozen=True, slots=True)
class Draft:
    """Bytes still to be parsed, and the tree of an earlier version with the edits noted in it."""

    grammar: str
    data: bytes = field(repr=False)
    stale: Tree | None = field(default=None, repr=False)

    def edit(self, start_byte: int, old_end_byte: int, new: bytes) -> Draft:
        """Put `new` in the place of the bytes from `start_byte` to `old_end_byte`."""
        data = self.data[:start_byte] + new + self.data[old_end_byte:]
        if self.stale is None:
            return Draft(self.grammar, data)
        new_end_byte = start_byte + len(new)
        stale = self.stale.copy()
        stale.edit(
            start_byte,
            old_end_byte,
            new_end_byte,
            _point(self.data, start_byte),
            _point(self.data, old_end_byte),
            _point(data, new_end_byte),
        )
        return Draft(self.grammar, data, stale)

    def parse(self) -> Syntax | None:
        """Parse; None if the text is larger or takes longer than the limits above."""
        if len(self.data) > MAX_PARSED_BYTES:
            return None
        tree = _parse(self.grammar, self.data, self.stale)
        if tree and self.stale and tree.root_node.has_error:
            tree = _parse(self.grammar, self.data, None)
        return Syntax(self.grammar, self.data, tree) if tree else None


@dataclass(frozen=True, slots=True)
class Syntax:
    """A text and its syntax tree."""

    grammar: str
    data: bytes = field(repr=False)
    tree: Tree = field(repr=False)

    @classmethod
    def parse(cls, text: Text | str, grammar: str) -> Syntax | None:
        """Parse from scratch; None where `Draft.parse` gives None."""
        return Draft(grammar, encode(str(text))).parse()

    def errors(self) -> int:
        """How many errors and missing tokens there are; they are counted up to `MAX_ERRORS`."""
        count = 0
        waiting = [self.tree.root_node]
        while waiting and count < MAX_ERRORS:
            node = waiting.pop()
            if node.has_error or node.is_missing:
                count += node.is_error or node.is_missing
                waiting.extend(node.children)
        return count

    def draft(self) -> Draft:
        """The same bytes, to be edited."""
        return Draft(self.grammar, self.data, self.tree)

    def edit(self, start_byte: int, old_end_byte: int, new: bytes) -> Syntax | None:
        """Edit and parse: the syntax with `new` in that place. This one stays valid."""
        return self.draft().edit(start_byte, old_end_byte, new).parse()


@cache
def _language(grammar: str) -> Language:
    module, function = _GRAMMARS[grammar]
    return Language(getattr(import_module(module), function)())


def _parse(grammar: str, data: bytes, stale: Tree | None) -> Tree | None:
    deadline = time.thread_time() + MAX_PARSE_SECONDS
    chunks: list[bytes] = []

    def read(offset: int, _: Point) -> bytes:
        chunks.append(data[offset : offset + _CHUNK])
        return chunks[-1]

    asked = itertools.count(1)

    def expired(_offset: int, _has_error: bool) -> bool:
        return next(asked) % _ASKED_OFTEN == 0 and time.thread_time() > deadline

    parser = Parser(_language(grammar))  # one each, since a parser is not safe to share by threads
    try:
        if stale is None:
            return parser.parse(read, progress_callback=expired)
        return parser.parse(read, stale, progress_callback=expired)
    except ValueError:  # what the binding raises when a callback ends the parse
        return None
    finally:
        if _keeps_chunks():
            for chunk in chunks:
                ctypes.pythonapi.Py_DecRef(ctypes.py_object(chunk))


@cache
def _keeps_chunks() -> bool:
    """Whether the binding never lets go of what it reads: 0.26.1 holds a reference for ever.

    That would be the whole text with each parse. Found out by trying, for it will be mended.
    """
    chunks = [b"", bytes(bytearray(b"x = 1"))]  # a fresh object, which nobody else holds
    before = sys.getrefcount(chunks[1])
    Parser(_language("python")).parse(lambda offset, _: chunks[offset == 0])
    return sys.getrefcount(chunks[1]) > before


def _point(data: bytes, offset: int) -> tuple[int, int]:
    """Row and byte column as tree-sitter counts them: by `\\n` only."""
    return data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1)
