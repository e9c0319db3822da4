"""A small project, and turns in it with a scripted model that is too small for tools."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.events import Event, ToolStarted, TurnEnded
from lsp_server.agent.session import Session
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ChatScript, ScriptedChat
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import look

SMALL = ChatInfo("script-1b", 4096, takes_grammar=True, takes_begun=True)
PROJECT = Path(__file__).with_name("project.txt")


@dataclass
class Project:
    """A folder, and a way to ask for something in it."""

    root: Path
    agent: Agent
    engine: FakeEngine
    index: Index
    places: Places
    session: Session | None = None
    """The last one."""

    async def ask(self, text: str, script: ChatScript = (), mode: str = "all") -> list[Event]:
        self.engine.scripted_chat = ScriptedChat(script, SMALL)
        self.session = await self.agent.begin(mode)
        async with aclosing(self.session.turn(text)) as events:
            return [event async for event in events]

    def text(self, path: str) -> str:
        return (self.root / path).read_text()

    def texts(self) -> dict[str, str]:
        return {str(p.relative_to(self.root)): p.read_text() for p in self.root.rglob("*.py")}


def ended(events: list[Event]) -> TurnEnded:
    last = events[-1]
    assert isinstance(last, TurnEnded)
    return last


def titles(events: list[Event]) -> list[str]:
    return [event.title for event in events if isinstance(event, ToolStarted)]


def _files() -> Iterator[tuple[str, str]]:
    for part in PROJECT.read_text("utf-8").split("=== ")[1:]:
        path, _, text = part.partition("\n")
        yield path, text.rstrip("\n") + "\n"


@pytest.fixture
async def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Project]:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    root = tmp_path / "project"
    index = Index(root, tmp_path / "index.sqlite")
    for path, text in _files():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if found := look(root, path):
            index.update([extract(found, text.encode())])
    engine = FakeEngine([])
    places = Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")
    agent = Agent(engine, root, index, places=places)
    yield Project(root, agent, engine, index, places)
    await agent.close()
    index.close()
