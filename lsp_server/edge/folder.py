"""The client's folder: its index, kept up to date while the server runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Literal

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from lsp_server.completion.project import Project
from lsp_server.core.syntax import known_extensions
from lsp_server.core.uris import path_of
from lsp_server.edge.documents import Documents
from lsp_server.engines.base import EngineStatus, StatusListener
from lsp_server.workspace.ignore import EXCLUDE, IGNORE_FILES, is_ignore_file
from lsp_server.workspace.index import Index
from lsp_server.workspace.indexer import Indexer

WATCH_ID = "fimble-files"
MANY = 50
"""Changed files from which on all are looked through."""
WORTH_SHOWING = 100
"""Fewer files are read in less than a second."""


def root_of(params: types.InitializeParams) -> Path | None:
    """The folder that the client works in, the first if there are several.

    None if it has none that is worth an index: a home, or what is around it, is no project.
    """
    folders = params.workspace_folders or []
    path = path_of((folders[0].uri if folders else params.root_uri) or "")
    try:
        root = path.resolve() if path is not None else None
        if root is None or not root.is_dir() or root == Path(root.anchor):
            return None
        return None if Path.home().resolve().is_relative_to(root) else root
    except (OSError, RuntimeError, ValueError):  # it can't be read, or there is no home
        return None


class Folder:
    """One folder. `on_status` hears how far reading it has come.

    `spawn` runs something in the background; it is told to do nothing more once that ends.
    """

    def __init__(
        self,
        root: Path,
        on_status: StatusListener,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        documents: Documents,
    ) -> None:
        self._on_status = on_status
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.index = Index(root, on_reset=self._begin_anew)
        self.indexer = Indexer(root, self._show)
        self._is_current = False
        self._scans = 0
        self.project = Project.of(root, self.index, lambda: self._is_current, documents)

    async def scan(self) -> None:
        """Make the index agree with the files."""
        done = await self._scan()
        message = "The workspace is indexed." if done else "The workspace could not be indexed."
        self._on_status(EngineStatus("ready", message))

    async def changed(self, uris: Sequence[str]) -> list[str] | None:
        """Files were saved, made or deleted: read them again, and return their paths.

        None: any file may have changed, or may no longer be shown. Where ignore files are among
        them, nothing is told of any file until those that are left out now are out of the index.
        """
        paths = [path for uri in uris if (path := self.project.path(uri))]
        hides = any(is_ignore_file(uri) for uri in uris)  # those above the folder hold in it too
        if hides:
            self._is_current = False
        if hides or len(paths) > MANY:
            await self._scan()
            return None
        for path in paths:
            await self.indexer.changed(path)
        return paths

    async def _scan(self) -> bool:
        self._scans += 1
        number = self._scans
        done = await self.indexer.scan()
        if number == self._scans:  # else another was asked for since, which knows better
            self._is_current = done
            self.project.forget_opened()
        return done

    async def close(self) -> None:
        """End the indexer."""
        self._closed = True
        await self.indexer.close()
        self.index.close()

    def _show(self, done: int, total: int) -> None:
        if total < WORTH_SHOWING:
            return
        message = f"Indexing the workspace: {done:,} of {total:,} files."
        state: Literal["loading", "ready"] = "loading" if done < total else "ready"
        self._on_status(EngineStatus(state, message, done / total))

    def _begin_anew(self) -> None:
        """The index was damaged or deleted, and is empty now. Called in any thread."""

        def scan() -> None:
            if not self._closed:
                self._spawn(self.scan())

        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(scan)


async def watch(server: LanguageServer) -> None:
    """Ask the client to tell of files that change on disk, if it can."""
    workspace = server.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    if watched is None or not watched.dynamic_registration:
        return
    patterns = (
        f"**/*.{{{','.join(sorted(known_extensions()))}}}",
        f"**/{{{','.join(IGNORE_FILES)}}}",
        f"**/{EXCLUDE}",
    )
    options = types.DidChangeWatchedFilesRegistrationOptions(
        [types.FileSystemWatcher(pattern) for pattern in patterns]
    )
    registration = types.Registration(WATCH_ID, types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
    params = types.RegistrationParams([registration])
    request = asyncio.ensure_future(server.client_register_capability_async(params))
    request.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
    with contextlib.suppress(JsonRpcException):  # then saved files alone are heard of
        await asyncio.shield(request)
