"""Turns in which the engine that answers fails, and another one goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.events import ThoughtChunk, TurnEnded
from lsp_server.engines.chat import ChatInfo, ChatRequest, Message, NativeCall
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ChatReply, ScriptedChat
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.engines.roles.order import Member
from lsp_server.errors import EngineCrashed
from lsp_server.workspace.index import Index
from tests.unit.agent.test_session import call, ended, prose, turn

OFFICE = ChatInfo("office", 8192, native_tools=True)
LAPTOP = ChatInfo("laptop", 4096)
SMALL = ChatInfo("small", 4096, parameters=1_500_000_000)
READ = ChatReply("I read it.", calls=(NativeCall("read", '{"path": "calc.py"}', "1"),))
BREAKS = ChatReply("It sub", crash=True)


def engine(info: ChatInfo, *replies: ChatReply | str) -> FakeEngine:
    """One that fails for good when it has said all."""
    left = list(replies)

    def next_reply(_request: ChatRequest) -> ChatReply | str:
        if not left:
            raise EngineCrashed(f"{info.model} is gone.")
        return left.pop(0)

    made = FakeEngine([])
    made.scripted_chat = ScriptedChat(next_reply, info)
    return made


Begin = Callable[..., Agent]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    index = Index(folder, tmp_path / "index.sqlite")
    opened: list[Agent] = []

    def open_agent(*engines: FakeEngine) -> Agent:
        members = [Member(each.scripted_chat.info.model, each, False) for each in engines]
        places = Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")
        opened.append(Agent(RoleEngine(members, members), folder, index, places=places))
        return opened[-1]

    yield open_agent
    for agent in opened:
        await agent.close()
    index.close()


def told(asked: Sequence[Message]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in asked[1:]]


async def test_another_engine_goes_on_in_the_middle_of_a_turn(begin: Begin) -> None:
    office, laptop = engine(OFFICE, READ, BREAKS), engine(LAPTOP, "It subtracts.")
    session = await begin(office, laptop).begin("all")
    events = await turn(session, "what does add do?")
    assert ended(events) == TurnEnded("end_turn", "It subtracts.")
    assert prose(events) == "I read it.It sub\n\nIt subtracts."
    thoughts = [event.text for event in events if isinstance(event, ThoughtChunk)]
    assert any("laptop is asked from now on" in text for text in thoughts)
    asked = laptop.chats[-1]
    assert not asked.tools
    assert not any(message.calls or message.call for message in asked.messages)
    (_, question), (_, called), (role, result) = told(asked.messages)
    assert question == "what does add do?"
    assert '"name": "read"' in called
    assert role == "user"
    assert result.startswith("Result of read:")
    assert "return a - b" in result


async def test_what_was_said_before_is_not_stored(begin: Begin) -> None:
    office, laptop = engine(OFFICE, BREAKS), engine(LAPTOP, "It subtracts.", "You're welcome.")
    agent = begin(office, laptop)
    session = await agent.begin("all")
    await turn(session, "what does add do?")
    await turn(session, "thanks")
    assert told(laptop.chats[-1].messages) == [
        ("user", "what does add do?"),
        ("assistant", "It subtracts."),
        ("user", "thanks"),
    ]
    prompts = [e.body["text"] for e in agent.store.entries(session.stored.id) if "text" in e.body]
    assert "It sub" not in prompts


async def test_calls_of_the_engine_that_stands_in_are_made(begin: Begin) -> None:
    office = engine(OFFICE)
    laptop = engine(LAPTOP, call("read", path="calc.py"), "It subtracts.")
    session = await begin(office, laptop).begin("all")
    events = await turn(session, "what does add do?")
    assert ended(events).answer == "It subtracts."


async def test_a_small_one_does_it_its_way_if_nothing_has_been_done(begin: Begin) -> None:
    office, small = engine(OFFICE, BREAKS), engine(SMALL, "It subtracts b from a.")
    session = await begin(office, small).begin("all")
    events = await turn(session, "what does add do?")
    assert ended(events).reason == "end_turn"
    assert ended(events).answer == "It subtracts b from a."


async def test_a_small_one_does_not_go_on_with_steps(begin: Begin) -> None:
    office, small = engine(OFFICE, READ, BREAKS), engine(SMALL, "It subtracts b from a.")
    session = await begin(office, small).begin("all")
    events = await turn(session, "what does add do?")
    assert ended(events).reason == "error"
    assert "too small to go on" in ended(events).problem
    events = await turn(session, "what does add do?")
    assert ended(events).answer == "It subtracts b from a."


async def test_a_chat_with_tools_of_one_endpoint_is_resumed_with_another_model(
    begin: Begin,
) -> None:
    session = await begin(engine(OFFICE, READ, "It subtracts.")).begin("all")
    await turn(session, "what does add do?")
    laptop = engine(LAPTOP, "Gladly.")
    resumed = await begin(laptop).resume(session.stored.id)
    events = await turn(resumed, "thanks")
    assert ended(events) == TurnEnded("end_turn", "Gladly.")
    assert [role for role, _ in told(laptop.chats[-1].messages)] == [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]


async def test_if_no_engine_is_left_that_is_told(begin: Begin) -> None:
    session = await begin(engine(OFFICE, BREAKS), engine(LAPTOP)).begin("all")
    events = await turn(session)
    assert ended(events).reason == "error"
    assert (
        ended(events).problem
        == "No engine can answer. office: office is gone. laptop: laptop is gone."
    )


async def test_an_answer_that_is_cut_off_says_so(begin: Begin) -> None:
    session = await begin(engine(SMALL, "word " * 400)).begin("all")
    events = await turn(session, "what does add do?")
    assert ended(events).reason == "max_tokens"
    assert "cut off" in ended(events).problem
