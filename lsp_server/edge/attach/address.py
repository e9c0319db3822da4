"""Where the language servers of a folder are found: a file for each in the user's state folder.

The socket lies in a folder that only the user can enter, and its file holds a secret that a request
must name: a process that is shut out of the user's home, as the agent's commands are, can't ask
even where it can reach the socket. A file that a dead server left is removed by whoever finds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from lsp_server.models.store import state_dir


@dataclass(frozen=True, slots=True)
class Address:
    """Of one server."""

    socket: str
    secret: str

    def is_ours(self) -> bool:
        """Whether the socket is this user's: another may have made one of a name left free."""
        try:
            return Path(self.socket).stat().st_uid == os.getuid()
        except OSError:
            return False


def make() -> Address:
    """An address that nobody listens on yet. Raises OSError."""
    folder = tempfile.mkdtemp(prefix="fimble-")  # the user's alone, and its path is short
    return Address(f"{folder}/socket", secrets.token_hex(16))


def publish(root: Path, address: Address) -> Path:
    """Let it be found by those who work in a folder. Raises OSError."""
    folder = _folder(root)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{secrets.token_hex(8)}.json"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(asdict(address), opened)
    return file


def found(root: Path) -> dict[Path, Address]:
    """The addresses of a folder's servers by their files; some may be of servers that are gone."""
    addresses: dict[Path, Address] = {}
    for file in sorted(_folder(root).glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):  # it is being written, or removed
            addresses[file] = Address(**json.loads(file.read_text()))
    return addresses


def withdraw(file: Path, address: Address) -> None:
    """Forget a server that is gone."""
    file.unlink(missing_ok=True)
    if address.is_ours():
        shutil.rmtree(Path(address.socket).parent, ignore_errors=True)


def _folder(root: Path) -> Path:
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
    return state_dir() / "servers" / name
