"""A file as it is: its bytes and its mode, or the place that a link names."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field

from lsp_server.agent.files.paths import Opened, Workspace, open_file
from lsp_server.errors import PathRefused

MAX_BYTES = 10_000_000
"""Larger files are neither edited nor kept for undoing."""
ABSENT = ""


@dataclass(frozen=True, slots=True)
class State:
    """Of a regular file or a symbolic link."""

    data: bytes = field(repr=False)
    """Of a link, the path that it names."""
    mode: int
    """As in `st_mode`, with the kind of file."""

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def digest(self) -> str:
        """What tells contents apart; a link is never the same as a file. Modes don't count."""
        return digest_of(self.data, is_link=self.is_link)


def digest_of(data: bytes, *, is_link: bool = False) -> str:
    """The digest of a file's bytes."""
    return ("l" if is_link else "f") + hashlib.blake2b(data, digest_size=16).hexdigest()


def digest(state: State | None) -> str:
    """The digest of what is there, or ABSENT."""
    return ABSENT if state is None else state.digest


def look(workspace: Workspace, path: str) -> State | None:
    """What is at a path, a link itself and not what it leads to; None if there is nothing.

    Raises PathRefused for folders, devices, pipes, what is too large and what can't be read.
    """
    try:
        with workspace.opened(path) as place:
            return look_at(place, path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PathRefused(f"{path} can't be read ({error.strerror}).") from error


def look_at(place: Opened, path: str) -> State | None:
    """The same for a name in an open folder."""
    try:
        status = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(place.name, dir_fd=place.folder)
            return State(os.fsencode(target), status.st_mode)
        file = open_file(place, path)
    except FileNotFoundError:
        return None
    with os.fdopen(file, "rb") as opened:
        data = opened.read(MAX_BYTES + 1)
        mode = os.fstat(opened.fileno()).st_mode
    if len(data) > MAX_BYTES:
        raise PathRefused(f"{path} is larger than 10 MB; it is not edited.")
    return State(data, mode)
