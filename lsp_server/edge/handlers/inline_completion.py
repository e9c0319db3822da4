"""`textDocument/inlineCompletion`."""

from __future__ import annotations

from lsprotocol import types

from lsp_server.core.snapshot import Snapshot
from lsp_server.edge import convert
from lsp_server.edge.server import FimbleServer
from lsp_server.edge.session import Session
from lsp_server.errors import EngineError, ModelError, UsageError

EMPTY = types.InlineCompletionList(items=[])


async def inline_completion(
    server: FimbleServer, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    """Suggest what belongs at the cursor; nothing if the document has changed meanwhile."""
    session = server.session
    snapshot = session.documents.get(params.text_document.uri)
    cursor = convert.point(snapshot, params.position, session.encoding)
    session.documents.visit(snapshot.uri, cursor.row)
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    try:
        completer = session.completer()
        suggestion = await completer.suggest(snapshot, cursor, invoked=invoked)
        others = await completer.others(snapshot, suggestion) if invoked and suggestion else []
    except (EngineError, ModelError):
        if invoked:
            raise
        return EMPTY  # the status says why; an error for each key would not help
    if suggestion is None or not _is_newest(session, snapshot):
        return EMPTY
    session.feedback.answered(suggestion.identity)
    return types.InlineCompletionList(
        items=[
            convert.inline_completion(snapshot, each, session.encoding)
            for each in (suggestion, *others)
        ]
    )


def _is_newest(session: Session, snapshot: Snapshot) -> bool:
    """Whether the document still has this text. Versions don't tell: reopened, it counts anew."""
    try:
        return session.documents.get(snapshot.uri).text is snapshot.text
    except UsageError:  # closed meanwhile
        return False
