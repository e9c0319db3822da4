"""Turns of the agent with a scripted model: exact from the message to the file on the disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.events import (
    Choice,
    Event,
    MessageChunk,
    Question,
    ToolStarted,
    ToolUpdated,
    TurnEnded,
)
from lsp_server.agent.guard import STOP
from lsp_server.agent.session import Session
from lsp_server.edge.chat.replay import replayed
from lsp_server.engines.chat import ChatInfo, ChatRequest, NativeCall
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ChatReply, ChatScript, ScriptedChat
from lsp_server.errors import UsageError
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import look

TEXT = "def add(a, b):\n    return a - b\n"
PLAIN = ChatInfo("script", 4096)


def call(name: str, **arguments: object) -> str:
    """A call as small models write it."""
    body = json.dumps({"name": name, "arguments": arguments})
    return f"I will do that.\n```json\n{body}\n```\n"


FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")


class User:
    """Answers questions as it was told, and remembers them."""

    def __init__(self, *answers: Choice) -> None:
        self.answers = list(answers)
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> Choice:
        self.asked.append(question)
        return self.answers.pop(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "calc.py").write_text(TEXT)
    (root / ".env").write_text("KEY=canary")
    return root


Begin = Callable[..., Agent]


@pytest.fixture
async def begin(folder: Path, tmp_path: Path) -> AsyncIterator[Begin]:
    opened: list[Agent] = []
    index = Index(folder, tmp_path / "index.sqlite")
    found = look(folder, "calc.py")
    assert found
    index.update([extract(found, TEXT.encode())])

    def open_agent(script: ChatScript, user: User | None = None, info: ChatInfo = PLAIN) -> Agent:
        engine = FakeEngine([])
        engine.scripted_chat = ScriptedChat(script, info)
        places = Places(tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "journal")
        ask = (user or User()).ask
        opened.append(Agent(engine, folder, index, ask=ask, places=places))
        return opened[-1]

    yield open_agent
    for agent in opened:
        await agent.close()
    index.close()


async def turn(session: Session, text: str = "mend add") -> list[Event]:
    async with aclosing(session.turn(text)) as events:
        return [event async for event in events]


def ended(events: list[Event]) -> TurnEnded:
    last = events[-1]
    assert isinstance(last, TurnEnded)
    assert not any(isinstance(event, TurnEnded) for event in events[:-1])
    return last


def prose(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, MessageChunk))


def failures(events: list[Event]) -> list[str]:
    return [e.text for e in events if isinstance(e, ToolUpdated) and e.status == "failed"]


async def test_an_answer_without_calls_ends_the_turn(begin: Begin) -> None:
    session = await begin(["It subtracts, see calc.py:2."]).begin()
    events = await turn(session)
    assert prose(events) == "It subtracts, see calc.py:2."
    assert ended(events) == TurnEnded("end_turn", "It subtracts, see calc.py:2.")


async def test_a_file_is_read_edited_and_put_back(begin: Begin, folder: Path) -> None:
    agent = begin([call("read", path="calc.py"), FIX, "Done."])
    session = await agent.begin("edit")
    events = await turn(session)
    assert ended(events) == TurnEnded("end_turn", "Done.", ("calc.py",))
    assert (folder / "calc.py").read_text() == TEXT.replace("-", "+")
    assert "json" not in prose(events)
    titles = [event.title for event in events if isinstance(event, ToolStarted)]
    assert titles == ["Read calc.py", "Edit calc.py"]
    diffs = [event.diff for event in events if isinstance(event, ToolUpdated) and event.diff]
    assert [(diff.old, diff.new) for diff in diffs] == [(TEXT, TEXT.replace("-", "+"))]
    undone = await agent.undo(session.stored.id, 1)
    assert undone.paths == ("calc.py",)
    assert (folder / "calc.py").read_text() == TEXT


async def test_the_user_is_asked_and_may_say_no(begin: Begin, folder: Path) -> None:
    user = User("reject_once", "allow_once")
    session = await begin([FIX, FIX, "Done."], user).begin("ask")
    events = await turn(session)
    assert (folder / "calc.py").read_text() == TEXT.replace("-", "+")
    assert [question.diff.path for question in user.asked if question.diff] == ["calc.py"] * 2
    statuses = [
        e.status for e in events if isinstance(e, ToolUpdated) and e.status != "in_progress"
    ]
    assert statuses == ["failed", "completed"]


async def test_a_refusal_is_told_to_the_user_and_advice_to_the_model(begin: Begin) -> None:
    heard: list[str] = []

    def say(request: ChatRequest) -> str:
        heard.append(request.messages[-1].content)
        return FIX if len(heard) == 1 else "Well."

    events = await turn(await begin(say, User("reject_once")).begin())
    told = "The answer was no, so it is not done."
    assert failures(events) == [told]
    assert heard[1].endswith(f"{told}\nDo something else, or ask what the user wants.")


async def test_plan_mode_neither_writes_nor_runs(begin: Begin, folder: Path) -> None:
    script = [FIX, call("run", command="touch made"), "I would change calc.py."]
    events = await turn(await begin(script).begin("plan"))
    assert ended(events).reason == "end_turn"
    assert (folder / "calc.py").read_text() == TEXT
    assert not (folder / "made").exists()
    assert {each.kind for each in events if isinstance(each, ToolStarted)} == {"other"}


async def test_what_would_not_parse_is_not_written(begin: Begin, folder: Path) -> None:
    broken = call("edit", path="calc.py", old="return a - b", new="return (a + b")
    events = await turn(await begin([broken, "Sorry."]).begin("all"))
    failed = [e for e in events if isinstance(e, ToolUpdated) and e.status == "failed"]
    assert "would not parse" in failed[0].text
    assert (folder / "calc.py").read_text() == TEXT


async def test_a_new_file_is_written_and_taken_back(begin: Begin, folder: Path) -> None:
    agent = begin([call("edit", path="tests/test_calc.py", old="", new="x = 1\n"), "Done."])
    session = await agent.begin("edit")
    assert ended(await turn(session)).changed == ("tests/test_calc.py",)
    assert (folder / "tests" / "test_calc.py").read_text() == "x = 1\n"
    await agent.undo(session.stored.id)
    assert not (folder / "tests").exists()


async def test_protected_files_are_asked_about_in_every_mode(begin: Begin, folder: Path) -> None:
    user = User("reject_once")
    write = call("edit", path=".vscode/settings.json", old="", new="{}")
    events = await turn(await begin([write, "Well."], user).begin("all"))
    assert "editors obey it" in user.asked[0].reason
    assert not (folder / ".vscode").exists()
    assert ended(events).changed == ()


async def test_a_protected_file_is_written_if_the_user_says_so(begin: Begin, folder: Path) -> None:
    write = call("edit", path=".vscode/settings.json", old="", new="{}")
    agent = begin([write, "Done."], User("allow_once"))
    events = await turn(await agent.begin("ask"))
    assert ended(events).changed == (".vscode/settings.json",)
    assert (folder / ".vscode" / "settings.json").read_text() == "{}"


@pytest.mark.parametrize("path", [".env", "../outside.py", "/etc/passwd"])
async def test_what_is_secret_or_outside_is_not_read(begin: Begin, path: str) -> None:
    agent = begin([call("read", path=path), "I can't."])
    events = await turn(await agent.begin("all"))
    failed = [e for e in events if isinstance(e, ToolUpdated) and e.status == "failed"]
    assert failed
    assert "canary" not in repr(events)


async def test_circles_end_the_turn(begin: Begin) -> None:
    events = await turn(await begin([call("read", path="calc.py")] * 20).begin())
    assert ended(events).reason == "refusal"
    assert sum(isinstance(event, ToolStarted) for event in events) == STOP


async def test_a_call_that_can_not_be_read_is_told(begin: Begin) -> None:
    agent = begin(['```json\n{"name": "read", "arguments": {}}\n```', ChatReply("Oh.", "path")])
    events = await turn(await agent.begin())
    assert prose(events) == "Oh."
    (told,) = failures(events)
    assert "path" in told


async def test_a_tool_that_there_is_not_is_told(begin: Begin) -> None:
    agent = begin([call("open_file", path="calc.py"), ChatReply("Oh.", "There is no tool")])
    session = await agent.begin()
    events = await turn(session)
    assert ended(events).answer == "Oh."
    titles = [event.title for event in events if isinstance(event, ToolStarted)]
    assert titles == ["A call that could not be made"]
    (told,) = failures(events)
    assert told.startswith("There is no tool")
    updates = replayed(agent.store.entries(session.stored.id)).updates
    (content,) = [each["content"] for _, each in updates if each.get("status") == "failed"]
    assert content[0]["content"]["text"] == told


async def test_half_a_text_is_not_written(begin: Begin, folder: Path) -> None:
    half = '```json\n{"name": "edit", "arguments": {"path": "new.py", "old": "", "new": "x = 1'
    agent = begin([half, ChatReply("Sorry.", "Write it again")])
    assert ended(await turn(await agent.begin("all"))).answer == "Sorry."
    assert not (folder / "new.py").exists()


BLOCK = "calc.py\n<<<<<<< SEARCH\n    return a - b\n=======\n    return a + b\n>>>>>>> REPLACE\n"


async def test_edits_may_be_written_as_blocks(begin: Begin, folder: Path) -> None:
    agent = begin([f"I mend it.\n\n{BLOCK}", "Done."])
    events = await turn(await agent.begin("edit"))
    assert ended(events).answer == "Done."
    assert (folder / "calc.py").read_text() == TEXT.replace("-", "+")
    system = agent._engine.chats[0].messages[0].content  # type: ignore[attr-defined]
    assert "<<<<<<< SEARCH" in system
    assert "edit(" not in system


async def test_blocks_without_a_path_are_told_and_not_guessed(begin: Begin, folder: Path) -> None:
    script = [BLOCK.partition("\n")[2], ChatReply("Sorry.", "path on the line above")]
    events = await turn(await begin(script).begin("edit"))
    assert ended(events).answer == "Sorry."
    assert (folder / "calc.py").read_text() == TEXT


async def test_blocks_change_nothing_where_nothing_may_be_changed(
    begin: Begin, folder: Path
) -> None:
    events = await turn(await begin([BLOCK]).begin("plan"))
    assert ended(events).reason == "end_turn"
    assert (folder / "calc.py").read_text() == TEXT


async def test_a_call_that_was_cancelled_has_an_answer_all_the_same(begin: Begin) -> None:
    info = ChatInfo("strong", 8192, native_tools=True)
    calls = (NativeCall("run", '{"command": "sleep 60"}', "c1"), NativeCall("list", "{}", "c2"))
    agent = begin([ChatReply("", calls=calls), "Yes."], info=info)
    session = await agent.begin("all")
    async with aclosing(session.turn("go")) as stream:
        async for event in stream:
            if isinstance(event, ToolUpdated):
                session.cancel()
    await turn(session, "and now?")
    told = agent._engine.chats[1].messages  # type: ignore[attr-defined]
    answered = [message.call.id for message in told if message.role == "tool"]
    assert answered == ["c1", "c2"]
    assert told[-1].content == "and now?"


async def test_what_was_said_until_it_was_cancelled_is_told_again(begin: Begin) -> None:
    slow = ChatReply("alpha " * 500, seconds_per_token=0.01)
    agent = begin([slow, "Later."])
    session = await agent.begin()
    async with aclosing(session.turn("go")) as stream:
        async for event in stream:
            if isinstance(event, MessageChunk):
                session.cancel()
    await turn(session, "and now?")
    told = agent._engine.chats[1].messages  # type: ignore[attr-defined]
    assert [message.role for message in told] == ["system", "user", "assistant", "user"]
    assert told[2].content.startswith("alpha")


async def test_a_fault_of_ours_ends_the_turn_with_a_sentence(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await begin(["Hello.", "Again."]).begin()
    with monkeypatch.context() as broken:
        broken.setattr("lsp_server.agent.conversation.fitted", lambda *_: 1 / 0)
        events = await turn(session)
    assert ended(events).reason == "error"
    assert "ZeroDivisionError" in ended(events).problem
    assert ended(await turn(session)).answer == "Hello."


async def test_native_calls_are_answered_as_such(begin: Begin) -> None:
    info = ChatInfo("strong", 8192, native_tools=True)
    first = ChatReply("", calls=(NativeCall("read", '{"path": "calc.py"}', "c7"),))
    agent = begin([first, "It subtracts."], info=info)
    events = await turn(await agent.begin())
    assert ended(events).answer == "It subtracts."
    request = agent._engine.chats[1]  # type: ignore[attr-defined]
    assert request.tools
    assert request.messages[-1].role == "tool"
    assert request.messages[-1].call.id == "c7"
    assert "2:     return a - b" in request.messages[-1].content


async def test_a_crash_of_the_model_ends_the_turn_with_a_sentence(begin: Begin) -> None:
    events = await turn(await begin([ChatReply("I", crash=True)]).begin())
    assert ended(events).reason == "error"
    assert "crashed" in ended(events).problem


async def test_cancelling_ends_it_and_the_session_goes_on(begin: Begin) -> None:
    slow = ChatReply("word " * 500, seconds_per_token=0.01)
    session = await begin([slow, "Later."]).begin()
    events: list[Event] = []
    async with aclosing(session.turn("go")) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, MessageChunk):
                session.cancel()
    assert ended(events).reason == "cancelled"
    assert ended(await turn(session)).answer == "Later."


@pytest.mark.parametrize("steps", range(12))
async def test_a_turn_can_be_cancelled_at_any_moment(begin: Begin, steps: int) -> None:
    session = await begin([call("read", path="calc.py"), "It subtracts.", "Later."]).begin()
    work = asyncio.create_task(turn(session))
    for _ in range(steps * 3):
        await asyncio.sleep(0)
    session.cancel()
    session.cancel()
    assert ended(await work).reason in ("cancelled", "end_turn")
    assert ended(await turn(session)).reason == "end_turn"


async def test_what_is_permitted_holds_in_the_turn_that_runs(begin: Begin, folder: Path) -> None:
    session = await begin([FIX, "I can't."]).begin("edit")
    async with aclosing(session.turn("mend add")) as events:
        async for event in events:
            if isinstance(event, ToolStarted):
                session.permit("plan")
    assert (folder / "calc.py").read_text() == TEXT


async def test_it_is_resumed_as_it_was(begin: Begin) -> None:
    first = begin([call("read", path="calc.py"), "It subtracts."])
    session = await first.begin("edit")
    await turn(session, "what does add do?")
    again = begin([ChatReply("Yes.", "sure")])
    resumed = await again.resume(session.stored.id)
    assert resumed.interrupted == ""
    await turn(resumed, "are you sure?")
    told = [message.content for message in again._engine.chats[0].messages]  # type: ignore[attr-defined]
    assert told[1] == "what does add do?"
    assert "return a - b" in told[3]
    assert told[4:] == ["It subtracts.", "are you sure?"]
    with pytest.raises(UsageError, match="no mode"):
        await again.resume(session.stored.id, "yolo")


async def test_it_is_named_by_its_first_message(begin: Begin) -> None:
    agent = begin(["Yes.", "Still."])
    session = await agent.begin()
    await turn(session, "what does add do?")
    await turn(session, "sure?")
    assert agent.store.get(session.stored.id).title == "what does add do?"


async def test_a_window_that_is_full_is_said_so(begin: Begin) -> None:
    session = await begin(["never"], info=ChatInfo("small", 1400)).begin()
    events = await turn(session, "word " * 2000)
    assert ended(events).reason == "max_tokens"
    assert "window" in ended(events).problem


async def test_commands_run_and_what_they_change_can_be_undone(begin: Begin, folder: Path) -> None:
    agent = begin([call("run", command="touch made.txt"), "Done."])
    session = await agent.begin("all")
    events = await turn(session, "make a file")
    assert ended(events).changed == ("made.txt",)
    assert (folder / "made.txt").exists()
    await agent.undo(session.stored.id)
    assert not (folder / "made.txt").exists()


async def test_a_turn_that_nobody_listens_to_any_more_is_over(begin: Begin) -> None:
    session = await begin([ChatReply("word " * 500, seconds_per_token=0.01)]).begin()
    before = asyncio.all_tasks()
    async with aclosing(session.turn("go")) as stream:
        async for event in stream:
            if isinstance(event, MessageChunk):
                break
    assert asyncio.all_tasks() == before
