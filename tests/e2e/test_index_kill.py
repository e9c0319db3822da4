"""The index's worker, or the server, is killed at random moments: the index is right in the end."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.index import make
from tests.e2e.index_kill import Phase, Victim, Workspace

KILLS: list[tuple[Phase, Victim]] = [
    ("cold", "worker"),
    ("again", "worker"),
    ("saved", "worker"),
    ("cold", "server"),
    ("saved", "server"),
]


def test_no_kill_leaves_the_index_wrong(tmp_path: Path) -> None:
    root, kept = tmp_path / "root", tmp_path / "kept"
    make(root, 60, max_bytes=5_000)
    kept.mkdir()
    workspace = Workspace(root, kept, random.Random(2))
    for phase, victim in KILLS:
        kill = workspace.run(phase, victim)
        assert kill.right, kill
