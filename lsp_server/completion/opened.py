"""What open documents say, which may be newer than what the index has read of their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lsp_server.completion.changed import Place
from lsp_server.completion.edits import Edits
from lsp_server.core.imports import Import
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.symbols import Symbol
from lsp_server.core.text import Text, encode
from lsp_server.workspace.extract import Entry, digest, extract
from lsp_server.workspace.ignore import is_unreadable_code
from lsp_server.workspace.resolve import Library
from lsp_server.workspace.secrets import holds_secret
from lsp_server.workspace.walk import Found


class Documents(Protocol):
    """The documents that are open."""

    edits: Edits
    visits: Edits

    def snapshots(self) -> list[Snapshot]:
        """The newest version of each."""
        ...


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
    entry: Entry | None
    """None: the library knows it as it is, or it is no file of the workspace."""


@dataclass(slots=True)
class OpenDocuments:
    """The library as it would be if all documents were saved now. May be asked in any thread.

    A version is read when it is first asked for; one that the library knows as it is, never.
    """

    library: FileLibrary
    documents: Documents
    path: Callable[[str], str]
    """From a URI to the path in the library; empty for what is elsewhere."""
    _known: dict[str, _Read] = field(default_factory=dict)

    def in_module(self, path: str) -> list[Symbol]:
        """See Library."""
        entry = self._entry(path)
        return self.library.in_module(path) if entry is None else list(entry.symbols)

    def imports(self, path: str) -> list[Import]:
        """See Library."""
        entry = self._entry(path)
        return self.library.imports(path) if entry is None else list(entry.imports)

    def find_module(self, module: str, from_path: str, language: str) -> list[str]:
        """See Library."""
        return self.library.find_module(module, from_path, language)

    def mentions(self, path: str, name: str) -> bool:
        """See Library."""
        entry = self._entry(path)
        if entry is None:
            return self.library.mentions(path, name)
        return name in entry.references or any(each.name == name for each in entry.symbols)

    def has_member(self, name: str) -> bool:
        """See Library; of what is not saved, the verifier's own outline tells."""
        return self.library.has_member(name)

    def changed(self, document: Snapshot) -> list[Place]:
        """Where documents were changed that may be shown beside this one, the latest first."""
        return self._places(self.documents.edits, document)

    def visited(self, document: Snapshot) -> list[Place]:
        """Where the user was in others that may be shown beside this one, the latest first."""
        places = self._places(self.documents.visits, document)
        return [place for place in places if place.text is not document.text]

    def forget(self) -> None:
        """The library knows other files than before."""
        self._known = {}

    def _places(self, edits: Edits, document: Snapshot) -> list[Place]:
        texts = {each.uri: each.text for each in self.documents.snapshots()}
        texts[document.uri] = document.text
        places = [
            Place(self.path(edit.uri), texts[edit.uri], edit.row)
            for edit in reversed(edits.places)
            if edit.uri in texts
        ]
        return [
            place
            for place in places
            if place.text is document.text or self._read(place.path, place.text).may_be_shown
        ]

    def _entry(self, path: str) -> Entry | None:
        for document in self.documents.snapshots():
            if self.path(document.uri) == path:
                return self._read(path, document.text).entry
        self._known.pop(path, None)
        return None

    def _read(self, path: str, text: Text) -> _Read:
        read = self._known  # what is read now does not count after `forget`
        known = read.get(path)
        if known is None or known.text is not text:
            known = read[path] = self._read_anew(path, text)
        return known

    def _read_anew(self, path: str, text: Text) -> _Read:
        """Read a document as the index would: what is secret or generated says nothing."""
        data = encode(str(text))
        known = self.library.digest(path)
        if known is None:
            return _Read(text, may_be_shown=False, entry=None)
        if known == digest(data):
            is_fit = not is_unreadable_code(data) and not holds_secret(str(text))
            return _Read(text, is_fit, entry=None)
        entry = extract(Found(path, 0, len(data)), data)
        return _Read(text, bool(entry.language), entry)
