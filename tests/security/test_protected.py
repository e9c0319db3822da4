"""What others run or obey is not written without approval, however it is spelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Key, Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.protected import NeedsApproval, is_protected
from lsp_server.agent.files.state import ABSENT, digest, look
from lsp_server.errors import PathRefused

_PARTS = Path(__file__).with_name("protected_names.txt").read_text("utf-8").split("#")[1:]
NAMES, FREE = (part.splitlines()[1:] for part in _PARTS)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    (tmp_path / "ws").mkdir()
    workspace = Workspace(tmp_path / "ws")
    (workspace.root / "plain.txt").write_text("x")
    return Journal(workspace, Ledger(tmp_path / "data", workspace.root))


def spellings(name: str) -> list[str]:
    wide = name.replace(".", "\uff0e", 1).replace("g", "\uff47", 1)
    return [name, name.upper(), f"sub/{name}", f"./{name}", f"sub//.//{name.title()}", wide]


@pytest.mark.parametrize("name", NAMES)
def test_not_without_approval(journal: Journal, name: str) -> None:
    root, key = journal.workspace.root, Key("s", "t", "e")
    plain = digest(look(journal.workspace, "plain.txt"))
    for path in spellings(name):
        with pytest.raises(PathRefused):
            journal.write(key, path, b"evil", expected=ABSENT)
        with pytest.raises(PathRefused):
            journal.move(key, "plain.txt", path, expected=plain)
    assert [path.name for path in root.rglob("*")] == ["plain.txt"]
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("mine")
    mine = digest(look(journal.workspace, name))
    with pytest.raises(NeedsApproval):
        journal.write(key, name, b"evil", expected=mine)
    with pytest.raises(NeedsApproval):
        journal.write(key, name, None, expected=mine)
    with pytest.raises(NeedsApproval):
        journal.move(key, name, "other.txt", expected=mine)
    assert (root / name).read_text() == "mine"
    journal.write(key, name, b"wanted", expected=mine, approved=True)
    assert (root / name).read_text() == "wanted"


@pytest.mark.parametrize(
    "path",
    [".git./config", ".git /x", ".git::$INDEX_ALLOCATION/x", "GIT~1/x", ".g\u200cit/x", ".Git/x"],
)
def test_other_systems_spellings(path: str) -> None:
    assert is_protected(path)


@pytest.mark.parametrize("path", FREE)
def test_ordinary_files_are_free(path: str) -> None:
    assert is_protected(path) is None
