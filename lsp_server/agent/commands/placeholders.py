"""Protected files that don't exist yet: something must be there to mount over.

A mount needs a file or folder under it, in the user's own workspace. So while a command that may
write runs, an empty one stands there, with a time of change that nobody else gives a file. It goes
away with the last command; if the server is killed meanwhile, with the next. Whatever somebody else
puts into it or in its place stays.

Links can't be mounted over. One that was replaced by a command is put back.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lsp_server.agent.commands.protected import FILES, FOLDERS
from lsp_server.agent.files.protected import STAND_IN_NS, is_stand_in


@contextmanager
def placeholders(workspace: Path) -> Iterator[None]:
    """Have something stand for each missing name while the block runs."""
    if not os.access(workspace, os.W_OK):  # neither can the command make them
        yield
        return
    lock = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        _make(workspace)
        links = {path: path.readlink() for path in _paths(workspace) if path.is_symlink()}
        try:
            yield
        finally:
            for path, target in links.items():
                _put_back(path, target)
            with suppress(BlockingIOError):  # another command needs them
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(workspace)
    finally:
        os.close(lock)


def _paths(workspace: Path) -> Iterator[Path]:
    return (workspace / name for name in FOLDERS + FILES)


def _make(workspace: Path) -> None:
    for path in _paths(workspace):
        with suppress(FileExistsError):
            if path.name in FOLDERS:
                path.mkdir(mode=0o755)
            else:
                path.touch(mode=0o644, exist_ok=False)
            os.utime(path, ns=(STAND_IN_NS, STAND_IN_NS))


def _remove(workspace: Path) -> None:
    for path in filter(_is_placeholder, _paths(workspace)):
        with suppress(OSError):  # somebody has just put something into it
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()


def _is_placeholder(path: Path) -> bool:
    try:
        return is_stand_in(path.lstat())
    except OSError:
        return False


def _put_back(path: Path, target: Path) -> None:
    if path.is_symlink() and path.readlink() == target:
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)
