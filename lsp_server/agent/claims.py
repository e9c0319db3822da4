"""A session is run by one process at a time; others may look at it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from lsp_server.errors import UsageError
from lsp_server.models.store import state_dir


def default_folder() -> Path:
    """Where the claims of this user are."""
    return state_dir() / "claims"


class Claimed(UsageError):
    """Another process runs the session."""


@asynccontextmanager
async def claimed(folder: Path, session: str) -> AsyncIterator[None]:
    """Hold a session. Raises Claimed if somebody else does.

    The lock is the operating system's, so a process that is killed lets go of it. `session` is the
    id of one that exists: it becomes the name of a file.
    """
    lock = FileLock(folder / f"{session}.lock", timeout=0, thread_local=False)
    try:
        await asyncio.to_thread(_acquire, lock)
    except Timeout:
        raise Claimed(
            f"Session {session} is run by another client now; wait for its turn to end, or fork it."
        ) from None
    try:
        yield
    finally:
        lock.release()


def forget(folder: Path, session: str) -> None:
    """Clear away what is left of the claims of a session that was deleted."""
    (folder / f"{session}.lock").unlink(missing_ok=True)


def _acquire(lock: FileLock) -> None:
    Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
    lock.acquire()
