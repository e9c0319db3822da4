"""Folders that are made anew in the sandbox, so that new files are seen among what is in them.

On the disk nothing may be made, so a mount point needs a folder that is the sandbox's own. What the
real one has is mounted into it by open descriptors and not by name: a name could be another thing
by the time that bubblewrap looks, a link to what it hides.

Invariant: no command gets such a descriptor, for it leads out of the sandbox. Bubblewrap's own
processes close all that they have inherited, and the shell that starts the command closes these.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from lsp_server.errors import UsageError

MAX_ENTRIES = 500
"""Of such a folder; each takes a descriptor."""
_SIZE = str(1 << 20)


@dataclass(frozen=True, slots=True)
class Room:
    """Such a folder, as it was when it was opened."""

    path: Path
    entries: Mapping[str, int]
    """Its files and folders: descriptors, which bubblewrap must inherit, and a command must not."""
    links: Mapping[str, str]
    """Its symbolic links, and what they say."""

    def arguments(self) -> Iterator[str]:
        """What makes it in bubblewrap. It can be written to, for what is put in between."""
        yield from ("--size", _SIZE, "--tmpfs", str(self.path))
        for name, descriptor in self.entries.items():
            yield from ("--ro-bind", f"/proc/self/fd/{descriptor}", str(self.path / name))
        for name, target in self.links.items():
            yield from ("--symlink", target, str(self.path / name))


def folder_for(path: Path) -> Path:
    """The folder that a new file needs room in: the nearest one that exists."""
    return next(folder for folder in path.parents if folder.is_dir())


def has_room(path: Path) -> bool:
    """Whether a new file can be shown. Waits for the disk."""
    with os.scandir(folder_for(path)) as entries:
        return sum(1 for _ in entries) <= MAX_ENTRIES


def open_rooms(workspace: Path, new: Iterable[Path], stack: ExitStack) -> list[Room]:
    """Room for new files of a resolved workspace, while the stack lasts. Raises UsageError."""
    folders = sorted({folder_for(path) for path in new})
    return [_opened(workspace, folder, stack) for folder in folders]


def _opened(workspace: Path, folder: Path, stack: ExitStack) -> Room:
    entries, links = dict[str, int](), dict[str, str]()
    flags = os.O_PATH | os.O_NOFOLLOW
    try:
        descriptor = _kept(os.open(workspace, flags | os.O_DIRECTORY), stack)
        for part in folder.relative_to(workspace).parts:
            descriptor = _kept(os.open(part, flags | os.O_DIRECTORY, dir_fd=descriptor), stack)
        with os.scandir(f"/proc/self/fd/{descriptor}") as found:
            names = sorted(each.name for each in found)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder.name} can't be looked into any more; try again.") from error
    if len(names) > MAX_ENTRIES:
        raise UsageError(f"{folder.name} has too many entries to show a new file among them.")
    for name in names:
        with suppress(OSError):  # it has gone
            opened = _kept(os.open(name, flags, dir_fd=descriptor), stack)
            mode = os.fstat(opened).st_mode
            if stat.S_ISLNK(mode):
                links[name] = os.readlink("", dir_fd=opened)
            elif stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                entries[name] = opened
    return Room(folder, entries, links)


def _kept(descriptor: int, stack: ExitStack) -> int:
    stack.callback(os.close, descriptor)
    return descriptor
