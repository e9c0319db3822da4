"""What a turn has changed, as the user looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.desk import Change, File, Given
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Key, Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.state import digest, look
from lsp_server.agent.files.undo import undo
from lsp_server.agent.review import Review, review
from lsp_server.edge.chat.review import told

Shown = tuple[str, str | None, str | None, bool]
"""Path, before, after, and whether it was undone."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    root = tmp_path / "ws"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.py").write_text(f"{name}\n")
    workspace = Workspace(root)
    return Journal(workspace, Ledger(tmp_path / "data", workspace.root))


def edit(journal: Journal, turn: int, name: str, text: str | None, call: str = "1") -> None:
    now = digest(look(journal.workspace, f"{name}.py"))
    data = None if text is None else text.encode()
    journal.write(Key("s", str(turn), call), f"{name}.py", data, expected=now)


def given(turn: int, name: str, old: str, new: str, *, undone: bool = False) -> Given:
    return Given(turn, Change(File(f"{name}.py", old, None), new), undone)


def shown(found: Review) -> list[Shown]:
    files = told(found, Path("/ws"))["files"]
    return [(Path(e["path"]).stem, e["before"], e["after"], e["undone"]) for e in files]


def seen(journal: Journal, *in_editor: Given, turn: int | None = None, left: str = "") -> Review:
    ends = {number: [f"{name}.py" for name in left] for number in range(1, 9)}
    return review(journal.ledger, "s", in_editor, ends, turn)


def test_each_file_is_told_once_and_of_the_latest_turn(journal: Journal) -> None:
    edit(journal, 1, "a", "a1\n")
    edit(journal, 2, "a", "a2\n")
    edit(journal, 2, "a", "a3\n")
    edit(journal, 2, "new", "n\n")
    edit(journal, 2, "b", None)
    edit(journal, 2, "c", "c1\n")
    edit(journal, 2, "c", "c\n")
    (journal.workspace.root / "a.py").write_text("the user's\n")
    found = seen(journal)
    assert found.turn == 2
    assert shown(found) == [
        ("a", "a1\n", "a3\n", False),
        ("b", "b\n", None, False),
        ("new", None, "n\n", False),
    ]
    assert shown(seen(journal, turn=1)) == [("a", "a\n", "a1\n", False)]
    assert seen(journal, turn=3) == Review(0, ())
    assert review(journal.ledger, "another", [], {}) == Review(0, ())


def test_what_a_command_changed_is_told(journal: Journal) -> None:
    root, watch = journal.workspace.root, Watch(journal)
    edit(journal, 1, "a", "a1\n")
    started = watch.begin(Key("s", "1", "2"))
    (root / "a.py").write_text("a2\n")
    (root / "b.py").unlink()
    (root / "made.py").write_text("made\n")
    watch.end(started)
    assert shown(seen(journal)) == [
        ("a", "a\n", "a2\n", False),
        ("b", "b\n", None, False),
        ("made", None, "made\n", False),
    ]


def test_what_the_user_took_back_is_told_and_what_the_turn_did_is_not(journal: Journal) -> None:
    edit(journal, 1, "a", "tried\n", "1")
    edit(journal, 1, "b", "tried\n", "1")
    undo(journal, "s", "1", "1")
    assert seen(journal) == Review(0, ())
    edit(journal, 1, "a", "a1\n", "2")
    edit(journal, 1, "c", "c1\n", "2")
    edit(journal, 1, "a", "tried again\n", "3")
    undo(journal, "s", "1", "3")
    undo(journal, "s", "1", paths=["a.py"])
    assert shown(seen(journal, left="ac")) == [
        ("a", "a\n", "a1\n", True),
        ("c", "c\n", "c1\n", False),
    ]
    (journal.workspace.root / "c.py").write_text("c\n")  # by the user's own hand
    undo(journal, "s")
    assert [each[0] for each in shown(seen(journal, left="ac")) if each[3]] == ["a", "c"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([given(1, "b", "b1\n", "b2\n"), given(1, "b", "b2\n", "b3\n")], ("b1\n", "b3\n", False)),
        ([given(1, "b", "b1\n", "b2\n", undone=True)], ("b1\n", "b2\n", True)),
        (
            [given(1, "b", "b1\n", "b2\n"), given(1, "b", "b2\n", "b3\n", undone=True)],
            ("b1\n", "b2\n", False),
        ),
    ],
)
def test_open_documents_are_told(
    journal: Journal, changes: list[Given], found: tuple[str, str, bool]
) -> None:
    assert shown(seen(journal, *changes, left="b")) == [("b", *found)]


def test_a_file_that_was_changed_here_and_there(journal: Journal) -> None:
    edit(journal, 1, "a", "a1\n")
    assert shown(seen(journal, given(1, "a", "a1\n", "a2\n"))) == [("a", "a\n", "a2\n", False)]
    edit(journal, 2, "a", "a3\n")  # by a command, once it was saved
    assert shown(seen(journal, given(2, "a", "a0\n", "a1\n"))) == [("a", "a0\n", "a3\n", False)]


def test_what_is_no_text_is_binary_and_nothing_is_escaped(journal: Journal, tmp_path: Path) -> None:
    root, watch = journal.workspace.root, Watch(journal)
    started = watch.begin(Key("s", "1", "1"))
    (root / "a.py").write_bytes(b"\xff\xfe")
    (root / "b.py").write_bytes(b"x" * 1_000_001)
    (root / "c.py").write_bytes(b"\xef\xbb\xbfc\r\n\x1b[2J\xe2\x80\xae")
    (root / "d.py").symlink_to("c.py")
    (root / "e.py").write_bytes(b"x" * 1_000_000)
    (root / "f.py").write_bytes(b"\0")
    watch.end(started)
    files = told(seen(journal), tmp_path)["files"]
    binary = {"before": None, "after": None, "undone": False, "binary": True}
    for name in "abdf":
        assert binary | {"path": str(tmp_path / f"{name}.py")} in files
    texts = {Path(each["path"]).stem: each["after"] for each in files if "binary" not in each}
    assert texts == {"c": "c\r\n\x1b[2J\u202e", "e": "x" * 1_000_000}


def test_an_answer_has_a_bound(journal: Journal, tmp_path: Path) -> None:
    for number in range(10):
        edit(journal, 1, f"large{number}", "x" * 999_999)
    files = told(seen(journal), tmp_path)["files"]
    assert [each.get("binary", False) for each in files] == [False] * 4 + [True] * 6
