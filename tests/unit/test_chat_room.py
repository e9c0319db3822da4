"""What a crash leaves of a session, as the room of its folder tells and undoes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_server.agent.agent import Places, open_journal
from lsp_server.agent.desk import Buffers
from lsp_server.agent.events import Choice, Event, Question
from lsp_server.agent.files.ledger import Key
from lsp_server.agent.files.snapshot import Watch
from lsp_server.agent.files.state import look
from lsp_server.edge.chat.room import Room
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.errors import PathRefused


class Client:
    """Answers every question alike."""

    def __init__(self) -> None:
        self.answer: Choice = "reject_once"
        self.asked: list[Question] = []

    async def tell(self, session: str, turn: int, event: Event, /) -> None:
        pass

    async def ask(self, session: str, question: Question) -> Choice:
        self.asked.append(question)
        return self.answer

    def buffers(self, session: str) -> Buffers | None:
        return None


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path / "state"))
    return Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")


@pytest.fixture
async def room(tmp_path: Path, places: Places, client: Client) -> AsyncIterator[Room]:
    root = tmp_path / "ws"
    root.mkdir()
    (root / "a.py").write_text("a = 1\n")
    (root / "b.py").write_text("b = 1\n")
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(["Done."], ChatInfo("script", 4096))
    room = Room(root, lambda: engine, client, places=places)
    yield room
    await room.end()


async def crashed(room: Room, places: Places) -> str:
    """A session whose process died during a command, after an edit; then the user went on."""
    session = (await room.begin("all")).stored.id
    await room.turn(session, "hello")
    await room.close(session)
    journal = open_journal(room.root, places)
    state = look(journal.workspace, "b.py")
    assert state
    journal.write(Key(session, "1", "1.1"), "b.py", b"b = 2\n", expected=state.digest)
    Watch(journal).begin(Key(session, "1", "1.2"))
    journal.ledger.close()
    (room.root / "a.py").write_text("the user's\n")
    return session


async def test_it_is_told_and_stays_if_the_user_does_not_say_yes(
    room: Room, places: Places, client: Client
) -> None:
    session = await crashed(room, places)
    (note,) = (await room.open(session)).notes
    assert note.startswith("a.py changed during a command that was cut off, or since then")
    assert (await room.undo(session)).paths == ("b.py",)
    assert (room.root / "b.py").read_text() == "b = 1\n"
    assert (room.root / "a.py").read_text() == "the user's\n"
    assert [each.title for each in client.asked] == ["Undo the changes of a.py?"]
    assert (await room.undo(session)).paths == ()


async def test_it_is_not_asked_about_where_other_files_are_undone(
    room: Room, places: Places, client: Client
) -> None:
    session = await crashed(room, places)
    await room.open(session)
    assert (await room.undo(session, paths=[str(room.root / "b.py")])).paths == ("b.py",)
    assert (await room.undo(session, paths=[str(room.root / "b.py")])).paths == ()
    assert not client.asked
    with pytest.raises(PathRefused, match="outside of the workspace"):
        await room.undo(session, paths=[str(room.root.parent / "b.py")])


async def test_it_is_undone_if_the_user_says_yes(
    room: Room, places: Places, client: Client
) -> None:
    session = await crashed(room, places)
    await room.open(session)
    client.answer = "allow_once"
    assert (await room.undo(session)).paths == ("a.py", "b.py")
    assert (room.root / "a.py").read_text() == "a = 1\n"
    assert (await room.undo(session)).paths == ()
    assert len(client.asked) == 1
