"""What a user points at in a message."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.desk import Desk
from lsp_server.agent.events import ToolStarted, ToolUpdated
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.files.ledger import Ledger
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.mentions import MAX_MENTIONS, Expanded, Mention, expanded, mentions
from lsp_server.agent.permissions import Permissions
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ChatReply
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import look

TEXT = "class Account:\n    def pay(self, sum):\n        return sum\n\n\ndef pay():\n    pass\n"
NAMESAKES = "".join(f"class {name}:\n    def pay(self): pass\n" for name in (*"BCDEF", "Last"))
ROOM = 2_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "ws"
    (folder / "a folder").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "bank.py").write_text(TEXT)
    (folder / "namesakes.py").write_text(NAMESAKES)
    (folder / "long.txt").write_text("".join(f"line {n}\n" for n in range(1, 3_001)))
    (folder / "a folder" / "x.txt").write_text("in a folder\n")
    (folder / ".env").write_text("canary\n")
    (folder / "link.txt").symlink_to("/etc/hostname")
    return folder


class Editor:
    async def text(self, path: str) -> str | None:
        return None

    async def apply(self, changes: object) -> bool:
        return False

    async def problems(self, path: str) -> list[str] | None:
        return [f"{path}:2: sum hides a builtin"]


@pytest.fixture
def desk(root: Path, tmp_path: Path) -> Desk:
    index = Index(root, tmp_path / "index.sqlite")
    for name, text in (("bank.py", TEXT), ("namesakes.py", NAMESAKES)):
        found = look(root, name)
        assert found
        index.update([extract(found, text.encode())])
    journal = Journal(Workspace(root), Ledger(tmp_path / "journal", root))
    permissions = Permissions("ask", Decisions(tmp_path / "d.sqlite", root))
    return Desk("s", journal, index, permissions, buffers=Editor())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see @bank.py.", [Mention("bank.py")]),
        ("see @bank.py:2-3, and @bank.py", [Mention("bank.py", 2, 3), Mention("bank.py")]),
        ("(@a/b.py:7)", [Mention("a/b.py", 7)]),
        ('@"a folder/x.txt" and @bank.py:1', [Mention("a folder/x.txt"), Mention("bank.py", 1)]),
        ("me@example.org, @@x, @ y", []),
        ("@diff @diff", [Mention("diff")]),
        ("@a.py\n```\n@property\n```\n@b.py", [Mention("a.py"), Mention("b.py")]),
        ("````x\n@a\n```\n@b\n````", []),
        ("```@a``` and @b", [Mention("a"), Mention("b")]),
        ("@Account.pay?", [Mention("Account.pay")]),
        (" ".join(f"@f{n}" for n in range(50)), [Mention(f"f{n}") for n in range(MAX_MENTIONS)]),
    ],
)
def test_they_are_found(text: str, found: list[Mention]) -> None:
    assert mentions(text) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@bank.py:2-3", "bank.py, lines 2 to 3 of 7:\n2:     def pay(self, sum):\n3:  "),
        ("@Account.pay", "bank.py, lines 2 to 3 of 7:"),
        ("@pay", "bank.py, lines 6 to 7 of 7:"),
        ('@"a folder/x.txt"', "1: in a folder"),
        ("@bank.py:99", "has only 7 lines"),
        ("@nothing.py", "@nothing.py: There is no such file"),
        ("@.env", "@.env: .env is not read"),
        ("@../x.py", "leads upwards"),
        ("@/etc/passwd", "outside of the workspace"),
        ("@link.txt", "is a link"),
        ('@"a folder"', "Files in a folder:\na folder/x.txt"),
        ('@"a folder/"', "a folder/x.txt"),
        ("@bank.py @empty/", "no file of it may be read"),
        ('@bank.py @"a folder/" @diagnostics', "bank.py:2: sum hides a builtin"),
        ("@Last.pay", "12:     def pay(self): pass"),
        ("@diff", "in no git repository"),
        ("@diagnostics @bank.py", "bank.py:2: sum hides a builtin"),
    ],
)
async def test_what_is_found_is_shown_and_the_rest_said(desk: Desk, text: str, shown: str) -> None:
    told = (await expanded(desk, text, ROOM)).text
    assert shown in told
    assert "canary" not in told


async def test_words_stay_words(desk: Desk) -> None:
    assert await expanded(desk, "add @property to it, me@bank.py", ROOM) == Expanded("", {})


async def test_it_fits_into_its_room(desk: Desk) -> None:
    told = (await expanded(desk, "@long.txt @bank.py", 300)).text
    assert len(told) < 1_000
    assert "[cut" in told
    assert "7:     pass" in told


async def test_the_diff_of_a_repository(desk: Desk, root: Path) -> None:
    git = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", "bank.py"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)  # noqa: ASYNC221
    (root / "bank.py").write_text(TEXT.replace("return sum", "return 2"))
    assert "+        return 2" in (await expanded(desk, "@diff", ROOM)).text


@pytest.fixture
async def agent(root: Path, tmp_path: Path) -> AsyncIterator[Agent]:
    index = Index(root, tmp_path / "index.sqlite")
    places = Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")
    engine = FakeEngine([], chat=[ChatReply("Yes."), ChatReply("Still.")])
    agent = Agent(engine, root, index, places=places)
    yield agent
    await agent.close()


async def test_the_user_is_told_what_could_not_be_shown(agent: Agent) -> None:
    session = await agent.begin()
    events = [event async for event in session.turn("mend @bank.py @gone.py @diagnostics")]
    titles = [event.title for event in events if isinstance(event, ToolStarted)]
    assert titles == ["Look up @gone.py", "Look up @diagnostics"]
    failed = [e.text for e in events if isinstance(e, ToolUpdated) and e.status == "failed"]
    nothing_open = "No editor is connected, so nothing is known."
    assert failed == ["There is no such file or definition.", nothing_open]


async def test_the_model_is_told_behind_the_users_words_and_again_later(agent: Agent) -> None:
    session = await agent.begin()
    _ = [event async for event in session.turn("what is in @bank.py:6-7?")]
    resumed = await agent.resume(session.stored.id)
    _ = [event async for event in resumed.turn("sure?")]
    first, second = (chat.messages for chat in agent._engine.chats)  # type: ignore[attr-defined]
    assert first[1].content.startswith("what is in @bank.py:6-7?\n\nWhat the user points at")
    assert "6: def pay():\n7:     pass" in first[1].content
    assert second[1] == first[1]
    stored = agent.store.entries(session.stored.id)
    assert stored[0].body == {"text": "what is in @bank.py:6-7?"}
