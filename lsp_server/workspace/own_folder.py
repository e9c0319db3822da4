"""A folder with actions and prompts of the user's own, or of a workspace: which files of it count.

Below it, actions are in `actions/*.md` and prompts in `prompts/*.md.j2`.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from lsp_server.core.prompts import SUFFIX

MAX_BYTES = 20_000
MAX_FILES = 100
"""In one folder; more are not looked at."""
ACTIONS = "actions", ".md"
PROMPTS = "prompts", SUFFIX

Stamp: TypeAlias = tuple[int, int, int]
"""When a file was changed, its size and its mode."""


def files_in(folder: Path, inner: str, suffix: str) -> Iterator[tuple[Path, Stamp]]:
    """The files of a folder in a folder, by name; or the inner folder, if it is a link."""
    place = folder / inner
    try:
        if place.is_symlink():  # it leads to who knows where
            yield place, _stamp(place)
            return
        with os.scandir(place) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(suffix)]
        for name in sorted(names)[:MAX_FILES]:
            yield place / name, _stamp(place / name)
    except OSError:  # there is none, or no more
        return


def data_of(path: Path) -> bytes:
    """What a regular file holds, but no more than a byte above MAX_BYTES. Raises OSError."""
    with open(path, "rb", opener=_open) as file:
        return file.read(MAX_BYTES + 1)


def digest(folder: Path) -> str:
    """What tells apart what the files say that count; empty if there is no such folder.

    Waits for the disk.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return ""
    except OSError:
        return ""
    known = hashlib.blake2b(digest_size=16)
    for inner, suffix in (ACTIONS, PROMPTS):
        for path, stamp in files_in(folder, inner, suffix):
            try:
                data = data_of(path) if stat.S_ISREG(stamp[2]) else None
            except OSError:
                data = None
            known.update(repr((inner, path.name, data)).encode())
    return known.hexdigest()


def _stamp(path: Path) -> Stamp:
    status = path.lstat()
    return status.st_mtime_ns, status.st_size, status.st_mode


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
