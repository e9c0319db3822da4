"""Which of a user's files are sent to no other machine, whatever is asked about them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from lsp_server.workspace.ignore import IGNORE_FILES, is_ignored, is_secret_name
from lsp_server.workspace.secrets import holds_secret


def private(root: Path | None, path: Path | None, text: str) -> str:
    """Why a file must not be sent away, as the end of a sentence; empty if it may be.

    `root`: the workspace's, resolved; None if there is none. `path`: where the file is, None if it
    is no file. Elsewhere the rules of the file's git repository hold, or those of the folders that
    it is in. Reads ignore files.
    """
    if path is not None and (is_secret_name(path.name) or is_secret_name(path.resolve().name)):
        return "its name says that it holds credentials"
    if holds_secret(text):
        return "a credential stands in it"
    for place in (path, path.resolve()) if path is not None else ():
        top = root if root is not None and place.is_relative_to(root) else _outermost(place)
        if top is not None:
            relative = place.relative_to(top).as_posix()
            if is_ignored(top, relative, usual=False):
                return "the workspace's ignore files leave it out"
    return ""


def _outermost(path: Path) -> Path | None:
    """The folder whose rules hold for a file: a repository, else one below the user's home."""
    ruled, home = None, _home()
    for folder in path.parents:
        if (folder / ".git").exists():
            return folder
        if folder == home:
            break
        if any((folder / name).exists() for name in IGNORE_FILES):
            ruled = folder
    return ruled


def _home() -> Path | None:
    with suppress(RuntimeError):  # there is none
        return Path.home()
    return None
