"""Put a file in the place of another: all of it, or nothing.

The new content is written beside the old one, forced to the disk and then given its name, so that
neither a crash nor `kill -9` leaves half of it. It is refused where the file is not what the edit
was worked out on. What remains: whoever writes in the few microseconds between that check, which
is the last thing done, and the change of the name, is overwritten; the kernel has no call that
compares and renames. Owner, access lists and extended attributes are those of a new file.
"""

from __future__ import annotations

import os
import secrets
import stat

from lsp_server.agent.files.paths import Opened, Workspace, folders_above, has_twin
from lsp_server.agent.files.state import ABSENT, State, digest, look_at
from lsp_server.errors import FileChanged, PathRefused


def temporary_name() -> str:
    """A name for what is on its way; a journal notes it, to clear it away after a crash."""
    return f".fimble-{secrets.token_hex(8)}.tmp"


def put(
    workspace: Workspace,
    path: str,
    new: State | None,
    *,
    expected: str,
    temporary: str = "",
    forced: bool = False,
) -> None:
    """Make a path what `new` says: a file, a link, or nothing.

    `expected`: the digest of what must be there now, ABSENT for nothing. Raises FileChanged if it
    is not so, and PathRefused; then nothing has changed, except that folders may have been made.
    `forced`: also where the file is read-only or has another name (a hard link), which stays as it
    is: for putting back what was there.
    """
    try:
        with workspace.opened(path, make=new is not None) as place:
            current = look_at(place, path)
            _compare(path, current, expected)
            if not forced:
                _check(place, path, current, new)
            if new is not None:
                _replace(place, path, new, expected, temporary or temporary_name())
            elif current is not None:
                os.unlink(place.name, dir_fd=place.folder)
            os.fsync(place.folder)
    except FileNotFoundError as error:
        raise changed(path) from error
    except OSError as error:
        raise PathRefused(f"{path} can't be written ({error.strerror}).") from error


def changed(path: str) -> FileChanged:
    """The error for a file that is not as it was."""
    return FileChanged(
        f"{path} has changed since the edit was worked out, so it is not written.", "Read it again."
    )


def discard_temporary(workspace: Workspace, path: str, temporary: str) -> None:
    """Clear away what a killed `put` left beside a path."""
    try:
        with workspace.opened(path) as place:
            os.unlink(temporary, dir_fd=place.folder)
    except FileNotFoundError:
        return


def missing_folders(workspace: Workspace, path: str) -> tuple[str, ...]:
    """The folders that `put` would make for a path, the outermost first."""
    folders = folders_above(path)
    for number, folder in enumerate(folders):
        try:
            with workspace.opened(f"{folder}/_"):
                continue
        except FileNotFoundError:
            return tuple(folders[number:])
    return ()


def remove_empty(workspace: Workspace, folder: str) -> None:
    """Remove a folder if nothing is in it."""
    try:
        with workspace.opened(folder) as place:
            os.rmdir(place.name, dir_fd=place.folder)
    except OSError:
        return  # it is in use again, or gone


def _replace(place: Opened, path: str, new: State, expected: str, temporary: str) -> None:
    here = place.folder
    try:
        if new.is_link:
            os.symlink(os.fsdecode(new.data), temporary, dir_fd=here)
        else:
            _write(here, temporary, new)
        _compare(path, look_at(place, path), expected)
        if expected == ABSENT:
            # Unlike a change of name, a second name never takes the place of another file.
            try:
                os.link(temporary, place.name, src_dir_fd=here, dst_dir_fd=here,
                        follow_symlinks=False)  # fmt: skip
            except FileExistsError as error:
                raise changed(path) from error
            os.unlink(temporary, dir_fd=here)
        else:
            os.rename(temporary, place.name, src_dir_fd=here, dst_dir_fd=here)
    except BaseException:
        _unlink_if_there(here, temporary)
        raise


def _write(here: int, name: str, new: State) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(name, flags, 0o600, dir_fd=here)
    with os.fdopen(file, "wb") as opened:
        opened.write(new.data)
        opened.flush()
        os.fchmod(file, stat.S_IMODE(new.mode))
        os.fsync(file)


def _unlink_if_there(here: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=here)
    except FileNotFoundError:
        return


def _compare(path: str, current: State | None, expected: str) -> None:
    if digest(current) != expected:
        raise changed(path)


def _check(place: Opened, path: str, current: State | None, new: State | None) -> None:
    if current is None:
        if new is not None and has_twin(place.folder, place.name):
            raise PathRefused(f"{path} is there in another spelling; use that.")
        return
    if current.is_link:
        return
    status = os.stat(place.name, dir_fd=place.folder, follow_symlinks=False)
    if status.st_nlink > 1:
        raise PathRefused(f"{path} has another name elsewhere (a hard link); edit it by hand.")
    if not status.st_mode & stat.S_IWUSR:
        raise PathRefused(f"{path} is read-only; make it writable to have it edited.")
