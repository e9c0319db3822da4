"""The server's own store of open documents.

pygls keeps one too, but it takes a form feed or U+2028 for a line end and then edits the wrong
line, so it is not used.

`change` never parses. It keeps the bytes and notes the edits in the tree, once syntax has been
asked for; the next `with_syntax` parses, incrementally, what has been typed since.

Invariant: of one document at most one version is being parsed in a thread, whatever has become of
those who asked for it; then, if it is still asked for, the newest.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lsprotocol.types import (
    TextDocumentContentChangeEvent,
    TextDocumentContentChangePartial,
)

from lsp_server.completion.edits import Edits
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import MAX_PARSED_BYTES, Draft, Syntax, grammar_for
from lsp_server.core.text import Encoding, Text, encode
from lsp_server.errors import UsageError

PARSE_ON_LOOP_BYTES = 4 * 1024
"""A text up to this size is parsed on the event loop: about 1 ms. At worst, with nothing but
brackets or quotes that don't match, it took 42 ms, and 118 for Java that is nothing but `a<b<c`."""
GIVEN_UP_PART = 0.75
"""A text that took too long to parse is tried again when so little of it is left."""


@dataclass(slots=True)
class _Document:
    snapshot: Snapshot
    """The newest version."""
    grammar: str | None
    draft: Draft | None = None
    """The newest version's bytes; None until syntax is asked for, and where it can't be had."""
    parsed: bool = False
    """The snapshot has its syntax, or can't have one."""
    parsing: asyncio.Task[Snapshot] | None = None
    """A parse in a thread, perhaps of an earlier version."""
    given_up: float = math.inf
    """Characters of the text that took too long to parse, if one did."""

    def can_be_parsed(self) -> bool:
        """Whether it is worth trying."""
        size = sum(map(len, self.snapshot.text.lines))
        return self.grammar is not None and size <= min(
            MAX_PARSED_BYTES, GIVEN_UP_PART * self.given_up
        )


class Documents:
    """The open documents by URI. Use it from one thread, the event loop's."""

    def __init__(self) -> None:
        self._documents: dict[str, _Document] = {}
        self.edits = Edits()
        self.visits = Edits()

    def open(self, uri: str, language: str, version: int, text: str) -> None:
        """Start to follow a document; one of that URI that is open already is replaced."""
        snapshot = Snapshot(uri, version, language, Text.of(text))
        self._documents[uri] = _Document(snapshot, grammar_for(language, uri))
        self._forget_places(uri)

    def change(
        self,
        uri: str,
        version: int,
        changes: Iterable[TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) -> None:
        """Apply the changes in their order. A range beyond the text is clamped, one that is
        reversed turned round. Raises UsageError if the document is not open.
        """
        document = self._find(uri)
        text, draft = document.snapshot.text, document.draft
        for change in changes:
            if isinstance(change, TextDocumentContentChangePartial):
                before, (text, draft) = text, _apply(change, text, draft, encoding)
                self._note(uri, change, before, text)
            else:
                text, draft = Text.of(change.text), None
                self._forget_places(uri)
        language = document.snapshot.language
        document.snapshot = Snapshot(uri, version, language, text)
        document.draft = draft if draft and len(draft.data) <= MAX_PARSED_BYTES else None
        document.parsed = False

    def close(self, uri: str) -> None:
        """Forget a document. It need not be open."""
        self._documents.pop(uri, None)
        self._forget_places(uri)

    def visit(self, uri: str, row: int) -> None:
        """The user's cursor is there, in a document that is open."""
        self.visits.note(uri, row, row, 1)

    def snapshots(self) -> list[Snapshot]:
        """The newest version of each document, with its syntax only if that is known already.

        Other threads may ask, so it takes the documents at once.
        """
        return [document.snapshot for document in list(self._documents.values())]

    def get(self, uri: str) -> Snapshot:
        """The newest version, with its syntax only if that is known already. Raises UsageError."""
        return self._find(uri).snapshot

    async def with_syntax(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot, parsed if it can be; as it is if the document has changed or is closed.

        A text that is not small is parsed in a thread. Cancelling the caller leaves it running,
        for who asks next.
        """
        while (document := self._documents.get(snapshot.uri)) is not None:
            newest = document.snapshot
            if newest.text is not snapshot.text:
                break
            if document.parsed or not document.can_be_parsed():
                return newest
            draft = _begin(document)
            if len(draft.data) <= PARSE_ON_LOOP_BYTES:
                return _end(document, newest, draft.parse())
            if document.parsing is None:
                document.parsing = asyncio.create_task(_parse_in_thread(document, draft))
            parsed = await asyncio.shield(document.parsing)
            if parsed.text is snapshot.text:
                return parsed
        return snapshot

    def _note(
        self, uri: str, change: TextDocumentContentChangePartial, before: Text, after: Text
    ) -> None:
        """Take down which rows a change has replaced."""
        ends = change.range.start.line, change.range.end.line
        first, last = (min(max(line, 0), before.end.row) for line in sorted(ends))
        rows = last - first + 1 + len(after.lines) - len(before.lines)
        for places in (self.edits, self.visits):
            places.note(uri, first, last, max(rows, 1))

    def _forget_places(self, uri: str) -> None:
        for places in (self.edits, self.visits):
            places.forget(uri)

    def _find(self, uri: str) -> _Document:
        try:
            return self._documents[uri]
        except KeyError:
            raise UsageError(
                f"{uri} is not open in this server; open it in the editor first."
            ) from None


def _apply(
    change: TextDocumentContentChangePartial, text: Text, draft: Draft | None, encoding: Encoding
) -> tuple[Text, Draft | None]:
    start, end = sorted(
        text.point(position.line, position.character, encoding)
        for position in (change.range.start, change.range.end)
    )
    if draft:
        start_byte = text.byte_offset(start)
        end_byte = start_byte + len(encode(text.slice(start, end)))
        draft = draft.edit(start_byte, end_byte, encode(change.text))
    return text.replace(start, end, change.text), draft


def _begin(document: _Document) -> Draft:
    """What is to be parsed. It stays with the document, for the edits that arrive meanwhile."""
    if document.draft is None:
        assert document.grammar is not None
        document.draft = Draft(document.grammar, encode(str(document.snapshot.text)))
    return document.draft


def _end(document: _Document, snapshot: Snapshot, syntax: Syntax | None) -> Snapshot:
    """Note what came of parsing a version, and return it with its syntax."""
    parsed = replace(snapshot, syntax=syntax)
    if syntax is None:
        document.given_up = sum(map(len, snapshot.text.lines))
    if document.snapshot is snapshot:
        document.snapshot, document.parsed = parsed, True
        document.draft = syntax.draft() if syntax else None
    return parsed


async def _parse_in_thread(document: _Document, draft: Draft) -> Snapshot:
    snapshot = document.snapshot
    try:
        return _end(document, snapshot, await asyncio.to_thread(draft.parse))
    finally:
        document.parsing = None
