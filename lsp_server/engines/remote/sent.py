"""What was sent to endpoints, kept on this machine for `fimble log` if the user wants it kept.

One JSON object a line: time (seconds since 1970), host, kind (`POST /v1/completions`), bytes of the
body, how many credentials were masked in it, and the body if that is asked for. Two files, of which
the older is forgotten when the newer is full, so they never hold more than 2 * MAX_BYTES and one
request. Only their owner may read them. Processes of one user share them.

Nothing is sent that could not be noted: a log with gaps would say what is not true.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from lsp_server.errors import RemoteError
from lsp_server.models.store import state_dir
from lsp_server.workspace.masking import PLACEHOLDER

if TYPE_CHECKING:  # httpx, behind it, has no part in showing what was sent
    from lsp_server.engines.remote.address import Address

MAX_BYTES = 4 << 20
MAX_CONTENT = 1 << 20
"""Characters that are kept of one body."""
_LOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """One request."""

    time: float
    """Of the wall clock, in seconds since 1970."""
    host: str
    kind: str
    """Method and path."""
    bytes: int
    """Of the body."""
    masked: int
    """Credentials in it."""
    content: str | None = None
    """The body as it was sent; None where it isn't kept."""


def default_path() -> Path:
    """Where requests are noted."""
    return state_dir() / "sent.jsonl"


def note(address: Address, method: str, url: str, content: bytes, *, keep_content: bool) -> None:
    """Write down a request that is about to be sent. Raises RemoteError if that can't be done."""
    text = content.decode()
    kind = f"{method} {urlsplit(url).path}"
    count = len(PLACEHOLDER.findall(text))
    kept = text[:MAX_CONTENT] if keep_content else None
    line = (
        json.dumps(asdict(Sent(time.time(), address.host, kind, len(content), count, kept))) + "\n"
    )
    path = default_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            if path.exists() and path.stat().st_size > MAX_BYTES:
                path.replace(_older(path))
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(file, "ab") as stream:
                stream.write(line.encode())
    except OSError as error:  # Timeout is one
        raise RemoteError(
            f"Nothing was sent to {address.host}, since it can't be noted in {path} "
            f"({error.strerror or error}); make room there, or set {address.where}.log to off."
        ) from error


def read(path: Path) -> list[Sent]:
    """All that is noted, the oldest first."""
    return [
        Sent(**json.loads(line))
        for each in (_older(path), path)
        if each.exists()
        for line in each.read_text(encoding="utf-8").splitlines()
    ]


def clear(path: Path) -> None:
    """Forget all of it."""
    if path.parent.exists():
        with _locked(path):
            for each in (_older(path), path):
                each.unlink(missing_ok=True)


def _older(path: Path) -> Path:
    return path.with_name(f"{path.stem}.old{path.suffix}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS, mode=0o600):
            yield
    except Timeout as error:
        raise OSError(f"{path} is in use") from error
