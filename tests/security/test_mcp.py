"""Tools of other programs: real servers used, rude ones borne, none started unasked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.events import Choice, Event, Question, ToolUpdated, TurnEnded
from lsp_server.agent.mcp import connection
from lsp_server.agent.mcp.config import Server, parse
from lsp_server.agent.mcp.fleet import Fleet
from lsp_server.agent.tools.base import ToolFailed
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.workspace.index import Index
from tests.mcp_servers import RUDE, npm_server

ROOM = 100_000


def rude(how: str, *arguments: str, name: str = "rude") -> Server:
    return Server(name, Path.home(), (sys.executable, str(RUDE), how, *arguments))


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    fleet = Fleet(start_seconds=20)
    yield fleet
    await fleet.close()


class User:
    def __init__(self, answer: Choice) -> None:
        self.answer = answer
        self.asked: list[Question] = []

    async def ask(self, question: Question) -> Choice:
        self.asked.append(question)
        return self.answer


Begin = Callable[..., Agent]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    root = tmp_path / "ws"
    root.mkdir()
    opened: list[Agent] = []

    def agent(user: User, script: list[str], own: dict[str, object] | None = None) -> Agent:
        places = Places(
            tmp_path / "s.sqlite", tmp_path / "d.sqlite", tmp_path / "j", tmp_path / "mcp.json"
        )
        (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": own or {}}))
        engine = FakeEngine([])
        engine.scripted_chat = ScriptedChat(script, ChatInfo("script", 32_000))
        index = Index(root, tmp_path / "index.sqlite")
        opened.append(Agent(engine, root, index, ask=user.ask, places=places))
        return opened[-1]

    yield agent
    for each in opened:
        await each.close()


def call(name: str, **arguments: object) -> str:
    return f"```json\n{json.dumps({'name': name, 'arguments': arguments})}\n```"


async def turn(agent: Agent, mode: str = "all") -> list[Event]:
    session = await agent.begin(mode)
    return [event async for event in session.turn("go")]


def results(events: list[Event]) -> list[tuple[str, str]]:
    ends = ("completed", "failed")
    return [(e.status, e.text) for e in events if isinstance(e, ToolUpdated) and e.status in ends]


async def test_real_servers_of_the_user_are_used(begin: Begin, tmp_path: Path) -> None:
    (tmp_path / "ws" / "notes.txt").write_text("buy milk\n")
    every, files = npm_server("server-everything"), npm_server("server-filesystem")
    own = {
        "every": {"command": every[0], "args": [every[1]]},
        "files": {"command": files[0], "args": [files[1], str(tmp_path / "ws")]},
    }
    script = [
        call("every__echo", message="hello"),
        call("every__get-sum", a=2, b=40),
        call("files__read_text_file", path=str(tmp_path / "ws" / "notes.txt")),
        call("files__read_text_file", path="/etc/passwd"),
        "Done.",
    ]
    user = User("allow_once")
    found = results(await turn(begin(user, script, own)))
    assert found[0] == ("completed", "Echo: hello")
    assert "42" in found[1][1]
    assert found[2] == ("completed", "buy milk")
    assert found[3][0] == "failed"
    assert [question.title for question in user.asked[:2]] == [
        "Call every__echo",
        "Call every__get-sum",
    ]
    assert user.asked[1].detail == '{"a": 2, "b": 40}'


async def test_a_real_server_at_an_address(fleet: Fleet, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = await asyncio.create_subprocess_exec(
        *npm_server("server-everything"),
        "streamableHttp",
        env=os.environ | {"PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert started.stderr
    try:
        async with asyncio.timeout(20):
            while b"listening" not in (await started.stderr.readline()).lower():
                pass
        server = Server("web", Path.home(), url=f"http://127.0.0.1:{port}/mcp")
        tools, problems = await fleet.tools([server], ROOM)
        assert problems == []
        assert "web__echo" in {tool.schema.name for tool in tools}
        live = fleet._running[server.digest]
        assert await live.call("echo", {"message": "hello"}) == "Echo: hello"
        assert not live.has_ended
        started.kill()
        await started.communicate()
        with pytest.raises(ToolFailed):
            await live.call("echo", {"message": "hello"})
        assert live.has_ended
    finally:
        await fleet.close()
        if started.returncode is None:
            started.kill()
            await started.communicate()


@pytest.mark.parametrize("how", ["hang", "flood", "endless line", "die", "nonsense"])
async def test_a_rude_server_does_not_stop_a_turn(
    begin: Begin, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CALL_SECONDS", 2.0)
    own = {"rude": {"command": sys.executable, "args": [str(RUDE), how]}}
    agent = begin(User("allow_once"), [call("rude__go"), "Well."], own)
    events = await turn(agent)
    assert results(events)[0][0] == "failed"
    assert events[-1] == TurnEnded("end_turn", "Well.")
    started = time.monotonic()
    await agent.close()
    assert time.monotonic() - started < 4


async def test_a_call_can_be_cancelled(begin: Begin) -> None:
    own = {"rude": {"command": sys.executable, "args": [str(RUDE), "hang"]}}
    agent = begin(User("allow_once"), [call("rude__go")], own)
    session = await agent.begin("all")
    events: list[Event] = []
    async for event in session.turn("go"):
        events.append(event)
        if isinstance(event, ToolUpdated):
            asyncio.get_running_loop().call_later(0.3, session.cancel)
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].reason == "cancelled"


async def test_a_session_that_only_reads_leaves_the_servers_of_another_alone(
    begin: Begin,
) -> None:
    own = {"rude": {"command": sys.executable, "args": [str(RUDE), "fine"]}}
    agent = begin(User("allow_once"), [call("rude__go"), "Done."], own)
    session = await agent.begin("all")
    reader = await agent.begin("plan")
    assert "rude__go" not in {tool.schema.name for tool in reader._manner.tools}
    assert results([event async for event in session.turn("go")])[0][0] == "completed"


async def test_a_server_that_never_begins_is_named_and_the_others_work() -> None:
    fleet = Fleet(start_seconds=2)
    try:
        servers = [rude("never", name="slow"), rude("fine"), Server("none", Path("/"), ("/no",))]
        tools, problems = await fleet.tools(servers, ROOM)
        assert [tool.schema.name for tool in tools] == ["rude__go"]
        assert problems == [
            "The server slow did not start within 2 s.",
            "The server none can't be started (No such file or directory).",
        ]
    finally:
        await fleet.close()


async def test_one_that_hangs_at_its_start_holds_up_no_end() -> None:
    fleet = Fleet(start_seconds=20)
    starting = asyncio.create_task(fleet.tools([rude("never")], ROOM))
    while not fleet._running:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    started = time.monotonic()
    await fleet.close()
    assert time.monotonic() - started < 5
    tools, _ = await asyncio.wait_for(starting, 5)
    assert tools == []


@pytest.mark.parametrize("how", ["die", "flood"])
async def test_one_that_has_ended_is_told_of_at_once_and_begins_anew(
    fleet: Fleet, how: str
) -> None:
    server = rude(how)
    await fleet.tools([server], ROOM)
    first = fleet._running[server.digest]
    async with asyncio.timeout(5):
        with pytest.raises(ToolFailed, match=r"closed|does not work|ended"):
            await first.call("go", {})
        await first._task
    with pytest.raises(ToolFailed, match="has ended"):
        await first.call("go", {})
    tools, problems = await fleet.tools([server], ROOM)
    assert ([tool.schema.name for tool in tools], problems) == (["rude__go"], [])
    assert fleet._running[server.digest] is not first


async def test_one_that_did_not_start_is_not_waited_for_again() -> None:
    fleet = Fleet(start_seconds=1)
    server = rude("never")
    for seconds in (4, 0.5):
        started = time.monotonic()
        _, problems = await fleet.tools([server], ROOM)
        assert len(problems) == 1
        assert time.monotonic() - started < seconds
    await fleet.close()


async def test_what_was_always_allowed_is_not_called_once_the_mode_is_plan(begin: Begin) -> None:
    own = {"rude": {"command": sys.executable, "args": [str(RUDE), "fine"]}}
    await turn(begin(User("allow_always"), [call("rude__go"), "Done."], own))
    agent = begin(User("allow_always"), [call("rude__go"), "Done."], own)
    session = await agent.begin("all")
    session.permit("plan")
    [(status, text)] = results([event async for event in session.turn("go")])
    assert (status, "so no tool of another program" in text) == ("failed", True)


async def test_results_and_tools_are_bounded(fleet: Fleet) -> None:
    huge, odd = rude("huge"), rude("odd tools", name="odd")
    tools, problems = await fleet.tools([huge, odd], ROOM)
    assert problems == []
    assert len(await fleet._running[huge.digest].call("go", {})) < connection.MAX_CHARACTERS + 10
    assert [tool.schema.name for tool in tools] == ["rude__go", "odd__t0", "odd__t1", "odd__t2"]
    assert [tool.schema.required for tool in tools] == [(), (), (), ("d",)]
    assert list(tools[1].schema.properties) == ["d"]
    few, problems = await fleet.tools([huge, odd], 60)
    assert len(few) < 4
    assert "left out" in problems[-1]


def test_no_word_of_a_server_goes_to_a_log() -> None:
    """Where nobody has set up logging, Python prints warnings to the terminal as they are."""
    server = rude("odd notes")
    script = f"""
import asyncio
from pathlib import Path
from lsp_server.agent.mcp.config import Server
from lsp_server.agent.mcp.fleet import Fleet
from lsp_server.agent.tools.base import ToolFailed

async def main() -> None:
    fleet = Fleet()
    server = Server("rude", Path.home(), {server.command!r})
    tools, problems = await fleet.tools([server], {ROOM})
    try:
        await fleet._running[server.digest].call("go", {{}})
    except ToolFailed:
        print("failed")
    await fleet.close()

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("failed\n", "")


async def test_processes_end_with_the_session_and_their_children_too(
    fleet: Fleet, tmp_path: Path
) -> None:
    await fleet.tools([rude("children", str(tmp_path / "pids"))], ROOM)
    pids = (tmp_path / "pids").read_text().split()
    assert all(map(_runs, pids))
    await fleet.close()
    assert not any(map(_runs, pids))


def _runs(pid: str) -> bool:
    try:
        return ") Z " not in Path("/proc", pid, "stat").read_text()
    except FileNotFoundError:
        return False


async def test_always_is_for_that_server_and_no_other(begin: Begin, tmp_path: Path) -> None:
    def own(how: str) -> dict[str, object]:
        return {"rude": {"command": sys.executable, "args": [str(RUDE), how, str(tmp_path / "x")]}}

    user = User("allow_always")
    script = [call("rude__go"), "Done."]
    for _ in range(2):
        assert results(await turn(begin(user, script, own("fine"))))[0][0] == "completed"
    assert len(user.asked) == 1
    other = User("reject_once")
    (tmp_path / "x").unlink()
    assert results(await turn(begin(other, script, own("other"))))[0][0] == "failed"
    assert len(other.asked) == 1
    assert not (tmp_path / "x").exists()


async def test_nobody_is_no_yes_and_plan_mode_starts_nothing(begin: Begin, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    own = {"rude": {"command": sys.executable, "args": [str(RUDE), "children", str(pids)]}}
    events = await turn(begin(User("reject_once"), [call("rude__go"), "Well."], own))
    assert results(events)[0][0] == "failed"
    pids.unlink()
    await turn(begin(User("allow_once"), ["Well."], own), "plan")
    assert not pids.exists()


def test_the_package_is_not_imported_without_servers() -> None:
    script = "import sys, lsp_server.agent.agent; raise SystemExit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_folders_servers_start_only_once_it_is_trusted(
    begin: Begin, tmp_path: Path, trusted: bool
) -> None:
    pids = tmp_path / "pids"
    given = {"rude": {"command": sys.executable, "args": [str(RUDE), "children", str(pids)]}}
    (tmp_path / "ws" / ".mcp.json").write_text(json.dumps({"mcpServers": given}))
    agent = begin(User("allow_once"), ["Hello."])
    if trusted:
        await agent.trust(True)
    session = await agent.begin("all")
    assert pids.exists() == trusted
    assert ("rude__go" in {tool.schema.name for tool in session._manner.tools}) == trusted
    await agent.trust(False)
    await agent.resume(session.stored.id)
    assert not trusted or not any(map(_runs, pids.read_text().split()))


async def test_the_users_server_is_not_replaced_and_does_not_run_in_the_folder(
    begin: Begin, tmp_path: Path
) -> None:
    """`npx NAME` would start what the folder has under that name."""
    where = tmp_path / "where"
    script = f"pwd > {where}; exec {sys.executable} {RUDE} fine"
    own = {"rude": {"command": shutil.which("sh"), "args": ["-c", script]}}
    theirs = {"rude": {"command": "touch", "args": [str(tmp_path / "made")]}}
    (tmp_path / "ws" / ".mcp.json").write_text(json.dumps({"mcpServers": theirs}))
    agent = begin(User("allow_once"), ["Hello."], own)
    await agent.trust(True)
    await agent.begin("all")
    assert where.read_text().strip() == str(Path.home())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "given",
    [
        "[]",
        "{",
        '{"mcpServers": 5}',
        '{"mcpServers": {"a": {"command": ["x"]}}}',
        '{"mcpServers": {"a b": {"command": "x"}}}',
        '{"mcpServers": {"a": {"url": "file:///etc/passwd"}}}',
        '{"mcpServers": {"a": {"url": "http://"}}}',
        '{"mcpServers": {"a": {"command": "x", "args": [1]}}}',
        '{"mcpServers": {"a": {"command": "x\\u0000y"}}}',
        '{"mcpServers": {"a": {"command": "x", "url": "http://x"}}}',
        '{"mcpServers": {"a": {"command": "x", "env": {"A": 1}}}}',
        '{"mcpServers": {"a": {"command": "x", "env": ["A"]}}}',
        "[" * 100_000,
    ],
)
def test_what_is_not_understood_is_said(given: str) -> None:
    servers, problems = parse(given, "the file", Path("/"))
    assert servers == []
    assert len(problems) == 1
    assert "the file" in problems[0]
