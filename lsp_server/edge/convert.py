"""Between the protocol's types and ours."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.completion.suggest import Suggestion
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding, Point
from lsp_server.edge import messages


def encoding(kind: str | None) -> Encoding:
    """The position encoding that was agreed on with the client; UTF-16 where none was."""
    return Encoding.UTF16 if kind is None else Encoding(kind)


def point(snapshot: Snapshot, position: types.Position, units: Encoding) -> Point:
    """Where a position of the client's lies; one that is out of bounds is clamped."""
    return snapshot.text.point(position.line, position.character, units)


def position(snapshot: Snapshot, where: Point, units: Encoding) -> types.Position:
    """A point in the client's units."""
    return types.Position(where.row, snapshot.text.character(where, units))


def inline_completion(
    snapshot: Snapshot, suggestion: Suggestion, units: Encoding
) -> types.InlineCompletionItem:
    """An item with an explicit range on one line, so that any client can apply it.

    Its command tells that it was accepted; a client runs it then.
    """
    return types.InlineCompletionItem(
        insert_text=suggestion.text,
        range=types.Range(
            start=position(snapshot, suggestion.start, units),
            end=position(snapshot, suggestion.end, units),
        ),
        command=types.Command(
            "Suggestion accepted", messages.DID_ACCEPT, arguments=[suggestion.identity]
        ),
    )
