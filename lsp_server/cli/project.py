"""A folder with its index, for commands that run without a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsp_server.completion.project import Project
from lsp_server.core.uris import path_of
from lsp_server.workspace.index import Index
from lsp_server.workspace.indexer import Indexer, Progress


def repository(uri: str) -> Path | None:
    """The folder of the git repository that a file is in."""
    path = path_of(uri)
    folders = path.parents if path else ()
    return next((folder for folder in folders if (folder / ".git").exists()), None)


async def scanned(root: Path, on_progress: Progress | None = None) -> Project | None:
    """The folder's index, the one that servers use too, brought up to date.

    None if that could not be done.
    """
    indexer = Indexer(root, on_progress)
    try:
        done = await indexer.scan()
        return Project(await asyncio.to_thread(root.resolve), Index(root)) if done else None
    finally:
        await indexer.close()
