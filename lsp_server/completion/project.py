"""The workspace around the documents: which file a document is, and what other files tell of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from lsp_server.completion.context import Piece, needed
from lsp_server.completion.resolve import Library
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.core.uris import path_of


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, and what is known of the files in it."""

    root: Path
    library: Library

    def path(self, uri: str) -> str:
        """A document's path in the folder, with `/`; empty if it lies elsewhere."""
        path = path_of(uri)
        try:
            return path.relative_to(self.root).as_posix() if path else ""
        except ValueError:
            return ""

    async def needed(self, snapshot: Snapshot, cursor: Point) -> list[Piece]:
        """What of other files belongs to a cursor; looked for in a thread."""
        path = self.path(snapshot.uri)
        if not path:
            return []
        return await asyncio.to_thread(needed, snapshot, cursor, path, self.library)
