"""What open documents say, which may be newer than what the library has read of their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from lsp_server.completion.overlay import Contents, Overlay
from lsp_server.completion.resolve import Library
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Text, encode
from lsp_server.workspace.extract import digest, extract
from lsp_server.workspace.ignore import is_unreadable_code
from lsp_server.workspace.secrets import holds_secret
from lsp_server.workspace.walk import Found


class FileLibrary(Library, Protocol):
    """A library that knows which content of a file it has read."""

    def digest(self, path: str) -> bytes | None:
        """What tells a file's content from another, as it was read; None for an unknown file."""
        ...


@dataclass(frozen=True, slots=True)
class _Read:
    text: Text
    may_be_shown: bool
    """It is a file of the workspace, and neither generated nor with credentials in it."""
    contents: Contents | None
    """None: the library knows it as it is, or it is no file of the workspace."""


class OpenDocuments:
    """Reads those that differ from what the library knows, each version once."""

    def __init__(self, library: FileLibrary) -> None:
        self._library = library
        self._known: dict[str, _Read] = {}

    def over(self, documents: Mapping[str, Snapshot]) -> Library:
        """The library as it would be if the documents were saved now; they are by path."""
        self._known = {path: read for path, read in self._known.items() if path in documents}

        def contents(path: str) -> Contents | None:
            document = documents.get(path)
            return None if document is None else self._read(path, document.text).contents

        return Overlay(self._library, contents)

    def may_be_shown(self, path: str, text: Text) -> bool:
        """Whether code of a document of that path may stand in a prompt for another one."""
        return self._read(path, text).may_be_shown

    def _read(self, path: str, text: Text) -> _Read:
        known = self._known.get(path)
        if known is None or known.text is not text:
            known = self._known[path] = self._read_anew(path, text)
        return known

    def _read_anew(self, path: str, text: Text) -> _Read:
        """Read a document as the index would: what is secret or generated says nothing."""
        data = encode(str(text))
        known = self._library.digest(path)
        if known is None:
            return _Read(text, may_be_shown=False, contents=None)
        if known == digest(data):
            is_fit = not is_unreadable_code(data) and not holds_secret(str(text))
            return _Read(text, is_fit, contents=None)
        entry = extract(Found(path, 0, len(data)), data)
        contents = Contents(list(entry.symbols), list(entry.imports))
        return _Read(text, bool(entry.language), contents)
