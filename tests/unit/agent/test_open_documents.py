"""Edits of documents that are open in an editor, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.desk import Change
from lsp_server.agent.events import ToolUpdated, TurnEnded
from lsp_server.agent.session import Session
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.errors import UndoRefused
from lsp_server.workspace.index import Index
from tests.unit.agent.test_session import FIX, TEXT

UNSAVED = TEXT + "\nUNSAVED = 1\n"
MENDED = UNSAVED.replace("-", "+")


class Editor:
    """Documents in memory; `moved` has every edit refused, as of another version."""

    def __init__(self, **texts: str) -> None:
        self.texts = {f"{name}.py": text for name, text in texts.items()}
        self.moved = False

    async def text(self, path: str) -> str | None:
        return self.texts.get(path)

    async def apply(self, changes: Sequence[Change]) -> bool:
        if self.moved or any(self.texts[each.path] != each.file.text for each in changes):
            return False
        self.texts |= {each.path: each.text for each in changes}
        return True

    async def problems(self, path: str) -> list[str] | None:
        return ["2: b is no number"] if self.texts.get(path) == MENDED else []


@pytest.fixture
def editor() -> Editor:
    return Editor(calc=UNSAVED)


@pytest.fixture
async def agent(tmp_path: Path, editor: Editor) -> AsyncIterator[Agent]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "calc.py").write_text(TEXT)
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat([FIX, "Done."], ChatInfo("script", 4096))
    index = Index(root, tmp_path / "index.sqlite")
    places = Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")
    agent = Agent(engine, root, index, buffers=editor, places=places)
    yield agent
    await agent.close()
    index.close()


async def turn(session: Session) -> TurnEnded:
    async with aclosing(session.turn("mend add")) as events:
        last = [event async for event in events][-1]
    assert isinstance(last, TurnEnded)
    return last


async def test_it_is_edited_there_and_taken_back(
    agent: Agent, editor: Editor, tmp_path: Path
) -> None:
    session = await agent.begin("edit")
    assert (await turn(session)).changed == ("calc.py",)
    assert editor.texts["calc.py"] == MENDED
    assert (tmp_path / "project" / "calc.py").read_text() == TEXT
    session = await agent.resume(session.stored.id, "ask")
    assert (await agent.undo_latest(session.stored.id, ["other.py"])).paths == ()
    assert editor.texts["calc.py"] == MENDED
    assert (await agent.undo_latest(session.stored.id, ["calc.py"])).paths == ("calc.py",)
    assert editor.texts["calc.py"] == UNSAVED
    assert (await agent.undo_latest(session.stored.id)).paths == ()


async def test_the_user_is_told_problems_and_the_model_to_mend_them(agent: Agent) -> None:
    session = await agent.begin("edit")
    async with aclosing(session.turn("mend add")) as events:
        told = [e.text async for e in events if isinstance(e, ToolUpdated) and e.diff]
    assert told == ["Written: calc.py.\nNew problems:\n2: b is no number"]
    heard = agent._engine.chats[1].messages[-1].content  # type: ignore[attr-defined]
    assert heard.endswith(f"{told[0]}\nMend these problems.")


async def test_what_was_written_since_stays(agent: Agent, editor: Editor) -> None:
    session = await agent.begin("edit")
    await turn(session)
    editor.texts["calc.py"] += "more = 2\n"
    await session.take_back()
    assert editor.texts["calc.py"] == UNSAVED + "more = 2\n"


async def test_it_is_not_taken_back_over_later_lines(agent: Agent, editor: Editor) -> None:
    session = await agent.begin("edit")
    await turn(session)
    editor.texts["calc.py"] = MENDED.replace("a + b", "a * b")
    with pytest.raises(UndoRefused, match="same lines"):
        await session.take_back()
    assert "a * b" in editor.texts["calc.py"]


async def test_a_document_that_was_saved_and_closed_is_written(
    agent: Agent, editor: Editor, tmp_path: Path
) -> None:
    session = await agent.begin("edit")
    await turn(session)
    file = tmp_path / "project" / "calc.py"
    file.write_text(editor.texts.pop("calc.py"))
    assert await session.take_back() == ["calc.py"]
    assert file.read_text() == UNSAVED


async def test_a_document_that_moved_on_is_not_edited(agent: Agent, editor: Editor) -> None:
    editor.moved = True
    session = await agent.begin("edit")
    assert (await turn(session)).changed == ()
    assert editor.texts["calc.py"] == UNSAVED


async def test_a_credential_that_is_not_saved_is_not_read_either(
    agent: Agent, editor: Editor
) -> None:
    unsaved = editor.texts["calc.py"] = TEXT + "KEY = 'AKIA" + "QWERTYUIOPASDFGH'\n"
    await turn(await agent.begin("edit"))
    assert editor.texts["calc.py"] == unsaved
