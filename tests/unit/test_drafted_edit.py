"""Edits of files that no editor has open are for what they said when they were read."""

from __future__ import annotations

from pathlib import Path

from lsp_server.agent.desk import Change, File
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import read
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Text
from lsp_server.edge.drafted import is_as_read


def test_a_file_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("a = 1\n")
    document = read(Workspace(tmp_path), "a.py")
    change = Change(File("a.py", document.text, document), "a = 2\n")
    assert is_as_read(change, path, None)
    path.write_text("a = 3\n")
    assert not is_as_read(change, path, None)
    path.unlink()
    assert not is_as_read(change, path, None)


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "new.py"
    change = Change(File("new.py", "", None), "a = 2\n", is_new=True)
    assert is_as_read(change, path, None)
    assert not is_as_read(change, path, Snapshot(path.as_uri(), 1, "python", Text.of("")))
    path.touch()
    assert not is_as_read(change, path, None)


def test_an_open_document(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("a = 1\n")
    change = Change(File("a.py", "a = 1 # unsaved\n", None), "a = 2\n")
    for text, is_same in (("a = 1 # unsaved\n", True), ("a = 1\n", False)):
        snapshot = Snapshot(path.as_uri(), 1, "python", Text.of(text))
        assert is_as_read(change, path, snapshot) is is_same
    assert not is_as_read(change, path, None)  # it was closed
