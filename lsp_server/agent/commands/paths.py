"""Which files the words of a command name, and whether they are ones that may be read unasked."""

from __future__ import annotations

import glob
import os
import unicodedata
from itertools import islice
from pathlib import Path, PurePosixPath

from lsp_server.workspace.ignore import is_ignored, is_secret_name

MAX_MATCHES = 1_000
_PRIVATE_FOLDERS = frozenset({".git", ".fimble", ".ssh", ".gnupg", ".aws", ".kube", ".docker"})


def expand(pattern: str, folder: Path) -> list[str] | None:
    """What the shell puts in the place of a pattern of `*` and `?`; None if it is too much."""
    names = glob.iglob(pattern, root_dir=folder)  # noqa: PTH207  Path.glob finds hidden files too
    found = list(islice(names, MAX_MATCHES + 1))
    if len(found) > MAX_MATCHES:
        return None
    return found or [pattern]


def why_not_read(word: str, folder: Path, workspace: Path) -> str | None:
    """Why a word, as a path seen from `folder`, may not be read unasked; None if it may.

    `workspace` must be resolved. Links are followed as they are now.
    """
    if word == "/dev/null":
        return None
    try:
        path = (folder / word).resolve()
        inside = path.relative_to(workspace)
        special = path.exists() and not (path.is_file() or path.is_dir())
    except ValueError:
        return "It reads outside of the workspace."
    except (OSError, RuntimeError):  # a name that is too long, links in a loop
        return "It names a path that can't be followed."
    if special:
        return "It reads from something that is no file."
    if any(_is_private(name) for name in (*inside.parts, *PurePosixPath(word).parts)):
        return "It reads a file that may hold secrets."
    if path.is_file() and is_ignored(workspace, inside.as_posix(), usual=False):
        return "It reads a file that the ignore files leave out."
    return None


def is_under(path: str | os.PathLike[str], folder: Path) -> bool:
    """Whether a path, its links followed, lies in a folder, which must be resolved."""
    return Path(path).resolve().is_relative_to(folder)


def _is_private(name: str) -> bool:
    name = unicodedata.normalize("NFKC", name).casefold().rstrip(". ")
    return name in _PRIVATE_FOLDERS or is_secret_name(name)
