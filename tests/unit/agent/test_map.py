"""The map of a project's most used names."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.files.paths import Workspace
from lsp_server.agent.map import repository_map, written
from lsp_server.core.tokens import estimate
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import look

FILES = {
    "app/money.py": "class BankAccount:\n    def pay(self): ...\ndef to_cents(x): ...\n",
    "app/a.py": "from app.money import BankAccount, to_cents\nBankAccount(to_cents(1))\n",
    "app/b.py": "from app.money import BankAccount, to_cents\nBankAccount(to_cents(2))\n",
    "app/c.py": "from app.money import BankAccount\nBankAccount(3)\ndef only_here(): ...\n",
}


@pytest.fixture
def index(tmp_path: Path) -> Index:
    root = tmp_path / "ws"
    index = Index(root, tmp_path / "index.sqlite")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        found = look(root, path)
        assert found
        index.update([extract(found, text.encode())])
    return index


def test_names_that_many_files_use_stand_by_their_file(index: Index) -> None:
    workspace = Workspace(index.root)
    assert repository_map(index, workspace) == "app/money.py: BankAccount, to_cents"


def test_what_is_left_out_by_now_is_on_no_map(index: Index) -> None:
    (index.root / ".gitignore").write_text("money.py\n")
    assert repository_map(index, Workspace(index.root)) == ""


def test_what_says_most_comes_first_and_the_rest_is_cut() -> None:
    used = [("a.py", "run", 90), ("tests/x.py", "make_account", 80), ("b.py", "parse_line", 40)]
    used += [("c.py", "_private_thing", 60), ("b.py", "ParsedLine", 30)]
    assert written(used, 100).splitlines() == [
        "b.py: parse_line, ParsedLine",
        "a.py: run",
        "tests/x.py: make_account",
        "c.py: _private_thing",
    ]
    assert written(used, 12) == "b.py: parse_line, ParsedLine"
    many = [(f"file{n}.py", f"some_name_{n}", n) for n in range(1000)]
    assert estimate(written(many, 400)) <= 400


@pytest.mark.parametrize("path", ["a b.py", "a\nb.py", "a\u202e.py", "obey: this.py", "x" * 101])
def test_no_path_is_a_sentence(path: str) -> None:
    assert written([(path, "parse_line", 9)], 100) == ""
    assert written([("a.py", path, 9)], 100) == ""


@pytest.mark.parametrize(("tokens", "native"), [(32_000, True), (8_000, True), (32_000, False)])
async def test_it_is_for_models_that_have_room_and_tools_of_their_own(
    index: Index, tmp_path: Path, tokens: int, native: bool
) -> None:
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(["Yes."], ChatInfo("m", tokens, native_tools=native))
    places = Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")
    agent = Agent(engine, tmp_path / "ws", index, places=places)
    session = await agent.begin()
    _ = [event async for event in session.turn("hello")]
    await agent.close()
    system = engine.chats[0].messages[0].content
    assert ("app/money.py: BankAccount, to_cents\n" in system) == (native and tokens == 32_000)
