"""The client's open documents for the agent: read as they are, edited with `workspace/applyEdit`.

An edit is for the version that was read; a client refuses it where the document has moved on. It
replaces the lines that differ and no others, so that cursors and marks elsewhere stay. Some say
that an edit was made where they have left it out, and some tell late of what they have made: what
counts is what the document says then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server.completion.project import path_in
from lsp_server.core.hunks import Hunk, hunks
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding, Point, Text
from lsp_server.edge import convert
from lsp_server.edge.diagnostics import Diagnostics
from lsp_server.edge.documents import Documents

if TYPE_CHECKING:
    from lsp_server.agent.desk import Change

ANNOTATION = "fimble"
FOLLOW_SECONDS = 2.0
"""How long a client may take to tell of an edit that it has made."""
_POLL_SECONDS = 0.01

Apply = Callable[[types.ApplyWorkspaceEditParams], Awaitable[types.ApplyWorkspaceEditResult]]


class EditorBuffers:
    """`agent.desk.Buffers` over the server's documents."""

    def __init__(
        self,
        root: Path,
        documents: Documents,
        diagnostics: Diagnostics,
        apply: Apply,
        *,
        units: Encoding,
        annotated: bool,
    ) -> None:
        """`annotated`: the client shows whose edit it is."""
        self._root = root
        self._documents = documents
        self._diagnostics = diagnostics
        self._apply = apply
        self._units = units
        self._annotated = annotated

    async def text(self, path: str) -> str | None:
        """What an open document says."""
        snapshot = self._find(path)
        return None if snapshot is None else str(snapshot.text)

    async def apply(self, changes: Sequence[Change]) -> bool:
        """Have the client make all changes, or none."""
        edits = []
        for change in changes:
            snapshot = self._find(change.path)
            if snapshot is None or str(snapshot.text) != change.file.text:
                return False
            edits.append((snapshot, change))
        for snapshot, _ in edits:
            self._diagnostics.expect(snapshot.uri)
        try:
            answer = await self._apply(self._params(edits))
        except JsonRpcException:  # it can't
            return False
        return answer.applied and await self._have_followed(changes)

    async def problems(self, path: str) -> list[str] | None:
        """What the client says is wrong with an open document."""
        snapshot = self._find(path)
        return None if snapshot is None else await self._diagnostics.of(snapshot.uri)

    async def _have_followed(self, changes: Sequence[Change]) -> bool:
        """Whether the documents come to say what was wanted."""
        try:
            async with asyncio.timeout(FOLLOW_SECONDS):
                while not all(map(self._says, changes)):  # noqa: ASYNC110 - no news of documents
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    def _says(self, change: Change) -> bool:
        snapshot = self._find(change.path)
        return snapshot is not None and same(str(snapshot.text), change.text)

    def _find(self, path: str) -> Snapshot | None:
        return open_at(self._documents, self._root, path)

    def _params(self, edits: Sequence[tuple[Snapshot, Change]]) -> types.ApplyWorkspaceEditParams:
        annotation = types.ChangeAnnotation("Fimble", needs_confirmation=False)  # he was asked
        edit = types.WorkspaceEdit(
            document_changes=[
                convert.document_edit(
                    snapshot.uri,
                    snapshot.version,
                    text_edits(snapshot, change.text, self._units),
                    ANNOTATION if self._annotated else "",
                )
                for snapshot, change in edits
            ],
            change_annotations={ANNOTATION: annotation} if self._annotated else None,
        )
        return types.ApplyWorkspaceEditParams(edit, label="Fimble")


def open_at(documents: Documents, root: Path, path: str) -> Snapshot | None:
    """The open document that lies at a path of a resolved folder."""
    for snapshot in documents.snapshots():
        if path_in(root, snapshot.uri) == path:
            return snapshot
    return None


def same(one: str, other: str) -> bool:
    """Whether texts differ in nothing but their line ends, which a client has its own way with."""
    return one.replace("\r\n", "\n") == other.replace("\r\n", "\n")


def text_edits(snapshot: Snapshot, new: str, units: Encoding) -> list[types.TextEdit]:
    """The edits of whole lines that make a text another one."""
    before, after = snapshot.text, Text.of(new)
    found = hunks(before.lines, after.lines)
    if found is None:  # too much of it differs
        found = [Hunk(0, len(before.lines), after.lines)]
    return [_text_edit(snapshot, hunk, units) for hunk in found]


def _text_edit(snapshot: Snapshot, hunk: Hunk[str], units: Encoding) -> types.TextEdit:
    text = snapshot.text
    start, end = Point(hunk.start, 0), Point(hunk.end, 0)
    if hunk.end == len(text.lines):
        end = text.end
    place = types.Range(
        convert.position(snapshot, start, units), convert.position(snapshot, end, units)
    )
    return types.TextEdit(place, "".join(hunk.new))
