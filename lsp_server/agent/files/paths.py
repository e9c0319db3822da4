"""A workspace, and its folders opened so that no link leads out of it.

Checking a path and then opening it is two steps, and between them a program can put a link in its
place. So nothing is checked by its path: each folder on the way is opened from the one above it,
and the kernel refuses links (`O_NOFOLLOW`). What is done then is done relative to the folder that
was opened, wherever its name points meanwhile.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lsp_server.agent.files.names import folded, parts_of
from lsp_server.errors import PathRefused, UsageError


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder that is open, and a name in it."""

    folder: int
    """Its descriptor; valid while the context lasts."""
    name: str


class NotAFolder(PathRefused):
    """Something else is where a folder would have to be on the way."""


class IsAFolder(PathRefused):
    """A folder is where a file would have to be."""


class Workspace:
    """The folder that the agent works in."""

    def __init__(self, root: Path) -> None:
        """Raises UsageError if it is no folder, and where the system can't hold the agent in it."""
        check_system()
        try:
            self.root = root.resolve(strict=True)
            self._identity = _identity(self.root.stat())
        except OSError as error:
            raise UsageError(f"{root} can't be opened; name a folder that exists.") from error
        if not self.root.is_dir():
            raise UsageError(f"{self.root} is no folder; name one.")
        try:
            str(self.root).encode()
        except UnicodeEncodeError as error:  # what is remembered of it could not be kept
            raise UsageError("The folder's name is not in UTF-8; rename it.") from error

    def relative(self, path: str) -> str:
        """The path from the root, with `/`; empty for the root. Raises PathRefused.

        It is judged by its text; whether links are on the way is found out when it is opened.
        """
        return "/".join(parts_of(self.root, path))

    def resolve(self, path: str) -> Path:
        """Where a file or folder is or would be. Raises PathRefused.

        For showing and comparing: by the time it is opened, links may be on the way.
        """
        relative = self.relative(path)
        if not relative:
            return self.root
        try:
            with self.opened(relative) as place:
                status = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
        except FileNotFoundError:
            return self.root / relative
        if stat.S_ISLNK(status.st_mode):
            raise is_a_link(relative)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise _is_special(relative)
        return self.root / relative

    @contextmanager
    def opened(self, path: str, *, make: bool = False) -> Iterator[Opened]:
        """Open the folder that a path is in; `make`: with folders that are missing.

        Raises PathRefused, FileNotFoundError if a folder is missing, and other OSErrors.
        """
        *folders, name = parts_of(self.root, path) or ("",)
        if not name:
            raise PathRefused("That is the workspace itself; name something in it.")
        here = os.open(self.root, _folder_flags())
        try:
            if _identity(os.fstat(here)) != self._identity:
                raise PathRefused("The workspace's folder was replaced; open it again.")
            for number, folder in enumerate(folders):
                way = "/".join(folders[: number + 1])
                if make:
                    _make(here, folder)
                inner = _enter(here, folder, way)
                os.close(here)
                here = inner
            yield Opened(here, name)
        finally:
            os.close(here)


def open_file(place: Opened, path: str) -> int:
    """Open a regular file for reading; the caller closes it. Raises PathRefused and OSErrors."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        file = os.open(place.name, flags, dir_fd=place.folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise is_a_link(path) from error
        if error.errno in (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP):
            raise _is_special(path) from error
        raise
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode):
        return file
    os.close(file)
    if stat.S_ISDIR(mode):
        raise IsAFolder(f"{path} is a folder; name a file in it.")
    raise _is_special(path)


def has_twin(folder: int, name: str) -> bool:
    """Whether a folder has another name that some file systems take for this one."""
    plain = folded(name)
    return any(other != name and folded(other) == plain for other in os.listdir(folder))


def folders_above(path: str) -> list[str]:
    """The folders that a relative path is in, the outermost first."""
    names = path.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names))]


def check_system() -> None:
    """Raise UsageError where folders can't be opened one from the other, as on Windows."""
    if os.open not in os.supports_dir_fd:
        raise UsageError(
            "Chats need Linux or macOS: this system can't keep the agent in its folder. On Windows "
            "use WSL; completion works without."
        )


def _folder_flags() -> int:
    return os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def _make(here: int, folder: str) -> None:
    """Make a folder, unless there is something of that name."""
    try:
        os.stat(folder, dir_fd=here, follow_symlinks=False)
    except FileNotFoundError:
        if has_twin(here, folder):
            raise PathRefused("A folder of this name is there in another spelling.") from None
        os.mkdir(folder, dir_fd=here)


def _enter(here: int, folder: str, way: str) -> int:
    try:
        return os.open(folder, _folder_flags(), dir_fd=here)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise
        raise NotAFolder(f"{way} is a link or no folder; name a file in a real one.") from error


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def is_a_link(path: str) -> PathRefused:
    """The error for a link where a file is wanted."""
    return PathRefused(f"{path} is a link; name the file that it leads to, if it is in here.")


def _is_special(path: str) -> PathRefused:
    return PathRefused(f"{path} is no regular file; only those are read and written.")
