"""What of a user's files actions send to no other machine."""

from __future__ import annotations

from pathlib import Path

from lsp_server.workspace.ignore import is_ignored, is_secret_name
from lsp_server.workspace.secrets import holds_secret


def private(root: Path | None, path: Path | None, text: str) -> str:
    """Why a file must not be sent away, as the end of a sentence; empty if it may be.

    `root`: the workspace's, resolved; `path`: where the file is, None if it is no file. Reads
    ignore files.
    """
    if path is not None and (is_secret_name(path.name) or is_secret_name(path.resolve().name)):
        return "its name says that it holds credentials"
    if holds_secret(text):
        return "a credential stands in it"
    for place in (path, path.resolve()) if path is not None else ():
        if root is not None and place.is_relative_to(root):
            relative = place.relative_to(root).as_posix()
            if is_ignored(root, relative, usual=False):
                return "the workspace's ignore files leave it out"
    return ""
