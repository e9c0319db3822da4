"""Evaluated prompts that outlive the server, so that the first suggestion of a day comes at once.

A state file is llama.cpp's own (`llama_state_seq_save_file`): the tokens of a sequence and what the
model has computed of them. The tokens are the user's code, as they are in an editor's undo files:
the files can be read by the user alone, and the setting `local.keepState` does without them.
They are written once, when the server ends cleanly, and not while it runs.

    <state>/states/<fingerprint>/<SHA-256 of the file>.state

Invariant: only a file whose content agrees with its name is given to llama.cpp, which trusts what
it reads. The fingerprint says which model and context computed it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from lsp_server.models import store

MAX_SLOTS = 4
MAX_BYTES = 128 * 2**20
"""Of all states together, whatever their model."""
FEWEST_TOKENS = 64
"""Shorter prompts are evaluated as quickly as they are read."""
ABANDONED_SECONDS = 3600
"""Age from which a file that was never finished is nobody's."""

Save = Callable[[Path, int, Sequence[int]], bool]
"""Writes a sequence's state with its tokens to a file; False: it could not."""
Load = Callable[[Path, int], list[int] | None]
"""Reads a file into a sequence and returns its tokens; None: it does not fit this context."""


class States:
    """The kept states of one model with one kind of context."""

    def __init__(self, name: str, save: Save, load: Load) -> None:
        """`name` is the fingerprint of the model file and of all that shapes the context."""
        self._folder = store.state_dir() / "states" / name
        self._save = save
        self._load = load

    def keep(self, slots: Iterable[tuple[int, Sequence[int]]]) -> None:
        """Write sequences with their evaluated tokens, the most recently used one first.

        What can't be written is left out: the next start evaluates it again.
        """
        worthwhile = [slot for slot in slots if len(slot[1]) >= FEWEST_TOKENS][:MAX_SLOTS]
        now, room = time.time_ns(), MAX_BYTES
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for age, (sequence, tokens) in enumerate(worthwhile):
                size = self._write(sequence, tokens, now - age)
                room -= size
                if size > room:  # the next one is likely to be as large
                    break
            _prune(self._folder)

    def restore(self, sequences: Iterable[int]) -> dict[int, list[int]]:
        """Read the most recent states into sequences; return the tokens that each now holds.

        A file that is damaged, does not fit or holds the same prompt as a more recent one is
        deleted, and the next one tried.
        """
        restored: dict[int, list[int]] = {}
        paths = iter(_newest_first(self._folder.glob("*.state")))
        for sequence in sequences:
            for path in paths:
                tokens = self._load(path, sequence) if _intact(path) else None
                if tokens is not None and tokens not in restored.values():
                    restored[sequence] = tokens
                    break
                _delete(path)
        return restored

    def _write(self, sequence: int, tokens: Sequence[int], modified_ns: int) -> int:
        """Write one state; return its size in bytes, 0 if it could not be written."""
        part = self._folder / f"{os.getpid()}-{sequence}.part"
        part.unlink(missing_ok=True)
        # llama.cpp opens the file again, which leaves its mode as it is.
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            if not self._save(part, sequence, tokens):
                return 0
            size = part.stat().st_size
            os.utime(part, ns=(modified_ns, modified_ns))
            part.replace(part.with_name(f"{_digest(part)}.state"))
            return size
        finally:
            part.unlink(missing_ok=True)


def _prune(folder: Path) -> None:
    """Delete the least recent states: beyond MAX_SLOTS in this folder, beyond MAX_BYTES in all."""
    for path in _newest_first(folder.glob("*.state"))[MAX_SLOTS:]:
        _delete(path)
    total = 0
    for path in _newest_first(folder.parent.glob("*/*.state")):
        total += store.size(path)
        if total > MAX_BYTES:
            _delete(path)
    for path in folder.parent.glob("*/*.part"):
        if _modified(path) < time.time_ns() - ABANDONED_SECONDS * 10**9:
            _delete(path)


def _delete(path: Path) -> None:
    with suppress(OSError):  # a folder that can't be written, or another server was quicker
        path.unlink()


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=_modified, reverse=True)


def _modified(path: Path) -> int:
    """Time of the last change in nanoseconds; 0 if another server has just deleted the file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _intact(path: Path) -> bool:
    try:
        return _digest(path) == path.stem
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
