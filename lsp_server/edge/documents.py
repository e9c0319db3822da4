"""The server's own store of open documents.

pygls keeps one too, but it takes a form feed or U+2028 for a line end and then edits the wrong
line, so it is not used.

`change` never parses. It keeps the bytes and notes the edits in the tree, once syntax has been
asked for; the next `with_syntax` parses, incrementally, what has been typed since.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lsprotocol.types import (
    TextDocumentContentChangeEvent,
    TextDocumentContentChangePartial,
)

from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import MAX_PARSED_BYTES, Draft, grammar_for
from lsp_server.core.text import Encoding, Text, encode
from lsp_server.errors import UsageError

PARSE_ON_LOOP_BYTES = 32 * 1024
"""A text up to this size is parsed on the event loop: about 5 ms, 20 if it is badly broken."""


@dataclass(slots=True)
class _Document:
    snapshot: Snapshot
    """The newest version."""
    grammar: str | None
    draft: Draft | None = None
    """The newest version's bytes; None until syntax is asked for, and where it can't be had."""
    parsed: bool = False
    """The snapshot has its syntax, or can't have one."""


class Documents:
    """The open documents by URI. Use it from one thread, the event loop's."""

    def __init__(self) -> None:
        self._documents: dict[str, _Document] = {}

    def open(self, uri: str, language: str, version: int, text: str) -> None:
        """Start to follow a document; one of that URI that is open already is replaced."""
        snapshot = Snapshot(uri, version, language, Text.of(text))
        self._documents[uri] = _Document(snapshot, grammar_for(language, uri))

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
                text, draft = _apply(change, text, draft, encoding)
            else:
                text, draft = Text.of(change.text), None
        language = document.snapshot.language
        document.snapshot = Snapshot(uri, version, language, text)
        document.draft = draft if draft and len(draft.data) <= MAX_PARSED_BYTES else None
        document.parsed = False

    def close(self, uri: str) -> None:
        """Forget a document. It need not be open."""
        self._documents.pop(uri, None)

    def get(self, uri: str) -> Snapshot:
        """The newest version, with its syntax only if that is known already. Raises UsageError."""
        return self._find(uri).snapshot

    async def with_syntax(self, uri: str) -> Snapshot:
        """The version that is newest at the call, parsed if it can be. Raises UsageError.

        A large text is parsed in a thread, and may change meanwhile; compare versions.
        """
        document = self._find(uri)
        snapshot = document.snapshot
        if document.parsed or document.grammar is None or _is_large(snapshot.text):
            return snapshot
        draft = document.draft or Draft(document.grammar, encode(str(snapshot.text)))
        document.draft = draft  # edits that arrive during the parse are made to it
        if len(draft.data) <= PARSE_ON_LOOP_BYTES:
            syntax = draft.parse()
        else:
            syntax = await asyncio.to_thread(draft.parse)
        parsed = replace(snapshot, syntax=syntax)
        if document.snapshot is snapshot:
            document.snapshot, document.parsed = parsed, True
            document.draft = syntax.draft() if syntax else None
        return parsed

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


def _is_large(text: Text) -> bool:
    return sum(map(len, text.lines)) > MAX_PARSED_BYTES
