"""The workspace around the documents: which file a document is, and what other files tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from lsp_server.completion.changed import Place, changed
from lsp_server.completion.context import needed
from lsp_server.completion.edits import Edited, Edits
from lsp_server.completion.opened import FileLibrary, OpenDocuments
from lsp_server.completion.pieces import Piece
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.core.uris import path_of


class Documents(Protocol):
    """The documents that are open."""

    edits: Edits

    def snapshots(self) -> list[Snapshot]:
        """The newest version of each."""
        ...


class Project:
    """A folder, and what is known of the files in it."""

    def __init__(
        self,
        root: Path,
        library: FileLibrary,
        is_current: Callable[[], bool] = lambda: True,
        documents: Documents | None = None,
    ) -> None:
        """`root` is resolved. While the library does not agree with the files it is not asked.

        Of `documents` that are open, what they say now counts.
        """
        self.root = root
        self._is_current = is_current
        self._documents = documents
        self._open = OpenDocuments(library)

    def path(self, uri: str) -> str:
        """A document's path in the folder, with `/`; empty if it lies elsewhere."""
        path = path_of(uri)
        if path is None:
            return ""
        try:
            if ".." in path.parts or not path.is_relative_to(
                self.root
            ):  # a link, or another spelling
                path = path.resolve()
            return path.relative_to(self.root).as_posix()
        except (OSError, ValueError, RuntimeError):
            return ""

    async def needed(
        self, snapshot: Snapshot, cursor: Point, visible: range = range(0)
    ) -> list[Piece]:
        """What belongs to a cursor beside the rows of its file that are `visible`.

        It is looked for in a thread.
        """
        path = self.path(snapshot.uri)
        if not path or not self._is_current():
            return []
        documents = self._documents.snapshots() if self._documents else []
        edits = self._documents.edits.places if self._documents else ()

        def look() -> list[Piece]:
            return self._look(snapshot, cursor, path, visible, documents, edits)

        return await asyncio.to_thread(look)

    def _look(
        self,
        snapshot: Snapshot,
        cursor: Point,
        path: str,
        visible: range,
        documents: Sequence[Snapshot],
        edits: Sequence[Edited],
    ) -> list[Piece]:
        by_path = {self.path(each.uri): each for each in documents}
        library = self._open.over(by_path)
        pieces = needed(snapshot, cursor, path, library, visible)
        texts = {self.path(each.uri): each.text for each in documents} | {path: snapshot.text}
        places = [(self.path(each.uri), each.row) for each in reversed(edits)]
        fit = [
            Place(place, texts[place], row)
            for place, row in places
            if place == path or (place in texts and self._open.may_be_shown(place, texts[place]))
        ]
        pieces += changed(fit, snapshot, cursor, visible)
        return sorted(pieces, key=lambda piece: (-piece.weight, piece.path))
