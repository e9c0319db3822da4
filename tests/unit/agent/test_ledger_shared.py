"""One ledger's file, open more than once: what one session drops, another may still need."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lsp_server.agent.files import ledger as module
from lsp_server.agent.files import snapshot
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Key, Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.undo import undo
from lsp_server.errors import AgentError

MINE, OTHERS = Key("mine", "1", "1.1"), Key("other", "1", "1.1")


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[tuple[Journal, Journal]]:
    root = tmp_path / "ws"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.txt").write_text(f"{name}\n")
    workspace = Workspace(root)
    mine, others = (Journal(workspace, Ledger(tmp_path / "data", root)) for _ in range(2))
    yield mine, others
    mine.ledger.close()
    others.ledger.close()


def test_contents_are_not_dropped_while_files_are_looked_at(
    journals: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = journals
    root = mine.workspace.root
    forgetting = threading.Thread(target=others.ledger.forget, args=("other",))
    transaction = mine.ledger.transaction

    @contextmanager
    def slow() -> Iterator[None]:
        """After the first files are kept, and before anything needs them."""
        with transaction():
            yield
        if forgetting.ident is None:
            forgetting.start()
            forgetting.join(0.3)

    monkeypatch.setattr(snapshot, "_BATCH", 1)
    monkeypatch.setattr(mine.ledger, "transaction", slow)
    watch = Watch(mine)
    started = watch.begin(MINE)
    forgetting.join(5)
    assert not forgetting.is_alive()
    for name in "abc":
        (root / f"{name}.txt").write_text("the command's\n")
    watch.end(started)
    undo(mine, "mine")
    assert [(root / f"{name}.txt").read_text() for name in "abc"] == ["a\n", "b\n", "c\n"]


def test_contents_are_not_dropped_while_a_command_runs(journals: tuple[Journal, Journal]) -> None:
    mine, others = journals
    file = mine.workspace.root / "a.txt"
    started = Watch(mine).begin(MINE)
    file.write_text("the command's\n")
    watch = Watch(others)
    watch.end(watch.begin(OTHERS))  # from now on the file is known as it is
    others.ledger.forget("other")
    Watch(mine).end(started)
    undo(mine, "mine")
    assert file.read_text() == "a\n"
    mine.ledger.forget("mine")
    kept = mine.ledger._db.execute("SELECT count(*) FROM contents").fetchone()
    assert kept == (3,)  # the files as they were last seen


def test_who_waits_too_long_is_told(
    journals: tuple[Journal, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = journals
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.0)
    with mine.ledger.collecting(), pytest.raises(AgentError, match="try again"):
        others.ledger.forget("other")
