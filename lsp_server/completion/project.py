"""The workspace around the documents: which file a document is, and what other files tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lsp_server.completion.changed import changed
from lsp_server.completion.context import needed
from lsp_server.completion.opened import Documents, FileLibrary, OpenDocuments
from lsp_server.completion.pieces import Piece
from lsp_server.completion.visited import visited
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.core.uris import path_of
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.resolve import Library

REMEMBERED_PATHS = 1024


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, and what is known of the files in it."""

    root: Path
    """Resolved."""
    library: Library
    is_current: Callable[[], bool] = lambda: True
    """Whether the library agrees with the files; before that, it is not asked."""
    opened: OpenDocuments | None = None
    """The library itself, where documents may be open besides the one that is completed."""
    is_waited_for: bool = False
    """What it tells is not given up, however busy the machine is."""

    @classmethod
    def of(
        cls, root: Path, library: FileLibrary, is_current: Callable[[], bool], documents: Documents
    ) -> Project:
        """With documents that are open: what they say now counts."""
        path = lru_cache(REMEMBERED_PATHS)(lambda uri: path_in(root, uri))
        opened = OpenDocuments(library, documents, path)
        return cls(root, opened, is_current, opened)

    def path(self, uri: str) -> str:
        """A document's path in the folder, with `/`; empty if it lies elsewhere."""
        return path_in(self.root, uri)

    async def needed(
        self, snapshot: Snapshot, cursor: Point, visible: range = range(0)
    ) -> list[Piece]:
        """What belongs to a cursor beside the rows of its file that are `visible`.

        It is looked for in a thread.
        """
        path = self.path(snapshot.uri)
        if not path or not self.is_current():
            return []
        pieces = await asyncio.to_thread(self._look, snapshot, cursor, path, visible)
        return pieces if self.is_current() else []

    def forget_opened(self) -> None:
        """The library has been read anew: open documents may be of it now, or be so no more."""
        if self.opened is not None:
            self.opened.forget()

    def _look(self, snapshot: Snapshot, cursor: Point, path: str, visible: range) -> list[Piece]:
        pieces = needed(snapshot, cursor, path, self.library, visible)
        if self.opened is not None:
            pieces += changed(self.opened.changed(snapshot), snapshot, cursor, visible)
            if snapshot.syntax is not None:
                known = Outline.of(snapshot.syntax, path, self.library)
                places = self.opened.visited(snapshot)
                pieces += visited(places, snapshot, cursor, known, pieces)
        return sorted(pieces, key=lambda piece: (-piece.weight, piece.path))


def path_in(root: Path, uri: str) -> str:
    """The path in a resolved folder that a URI means, with `/`; empty if it lies elsewhere."""
    path = path_of(uri)
    if path is None:
        return ""
    try:
        if ".." in path.parts or not path.is_relative_to(root):  # a link, or another spelling
            path = path.resolve()
        return path.relative_to(root).as_posix()
    except (OSError, ValueError, RuntimeError):
        return ""
