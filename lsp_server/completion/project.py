"""The workspace around the documents: which file a document is, and what other files tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    """Resolved."""
    library: Library
    is_current: Callable[[], bool] = lambda: True
    """Whether the library agrees with the files; before that, it is not asked."""

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

    async def needed(self, snapshot: Snapshot, cursor: Point) -> list[Piece]:
        """What of other files belongs to a cursor; looked for in a thread."""
        path = self.path(snapshot.uri)
        if not path or not self.is_current():
            return []
        return await asyncio.to_thread(needed, snapshot, cursor, path, self.library)
