"""Which of a user's files are sent to no other machine, whatever is asked about them."""

from __future__ import annotations

from pathlib import Path

from lsp_server.workspace.ignore import is_ignored, is_secret_name
from lsp_server.workspace.secrets import holds_secret


def private(root: Path | None, path: Path | None, text: str) -> str:
    """Why a file must not be sent away, as the end of a sentence; empty if it may be.

    `root`: the workspace's, resolved; None: that of the git repository that the file is in. `path`:
    where the file is, None if it is no file. Reads ignore files.
    """
    if path is not None and (is_secret_name(path.name) or is_secret_name(path.resolve().name)):
        return "its name says that it holds credentials"
    if holds_secret(text):
        return "a credential stands in it"
    for place in (path, path.resolve()) if path is not None else ():
        top = root if root is not None and place.is_relative_to(root) else _repository(place)
        if top is not None:
            relative = place.relative_to(top).as_posix()
            if is_ignored(top, relative, usual=False):
                return "the workspace's ignore files leave it out"
    return ""


def _repository(path: Path) -> Path | None:
    return next((folder for folder in path.parents if (folder / ".git").exists()), None)
