from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lsp_server.agent.commands.placeholders import placeholders
from lsp_server.agent.files import snapshot, state
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Key, Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.read import read
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.state import ABSENT, State, digest, look
from lsp_server.agent.files.undo import undo
from lsp_server.errors import AgentError, FileChanged, PathRefused, UndoRefused
from tests.git_repository import git, tracked, write

Tree = dict[str, tuple[int, bytes]]
LINES = "".join(f"line {number}\n" for number in range(12))


def tree(root: Path) -> Tree:
    """All files, links and folders but git's own, with modes."""
    found: Tree = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] == ".git":
            continue
        status = path.lstat()
        data = b""
        if path.is_symlink():
            data = os.fsencode(path.readlink())
        elif path.is_file():
            data = path.read_bytes()
        found[name] = status.st_mode, data
    return found


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    root = tmp_path / "ws"
    write(root, {"a.py": LINES, "sub/b.py": "b = 1\n"})
    workspace = Workspace(root)
    return Journal(workspace, Ledger(tmp_path / "data", workspace.root))


def key(edit: str, turn: str = "t1", session: str = "s") -> Key:
    return Key(session, turn, edit)


def edit(journal: Journal, key: Key, path: str, text: str | None) -> None:
    now = digest(look(journal.workspace, path))
    journal.write(key, path, None if text is None else text.encode(), expected=now)


def test_undo_of_everything_is_byte_identical(journal: Journal) -> None:
    root = journal.workspace.root
    (root / "run.sh").write_bytes(b"#!/bin/sh\r\n\xff\0")
    (root / "run.sh").chmod(0o755)
    before = tree(root)
    edit(journal, key("e1"), "a.py", "new\n")
    edit(journal, key("e2"), "a.py", "newer\n")
    edit(journal, key("e3"), "new/deep/c.py", "c\n")
    edit(journal, key("e4", "t2"), "sub/b.py", None)
    edit(journal, key("e5", "t2"), "run.sh", "x")
    journal.move(key("e6", "t2"), "run.sh", "go.sh", expected=digest(State(b"x", stat.S_IFREG)))
    assert (root / "go.sh").stat().st_mode == before["run.sh"][0]
    undone = undo(journal, "s")
    assert tree(root) == before
    assert undone.merged == ()
    assert undo(journal, "s").paths == ()


def test_one_edit_or_turn(journal: Journal) -> None:
    root = journal.workspace.root
    edit(journal, key("e1"), "a.py", LINES.replace("line 1\n", "first\n"))
    edit(journal, key("e2"), "a.py", (root / "a.py").read_text().replace("line 8", "second"))
    edit(journal, key("e3", "t2"), "sub/b.py", "b = 2\n")
    assert undo(journal, "s", edit="e1").merged == ("a.py",)
    assert (root / "a.py").read_text() == LINES.replace("line 8", "second")
    undo(journal, "s", turn="t1")
    assert (root / "a.py").read_text() == LINES
    assert (root / "sub/b.py").read_text() == "b = 2\n"


def test_some_files_of_a_turn(journal: Journal) -> None:
    root = journal.workspace.root
    before = tree(root)
    edit(journal, key("e1"), "a.py", "new\n")
    edit(journal, key("e1"), "sub/b.py", None)
    edit(journal, key("e2"), "new/c.py", "c\n")
    assert undo(journal, "s", "t1", paths=["sub/b.py", "new/c.py", "other.py"]).paths == (
        "sub/b.py",
        "new/c.py",
    )
    assert (root / "a.py").read_text() == "new\n"
    assert not (root / "new").exists()
    assert undo(journal, "s", "t1", paths=["sub/b.py"]).paths == ()
    assert undo(journal, "s", "t1").paths == ("a.py",)
    assert tree(root) == before


def test_what_the_user_wrote_since_stays(journal: Journal) -> None:
    root = journal.workspace.root
    edit(journal, key("e1"), "a.py", LINES.replace("line 1\n", "agent\n"))
    (root / "a.py").write_text((root / "a.py").read_text().replace("line 9", "user"))
    assert undo(journal, "s").merged == ("a.py",)
    assert (root / "a.py").read_text() == LINES.replace("line 9", "user")


def test_the_same_lines_are_refused_and_nothing_changes(journal: Journal) -> None:
    root = journal.workspace.root
    edit(journal, key("e1"), "sub/b.py", "b = 2\n")
    edit(journal, key("e2"), "a.py", LINES.replace("line 1\n", "agent\n"))
    (root / "a.py").write_text(LINES.replace("line 1\n", "user\n"))
    before = tree(root)
    with pytest.raises(UndoRefused, match=r"a\.py changed since"):
        undo(journal, "s")
    assert tree(root) == before


def test_a_new_file_that_the_user_went_on_with_stays(journal: Journal) -> None:
    root = journal.workspace.root
    edit(journal, key("e1"), "c.py", "c = 1\n")
    (root / "c.py").write_text("c = 1\nmine = 2\n")
    with pytest.raises(UndoRefused):
        undo(journal, "s")
    (root / "c.py").unlink()
    undo(journal, "s")


def test_a_write_is_refused_on_another_content(journal: Journal) -> None:
    root = journal.workspace.root
    document = read(journal.workspace, "a.py")
    (root / "a.py").write_text("user\n")
    with pytest.raises(FileChanged):
        journal.write(key("e"), "a.py", b"agent\n", expected=document.state.digest)
    with pytest.raises(FileChanged):
        journal.write(key("e"), "sub/b.py", b"agent\n", expected=ABSENT)
    assert (root / "a.py").read_text() == "user\n"
    assert [path.name for path in root.iterdir()] == ["a.py", "sub"]
    assert undo(journal, "s").paths == ()


@pytest.mark.parametrize("path", ["a.py", "new.py"])
def test_the_user_saves_in_the_middle_of_a_write(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The new content is on the disk already, under another name."""
    root = journal.workspace.root
    expected = digest(look(journal.workspace, path))

    def save(_: int) -> None:
        (root / path).write_text("user\n")

    monkeypatch.setattr(os, "fsync", save)
    with pytest.raises(FileChanged):
        journal.write(key("e"), path, b"agent\n", expected=expected)
    assert (root / path).read_text() == "user\n"
    assert not list(root.glob(".fimble-*"))


def test_encoding_and_mode_are_kept(journal: Journal) -> None:
    root = journal.workspace.root
    (root / "bom.py").write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    (root / "bom.py").chmod(0o750)
    document = read(journal.workspace, "bom.py")
    assert document.text == "a = 1\r\n"
    data = document.encoded(document.text.replace("1", "2"))
    journal.write(key("e"), "bom.py", data, expected=document.state.digest)
    assert (root / "bom.py").read_bytes() == b"\xef\xbb\xbfa = 2\r\n"
    assert stat.S_IMODE((root / "bom.py").stat().st_mode) == 0o750
    with pytest.raises(PathRefused):
        document.encoded("\ud800")


def test_another_session_is_left_alone(journal: Journal) -> None:
    edit(journal, key("e1"), "a.py", LINES.replace("line 1\n", "one\n"))
    text = (journal.workspace.root / "a.py").read_text()
    edit(journal, key("e1", session="other"), "a.py", text.replace("line 9", "nine"))
    undo(journal, "s")
    assert (journal.workspace.root / "a.py").read_text() == LINES.replace("line 9", "nine")


def test_a_command_is_undone(journal: Journal) -> None:
    root = journal.workspace.root
    watch = Watch(journal)
    (root / "empty").mkdir()
    before = tree(root)
    started = watch.begin(key("c1"))
    command = (
        "rm -r sub; echo file > sub; mv a.py z.py; mkdir -p n/m; echo x > n/m/x; chmod 400 z.py;"
        "ln -s /etc/passwd n/link; rm -f missing"
    )
    subprocess.run(command, shell=True, cwd=root, check=True)
    changes = watch.end(started)
    assert {step.path for step in changes.steps} == {
        "a.py", "n/link", "n/m/x", "sub", "sub/b.py", "z.py",
    }  # fmt: skip
    undo(journal, "s", edit="c1")
    assert tree(root) == before


def test_what_was_ignored_before_is_never_taken_for_new(journal: Journal) -> None:
    root = journal.workspace.root
    git(root, "init", "--quiet")
    write(root, {".gitignore": "*.db\nout/\n", "user.db": "data", "out/x": "built"})
    watch = Watch(journal)
    before = tree(root)
    started = watch.begin(key("c1"))
    subprocess.run("echo > .gitignore; echo 2 >> user.db; echo > new.db", shell=True, cwd=root)
    changes = watch.end(started)
    assert set(changes.lost) == {"out/x", "user.db"}
    undo(journal, "s")
    after = tree(root)
    assert after.pop("user.db")[1] == b"data2\n"
    assert after == {path: state for path, state in before.items() if path != "user.db"}


def test_git_is_as_it_was(journal: Journal, tmp_path: Path) -> None:
    root = journal.workspace.root
    git(root, "init", "--quiet")
    git(root, "config", "filter.evil.clean", f"touch {tmp_path}/ran")
    git(root, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    write(root, {".gitattributes": "*.py filter=evil text eol=crlf\n"})
    git(root, "-c", "core.fsmonitor=false", "-c", "filter.evil.clean=", "add", "a.py")
    kept = {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}
    (tmp_path / "ran").unlink(missing_ok=True)
    watch = Watch(journal)
    started = watch.begin(key("c1"))
    (root / "a.py").write_text("changed\n")
    watch.end(started)
    undo(journal, "s")
    now = {path: path.read_bytes() for path in (root / ".git").rglob("*") if path.is_file()}
    assert now == kept
    assert not (tmp_path / "ran").exists()
    assert (root / "a.py").read_text() == LINES


def test_what_stands_in_for_missing_files_is_not_watched(journal: Journal) -> None:
    """Another command runs when this one begins, and has ended when it ends."""
    root = journal.workspace.root
    before = tree(root)
    watch = Watch(journal)
    with placeholders(root):
        assert (root / ".git").is_dir()
        started = watch.begin(key("c1"))
    write(root, {"build/made.txt": "usually generated, so not watched"})
    assert watch.end(started).steps == ()
    shutil.rmtree(root / "build")
    assert undo(journal, "s").paths == ()
    assert tree(root) == before


def test_large_files_and_workspaces(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    root = journal.workspace.root
    (root / "large.bin").write_bytes(b"0" * (state.MAX_BYTES + 1))
    watch = Watch(journal)
    started = watch.begin(key("c1"))
    with (root / "large.bin").open("ab") as file:
        file.write(b"1")
    (root / "a.py").write_text("a\n")
    changes = watch.end(started)
    assert changes.lost == ("large.bin",)
    assert [step.path for step in changes.steps] == ["a.py"]
    with pytest.raises(PathRefused):
        journal.write(key("e1"), "b.py", b"0" * (state.MAX_BYTES + 1), expected=ABSENT)
    monkeypatch.setattr(snapshot, "MAX_FILES", 1)
    with pytest.raises(snapshot.TooLarge):
        watch.begin(key("c2"))


def test_what_is_kept_goes_with_the_session(journal: Journal) -> None:
    ledger = journal.ledger
    edit(journal, key("e1"), "a.py", "unusual 1\n")
    edit(journal, key("e1", session="other"), "sub/b.py", "unusual 2\n")
    ledger.forget("s")
    assert undo(journal, "s").paths == ()
    kept = ledger._db.execute("SELECT count(*) FROM contents").fetchone()
    assert kept == (2,)  # of the other session: before and after
    assert undo(journal, "other").paths == ("sub/b.py",)


def test_without_a_ledger_there_are_no_changes(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(AgentError, match="written down"):
        Ledger(tmp_path / "data", tmp_path)


@pytest.mark.parametrize("seed", range(200))
def test_random_sequences(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edits, commands and the user's own edits; every second time in a git repository."""
    chance = random.Random(seed)
    root = tmp_path / "ws"
    files = {f"{place}{name}.txt": LINES for place in ("", "d/", "d/e/") for name in "ab"}
    if seed % 2:
        tracked(root, files)
    else:
        write(root, files)
    workspace = Workspace(root)
    journal = Journal(workspace, Ledger(tmp_path / "data", workspace.root))
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nobody pulls the plug here
    journal.ledger._db.execute("PRAGMA synchronous = OFF")
    watch = Watch(journal)
    before = tree(root)
    users = 0
    for number in range(chance.randrange(3, 9)):
        mine = key(f"e{number}", f"t{number // 3}")
        match chance.randrange(5):
            case 0 | 1:
                _agent(journal, mine, chance, number)
            case 2:
                started = watch.begin(mine)
                _command(root, chance, number)
                watch.end(started)
            case 3 if seed % 4 > 1:
                users += _user(root, chance, f"user {number}\n")
            case _:
                _agent(journal, mine, chance, number)
    written = _users_lines(root)
    for turn in (None,) if chance.randrange(2) else ("t2", "t1", "t0", None):
        now = tree(root)
        try:
            undo(journal, "s", turn)
        except UndoRefused:
            assert users, "only what the user wrote is a reason"
            assert tree(root) == now
        assert _users_lines(root) == written
    if not users:
        assert tree(root) == before


def _agent(journal: Journal, mine: Key, chance: random.Random, number: int) -> None:
    root = journal.workspace.root
    files = [path for path in root.rglob("*.txt") if path.is_file() and not path.is_symlink()]
    chosen = chance.choice(files).relative_to(root).as_posix() if files else "a.txt"
    match chance.randrange(5):
        case 0:
            edit(journal, mine, f"new{number}/x/n.txt", f"new {number}\n")
        case 1 if files:
            text = (root / chosen).read_text()
            if "user" not in text:
                edit(journal, mine, chosen, None)
        case _ if files:
            lines = (root / chosen).read_text().splitlines(keepends=True)
            at = chance.randrange(len(lines) + 1)
            # The agent doesn't take out what the user wrote.
            if not any("user" in line for line in lines[at : at + 2]):
                lines[at : at + chance.randrange(3)] = [f"agent {number}\n"] * chance.randrange(3)
            edit(journal, mine, chosen, "".join(lines))


def _command(root: Path, chance: random.Random, number: int) -> None:
    files = [path for path in root.rglob("*.txt") if path.is_file()]
    kept = [path for path in files if "user" not in path.read_text()]
    if not kept:
        return
    path = chance.choice(kept)
    match chance.randrange(6):
        case 0:
            path.rename(path.with_name(f"moved{number}.txt"))
        case 1:
            path.chmod(0o700)
        case 2:
            path.unlink()
            path.mkdir()
            (path / "inner.txt").write_text("inner\n")
        case 3 if all("user" not in each.read_text() for each in files):
            shutil.rmtree(root / "d", ignore_errors=True)
        case 4:
            path.unlink()
            path.symlink_to("nowhere")
        case _:
            path.write_text(path.read_text() + f"command {number}\n")


def _user(root: Path, chance: random.Random, line: str) -> int:
    files = [path for path in root.rglob("*.txt") if path.is_file()]
    if not files:
        return 0
    path = chance.choice(files)
    lines = path.read_text().splitlines(keepends=True)
    lines.insert(chance.randrange(len(lines) + 1), line)
    path.write_text("".join(lines))
    return 1


def _users_lines(root: Path) -> list[str]:
    texts = [path.read_text() for path in root.rglob("*.txt") if path.is_file()]
    return sorted(line for text in texts for line in text.splitlines() if "user" in line)
