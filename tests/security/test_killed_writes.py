"""`kill -9` in the middle of writing: no half-written file, and what was open is named."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from itertools import count
from pathlib import Path

from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Key, Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.state import digest, look
from lsp_server.agent.files.undo import undo

KILLS = 100


def _content(number: int) -> bytes:
    """Long, and it says itself whether it is whole."""
    body = f"version {number}\n".encode() * 20_000
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _is_whole(data: bytes) -> bool:
    head, _, body = data.partition(b"\n")
    return hashlib.sha256(body).hexdigest().encode() == head


def _journal(folder: Path) -> Journal:
    workspace = Workspace(folder / "ws")
    return Journal(workspace, Ledger(folder / "data", workspace.root))


def _work(folder: Path, session: str) -> None:
    """Write, delete, begin files and run commands, until killed."""
    journal = _journal(folder)
    watch = Watch(journal)
    root = journal.workspace.root
    for number in count():
        key = Key(session, "t", f"e{number}")
        for path, data in (
            ("a.txt", _content(number)),
            (f"new/{number}.txt", _content(number)),
            ("b.txt", None if (root / "b.txt").exists() else _content(0)),
        ):
            journal.write(key, path, data, expected=digest(look(journal.workspace, path)))
        started = watch.begin(Key(session, "t", f"c{number}"))
        (root / "c.txt").write_bytes(b"by a command")
        (root / f"d{number}.txt").write_bytes(b"by a command")
        watch.end(started)


def _tree(root: Path) -> dict[str, bytes]:
    found = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {path.relative_to(root).as_posix(): data for path, data in found.items()}


def test_100_kills(tmp_path: Path) -> None:
    chance = random.Random(9)
    root = tmp_path / "ws"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.txt").write_bytes(_content(0))
    before = _tree(root)
    opened = ended = 0
    for number in range(KILLS):
        session = f"s{number}"
        child = os.fork()
        if child == 0:
            try:
                _work(tmp_path, session)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0.005, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = _tree(root)
        for path, data in after.items():
            if not path.startswith((".fimble-", "new/.fimble-", "c", "d")):
                assert _is_whole(data), path
        journal = _journal(tmp_path)
        found = journal.recover(session)
        commands = Watch(journal).recover(session)
        assert len(found) + len(commands) <= 1
        assert all(each.found != "changed since" for each in found)
        opened += len(found) + len(commands)
        ended += len(journal.ledger.steps(session))
        undo(journal, session, all_of_it=True)
        assert _tree(root) == before, number
        assert sorted(path.name for path in root.iterdir()) == ["a.txt", "b.txt", "c.txt"]
        journal.ledger.close()
    assert opened > KILLS // 5  # the kills hit what they should
    assert ended > KILLS
