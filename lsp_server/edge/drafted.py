"""What the agent works out for an action, as an edit of several files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.actions.action import Test
from lsp_server.actions.asking import NotMade
from lsp_server.actions.tested import asked
from lsp_server.agent.events import Event, ToolStarted
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Text
from lsp_server.edge import convert
from lsp_server.edge.buffers import open_at, text_edits
from lsp_server.errors import DocumentChanged, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from lsp_server.agent.desk import Change
    from lsp_server.edge.server import FimbleServer


async def drafted_edit(
    server: FimbleServer, test: Test, report: Callable[[str], None]
) -> types.WorkspaceEdit:
    """Have tests written, or pass. Raises NotMade, and FimbleError.

    `report` shows what is done.
    """

    def show(event: Event) -> None:
        if isinstance(event, ToolStarted):
            report(event.title)

    room = await server.chat.room()
    drafted = await room.draft(test.does, test.subject, asked(test), show)
    if not drafted.changes:
        raise NotMade(drafted.said or "Nothing was changed.")
    return await asyncio.to_thread(_edit, server, drafted.changes)


def _edit(server: FimbleServer, changes: Sequence[Change]) -> types.WorkspaceEdit:
    asks = server.annotates_edits
    return types.WorkspaceEdit(
        document_changes=[part for each in changes for part in _parts(server, each, asks=asks)],
        change_annotations=convert.MODEL_ANNOTATION if asks else None,
    )


def _parts(
    server: FimbleServer, change: Change, *, asks: bool
) -> Iterator[types.CreateFile | types.TextDocumentEdit]:
    """What makes one file: for the version that was read, if it is open."""
    session, annotation = server.session, convert.BY_MODEL if asks else ""
    assert session.root is not None
    snapshot = open_at(session.documents, session.root, change.path)
    if not is_as_read(change, session.root / change.path, snapshot):
        raise DocumentChanged(f"{change.path} has changed meanwhile; ask for the actions again.")
    uri, version = (session.root / change.path).as_uri(), None
    if snapshot is not None:
        uri, version = snapshot.uri, snapshot.version
    else:
        snapshot = Snapshot(uri, 0, "", Text.of(change.file.text))
    if change.is_new:
        if not _can_create(server):
            raise UsageError(f"This editor lets no server make {change.path}; make it by hand.")
        yield types.CreateFile(uri, annotation_id=annotation or None)
    edits = text_edits(snapshot, change.text, session.encoding)
    yield convert.document_edit(uri, version, edits, annotation)


def is_as_read(change: Change, path: Path, snapshot: Snapshot | None) -> bool:
    """Whether a file still says what the change was worked out on. Waits for the disk."""
    if snapshot is not None:
        return not change.is_new and str(snapshot.text) == change.file.text
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return change.is_new
    except OSError:
        return False
    document = change.file.document
    return not change.is_new and document is not None and data == document.state.data


def _can_create(server: FimbleServer) -> bool:
    workspace = server.client_capabilities.workspace
    able = workspace.workspace_edit if workspace else None
    kinds = able.resource_operations if able else None
    return types.ResourceOperationKind.Create in (kinds or ())
