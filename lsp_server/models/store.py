"""Where fetched models lie: `<cache>/models/<id>/<file>`.

Invariant: a file under its final name is complete and has been verified; whatever is still on its
way has another name.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path, user_config_path, user_state_path

from lsp_server.errors import UsageError
from lsp_server.models.catalog import Model


def cache_dir() -> Path:
    """The folder for what can be fetched again: `FIMBLE_CACHE`, or `fimble` in the user's cache."""
    chosen = os.environ.get("FIMBLE_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("fimble")


def state_dir() -> Path:
    """The folder for what was learned on this machine: `FIMBLE_STATE`, or the user's for states."""
    chosen = os.environ.get("FIMBLE_STATE")
    return Path(chosen).expanduser() if chosen else user_state_path("fimble")


def config_dir() -> Path:
    """The folder for what the user writes himself: `FIMBLE_CONFIG`, or his for configurations."""
    chosen = os.environ.get("FIMBLE_CONFIG")
    return Path(chosen).expanduser() if chosen else user_config_path("fimble")


WORKSPACE_CONFIG = ".fimble"
"""The folder for the same in a workspace. It doesn't count before the user trusts that."""


def folder(model: Model) -> Path:
    """The folder of one model; it need not exist."""
    return cache_dir() / "models" / model.id


def lock(model: Model) -> FileLock:
    """A lock between processes and threads, held while a model's folder changes.

    It is the operating system's, so a process that is killed lets go of it.
    """
    path = folder(model).with_name(f"{model.id}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def installed(model: Model) -> Path | None:
    """The model's file if it is on this machine and complete."""
    path = folder(model) / model.file
    return path if is_file(path) and path.stat().st_size == model.bytes else None


def is_file(path: Path) -> bool:
    """Whether there is a file; False too where its folder may not be entered."""
    try:
        return path.is_file()
    except OSError:
        return False


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; 0 if there is nothing."""
    if path.is_dir():
        return sum(size(entry) for entry in path.iterdir())
    return path.stat().st_size if path.exists() else 0


def remove(model: Model) -> int:
    """Delete the model and all that was fetched of it; return the bytes that this frees.

    Raises UsageError while the model is being pulled, and if it can't be deleted.
    """
    try:
        with lock(model).acquire(timeout=0):
            freed = size(folder(model))
            if folder(model).exists():
                shutil.rmtree(folder(model))
            return freed
    except Timeout as error:  # which is an OSError too
        raise UsageError(f"{model.id} is being pulled; stop that before removing it.") from error
    except OSError as error:
        raise UsageError(
            f"{folder(model)} can't be deleted ({error.strerror or error}); delete it by hand."
        ) from error
