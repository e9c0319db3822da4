"""Between the protocol's types and ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsprotocol import types

from lsp_server.actions.action import Action, Change, Diagnostic, Explain, Request, Surroundings
from lsp_server.completion.suggest import Suggestion
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding, Point, encode
from lsp_server.edge import messages
from lsp_server.settings import ActionSettings


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


BY_MODEL = "model"
"""Names the annotation of what a model has written."""
MODEL_ANNOTATION = {BY_MODEL: types.ChangeAnnotation("Written by a model", needs_confirmation=True)}


def request(
    snapshot: Snapshot,
    params: types.CodeActionParams,
    around: Surroundings,
    units: Encoding,
    settings: ActionSettings,
    *,
    has_model: bool,
    can_test: bool,
) -> Request:
    """A selection, and the diagnostics that a client has sent with it."""
    start, end = to_bytes(snapshot, params.range, units)
    return Request(
        snapshot,
        start,
        end,
        tuple(_diagnostic(snapshot, each, units) for each in params.context.diagnostics),
        around,
        has_model,
        can_test,
        settings=settings,
    )


def _diagnostic(snapshot: Snapshot, given: types.Diagnostic, units: Encoding) -> Diagnostic:
    start, end = to_bytes(snapshot, given.range, units)
    return Diagnostic(start, end, str(given.message), given.source or "")


def to_bytes(snapshot: Snapshot, place: types.Range, units: Encoding) -> tuple[int, int]:
    """A range of the client's, in bytes."""
    text = snapshot.text
    start, end = sorted((point(snapshot, place.start, units), point(snapshot, place.end, units)))
    first = text.byte_offset(start)
    return first, first + len(encode(text.slice(start, end)))


def code_action(
    action: Action, number: int, diagnostics: Sequence[types.Diagnostic], units: Encoding
) -> types.CodeAction:
    """An action without its edit, to be asked for by its number; or with a command.

    `diagnostics` are those that came with the request.
    """
    mended = None if action.diagnostic is None else [diagnostics[action.diagnostic]]
    return types.CodeAction(
        title=action.title,
        kind=types.CodeActionKind(action.kind),
        diagnostics=mended,
        is_preferred=action.is_preferred or None,
        data=number,
        command=_command(action, units),
    )


def _command(action: Action, units: Encoding) -> types.Command | None:
    if not isinstance(task := action.task, Explain):
        return None
    snapshot = task.request.snapshot
    where = place(snapshot, task.start, task.end, units)
    argument = {"uri": snapshot.uri, "range": where, "message": task.message}
    if task.instruction:
        argument["instruction"] = task.instruction
    return types.Command(action.title, messages.EXPLAIN, arguments=[argument])


def place(snapshot: Snapshot, start: int, end: int, units: Encoding) -> types.Range:
    """From a byte to another in the client's units."""
    ends = (snapshot.text.at_byte(byte) for byte in (start, end))
    return types.Range(*(position(snapshot, point, units) for point in ends))


def workspace_edit(
    snapshot: Snapshot, change: Change, units: Encoding, *, annotated: bool
) -> types.WorkspaceEdit:
    """A change of one version of a document: a client leaves it out if that is gone.

    `annotated`: the client asks the user first where an annotation says that it should. What
    follows from rules needs none.
    """
    asks = annotated and change.by_model
    edits = [
        types.TextEdit(place(snapshot, each.start, each.end, units), each.new)
        for each in change.edits
    ]
    return types.WorkspaceEdit(
        document_changes=[
            document_edit(snapshot.uri, snapshot.version, edits, BY_MODEL if asks else "")
        ],
        change_annotations=MODEL_ANNOTATION if asks else None,
    )


def document_edit(
    uri: str, version: int | None, edits: Iterable[types.TextEdit], annotation: str = ""
) -> types.TextDocumentEdit:
    """Edits of one document, for a version of it if one is given; annotated if that has a name."""
    return types.TextDocumentEdit(
        types.OptionalVersionedTextDocumentIdentifier(uri, version),
        [
            types.AnnotatedTextEdit(annotation, each.range, each.new_text) if annotation else each
            for each in edits
        ],
    )
