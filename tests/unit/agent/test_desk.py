"""Changes that are written whole or not at all, and commands around which files are watched."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from lsp_server.agent import desk as module
from lsp_server.agent.commands import rooms
from lsp_server.agent.commands.run import Finished
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.desk import Change, Desk
from lsp_server.agent.files import snapshot
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Key, Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.files.snapshot import Changes, Started, Watch
from lsp_server.agent.files.state import MAX_BYTES
from lsp_server.agent.permissions import Allowed, Permissions
from lsp_server.agent.tools.base import Tool
from lsp_server.agent.tools.edit import EDIT, REPLACE
from lsp_server.agent.tools.run import command, report
from lsp_server.errors import AgentError, FileChanged, PathRefused
from lsp_server.workspace.index import Index
from lsp_server.workspace.masking import masked, placeholder
from tests.unit.agent.test_open_documents import Editor


class SlowEditor(Editor):
    """Makes an edit at once, and answers when it is let."""

    def __init__(self, **texts: str) -> None:
        super().__init__(**texts)
        self.made = asyncio.Event()
        self.answers = asyncio.Event()

    async def apply(self, changes: Sequence[Change]) -> bool:
        applied = await super().apply(changes)
        self.made.set()
        await self.answers.wait()
        return applied


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.txt").write_text(f"{name}\n")
    return root


@pytest.fixture
async def desk(root: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    workspace = Workspace(root)
    journal = Journal(workspace, Ledger(tmp_path / "data", workspace.root))
    index = Index(root, tmp_path / "index.sqlite")
    decisions = Decisions(tmp_path / "d.sqlite", workspace.root)
    yield Desk("s", journal, index, Permissions("all", decisions))
    journal.ledger.close()
    index.close()


async def changed(desk: Desk, *names: str) -> list[Change]:
    files = [await desk.read(f"{name}.txt") for name in names]
    return [Change(file, f"new {file.text}") for file in files]


def texts(root: Path) -> list[str]:
    return [(root / f"{name}.txt").read_text() for name in "abc"]


async def test_nothing_is_written_if_one_file_has_changed(desk: Desk, root: Path) -> None:
    changes = await changed(desk, "a", "b")
    (root / "b.txt").write_text("the user's\n")
    with pytest.raises(FileChanged):
        await desk.land("1.1", changes)
    assert texts(root) == ["a\n", "the user's\n", "c\n"]
    assert desk._journal.ledger.steps("s") == []


async def test_what_was_written_is_put_back_if_the_rest_fails(root: Path, desk: Desk) -> None:
    desk._buffers = editor = Editor()
    editor.texts["c.txt"] = "c, unsaved\n"
    (root / "b.txt").chmod(0o400)  # only found out when it is written
    with pytest.raises(PathRefused, match="read-only"):
        await desk.land("1.1", await changed(desk, "c", "a", "b"))
    assert texts(root) == ["a\n", "b\n", "c\n"]
    assert editor.texts == {"c.txt": "c, unsaved\n"}
    assert desk.changed(0) == []
    assert await desk.take_back() == []


async def test_what_cannot_be_put_back_is_told(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "b.txt").chmod(0o400)
    changes = await changed(desk, "a", "b")
    write = desk._journal.write

    def busy(*args: object, **options: object) -> object:
        step = write(*args, **options)  # type: ignore[arg-type]
        (root / "a.txt").write_text("the user's, at once\n")
        return step

    monkeypatch.setattr(desk._journal, "write", busy)
    with pytest.raises(AgentError, match=r"read-only.* stays: a\.txt changed since"):
        await desk.land("1.1", changes)
    assert desk.changed(0) == ["a.txt"]


async def test_cancelled_while_an_editor_answers(desk: Desk, root: Path) -> None:
    desk._buffers = editor = SlowEditor()
    editor.texts["c.txt"] = "c\n"
    landing = asyncio.create_task(desk.land("1.1", await changed(desk, "c", "a")))
    await editor.made.wait()
    landing.cancel()
    editor.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await landing
    assert editor.texts["c.txt"] == "new c\n"
    assert desk.changed(0) == ["a.txt", "c.txt"]
    await desk.put_back("1.1", [each.change for each in desk._given])
    assert editor.texts["c.txt"] == "c\n"
    assert texts(root) == ["a\n", "b\n", "c\n"]


async def test_cancelled_while_files_are_written(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the call has ended, nothing of it goes on, however often it is cancelled."""
    changes = await changed(desk, "a", "b")
    write, writing, goes_on = desk._journal.write, asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(*args: object, **options: object) -> object:
        loop.call_soon_threadsafe(writing.set)
        assert goes_on.wait(5)
        return write(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(desk._journal, "write", slow)
    landing = asyncio.create_task(desk.land("1.1", changes))
    await writing.wait()
    for _ in range(2):
        landing.cancel()
        await asyncio.sleep(0)
    assert not landing.done()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await landing
    assert desk.changed(0) == ["a.txt", "b.txt"]
    assert texts(root) == ["new a\n", "new b\n", "c\n"]


async def test_an_editor_that_never_answers_is_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    desk._buffers = editor = SlowEditor()
    editor.texts["c.txt"] = "c\n"
    await desk.land("1.1", await changed(desk, "c"))
    assert desk.changed(0) == ["c.txt"]


async def test_a_command_that_is_cancelled_before_it_runs_has_changed_nothing(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, beginning = desk._watch.begin, asyncio.Event()
    goes_on, has_begun = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(key: Key) -> Started:
        loop.call_soon_threadsafe(beginning.set)
        assert goes_on.wait(5)
        started = begin(key)
        has_begun.set()
        return started

    async def command() -> None:
        async with desk.around_command("1.1", changes=True):
            raise AssertionError("it must not run")

    monkeypatch.setattr(desk._watch, "begin", slow)
    running = asyncio.create_task(command())
    await beginning.wait()
    running.cancel()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(has_begun.wait, 5)
    (root / "a.txt").write_text("the user's\n")
    assert Watch(desk._journal).recover("s") == []


async def test_what_a_cancelled_command_changed_is_known_when_it_has_ended(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end, ending = desk._watch.end, asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(started: Started) -> Changes:
        loop.call_soon_threadsafe(ending.set)
        return end(started)

    async def command() -> None:
        async with desk.around_command("1.1", changes=True):
            (root / "a.txt").write_text("the command's\n")

    monkeypatch.setattr(desk._watch, "end", slow)
    running = asyncio.create_task(command())
    await ending.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert desk.changed(0) == ["a.txt"]


async def test_a_run_that_is_shown_changes_makes_none(desk: Desk, root: Path) -> None:
    line = "cat a.txt c.txt; touch d.txt; echo more > b.txt"
    desk._buffers = editor = Editor()
    editor.texts["c.txt"] = "c\n"
    [of_c] = await changed(desk, "c")
    await desk.land("1.1", [of_c])  # into the document, which is not saved
    [of_a] = await changed(desk, "a")
    finished = await command(desk, "1.2", line, Allowed(False), [of_a])
    assert finished.output.startswith("new a\nnew c\n")
    assert texts(root) == ["a\n", "b\n", "c\n"]
    assert not (root / "d.txt").exists()


async def test_a_run_can_be_shown_a_new_file(
    desk: Desk, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = desk.new("made/e.txt", "e\n")
    assert desk.can_show([new])
    finished = await command(desk, "1.1", "cat a.txt made/e.txt", Allowed(False), [new])
    assert finished.output == "a\ne\n"
    assert not (root / "made").exists()
    monkeypatch.setattr(rooms, "MAX_ENTRIES", 2)
    assert not desk.can_show([new])


async def test_what_cannot_be_undone_of_a_command_is_told(desk: Desk, root: Path) -> None:
    (root / "large.bin").write_bytes(b"0" * (MAX_BYTES + 1))
    finished = await command(desk, "1.1", "touch large.bin", Allowed(False))
    assert report(finished).endswith("large.bin changed too; that can't be undone.")


async def test_a_command_that_made_too_much_to_look_at_has_still_ended(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MAX_FILES", 3)
    finished = await command(desk, "1.1", "echo made; touch d.txt", Allowed(False))
    assert report(finished).startswith("made\nExit status 0.\nThe workspace has more than")


def test_protected_files_that_a_command_made_are_told() -> None:
    finished = Finished(0, "", False, False, "", (".env.local", "x.pth"), 1.0)
    assert "It made .env.local, x.pth," in report(finished)


SECRET = "Tr0ub4dor#3x"
CONNECT = f'def connect():\n    return open(password="{SECRET}")\n'


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (EDIT, {"old": masked(CONNECT), "new": masked(CONNECT).replace("open", "closed")}),
        (REPLACE, {"name": "connect", "source": masked(CONNECT).replace("open", "closed")}),
    ],
)
async def test_an_edit_gets_back_what_the_model_saw_masked(
    desk: Desk, root: Path, tool: Tool, arguments: dict[str, str]
) -> None:
    (root / "a.py").write_text(CONNECT)
    await tool.run(desk, "1.1", {"path": "a.py", **arguments})
    assert (root / "a.py").read_text().strip() == CONNECT.replace("open", "closed").strip()


async def test_a_credential_of_another_file_is_not_written(desk: Desk, root: Path) -> None:
    with pytest.raises(AgentError, match="stands for a credential"):
        await EDIT.run(desk, "1.1", {"path": "b.txt", "old": "b", "new": placeholder(SECRET)})
    with pytest.raises(AgentError, match="stands for a credential"):
        await EDIT.run(desk, "1.1", {"path": "new.py", "old": "", "new": masked(CONNECT)})
    assert texts(root) == ["a\n", "b\n", "c\n"]
    (root / "b.txt").write_text(f"{placeholder(SECRET)} b\n")
    await EDIT.run(desk, "1.1", {"path": "b.txt", "old": " b", "new": " c"})
    assert texts(root)[1] == f"{placeholder(SECRET)} c\n"
