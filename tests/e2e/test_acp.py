"""`fimble acp`, driven by the official SDK's client: from the message to the file on the disk."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import acp
import pytest

from lsp_server.edge.chat import words
from tests.e2e.acp_client import FILES, PATIENCE, Client, call, running, written

TEXT = "def add(a, b):\n    return a - b\n"
MENDED = TEXT.replace("-", "+")
READ = call("read", path="calc.py")
FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")
SLOW = {"chat": "word " * 2000, "when": "go on", "seconds_per_token": 0.01}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "calc.py").write_text(TEXT)
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Any:
    return lambda *replies: written(tmp_path / "script.json", *replies)


def diffs(client: Client) -> list[dict[str, Any]]:
    updates = client.told("tool_call_update")
    content = [each for update in updates for each in update.get("content", ())]
    return [each for each in content if each["type"] == "diff"]


async def test_a_file_is_read_and_edited_after_the_user_said_yes(root: Path, script: Any) -> None:
    async with running(script(READ, FIX, "Done."), "allow_once") as client:
        session = await client.begin(root)
        assert await client.prompt(session, "mend add") == "end_turn"
    assert (root / "calc.py").read_text() == MENDED
    path = str(root / "calc.py")
    assert client.prose().strip() == "Done."
    assert [each["title"] for each in client.told("tool_call")] == ["Read calc.py", "Edit calc.py"]
    assert {each["status"] for each in client.told("tool_call")} == {"pending"}
    updates = client.told("tool_call_update")
    places = [place for each in updates for place in each.get("locations", ())]
    assert {"path": path, "line": 1} in places
    shown = {"type": "diff", "path": path, "oldText": TEXT, "newText": MENDED}
    assert diffs(client) == [shown]
    (asked,) = client.asked
    assert asked["options"] == ["allow_once", "reject_once"]
    assert asked["content"][1] == shown
    assert client.told("usage_update")[0]["size"] == 8192


async def test_a_no_leaves_the_file_and_the_turn_goes_on(root: Path, script: Any) -> None:
    async with running(script(FIX, FIX, "Well."), "reject_once", None) as client:
        assert await client.prompt(await client.begin(root), "mend add") == "end_turn"
    assert (root / "calc.py").read_text() == TEXT
    ends = [each["status"] for each in client.told("tool_call_update")]
    assert ends.count("failed") == 2


@pytest.mark.parametrize("moment", ["at once", "words", "question"])
async def test_a_cancelled_turn_says_so(root: Path, script: Any, moment: str) -> None:
    by_moment: dict[str, list[Any]] = {"at once": [SLOW], "words": [SLOW], "question": [FIX]}
    replies = by_moment[moment]
    async with running(script(*replies, "Later.")) as client:
        session = await client.begin(root)
        turn = asyncio.create_task(client.prompt(session, "go on"))
        if moment == "at once":
            await asyncio.sleep(0)  # the request is on its way
        elif moment == "words":
            await client.until(lambda: "agent_message_chunk" in client.kinds())
        else:
            await client.until(lambda: client.asked)
        await client.connection.cancel(session_id=session)
        async with asyncio.timeout(PATIENCE):
            assert await turn == "cancelled"
        assert (root / "calc.py").read_text() == TEXT
        assert await client.prompt(session, "and now?") == "end_turn"


async def test_a_command_is_cancelled_with_all_that_it_started(root: Path, script: Any) -> None:
    line = "python3 -c 'import time; print(1, flush=True); time.sleep(60)'"
    async with running(script(call("run", command=line), "Later."), "allow_once") as client:
        session = await client.begin(root)
        turn = asyncio.create_task(client.prompt(session, "run it"))
        await client.until(
            lambda: any(
                "1\n" in json.dumps(each) or "1\\n" in json.dumps(each)
                for each in client.told("tool_call_update")
            )
        )
        await client.connection.cancel(session_id=session)
        async with asyncio.timeout(PATIENCE):
            assert await turn == "cancelled"


async def test_a_session_is_resumed_loaded_forked_and_deleted(root: Path, script: Any) -> None:
    async with running(script(READ, "It subtracts.")) as client:
        session = await client.begin(root)
        await client.prompt(session, "what does add do?")
        await client.connection.close_session(session_id=session)
    async with running(script("Yes.", {"chat": "Sure.", "when": "sure"})) as client:
        listed = await client.connection.list_sessions(cwd=str(root))
        assert [(each.session_id, each.title) for each in listed.sessions] == [
            (session, "what does add do?")
        ]
        await client.connection.load_session(cwd=str(root), session_id=session, mcp_servers=[])
        assert client.kinds()[:4] == [
            "user_message_chunk", "tool_call", "tool_call_update", "agent_message_chunk",
        ]  # fmt: skip
        assert "return a - b" in client.updates[2]["content"][0]["content"]["text"]
        assert client.prose() == "It subtracts."
        resumed = await client.connection.resume_session(cwd=str(root), session_id=session)
        assert resumed.modes.current_mode_id == "ask"
        fork = await client.connection.fork_session(cwd=str(root), session_id=session)
        assert await client.prompt(fork.session_id, "are you sure?") == "end_turn"
        delete = client.connection._conn.send_request
        await delete("session/delete", {"sessionId": session})
        listed = await client.connection.list_sessions(cwd=str(root))
        assert [each.session_id for each in listed.sessions] == [fork.session_id]
        with pytest.raises(acp.RequestError, match="There is no session"):
            await client.prompt(session, "still there?")


async def test_a_session_whose_folder_is_gone_is_told_and_deleted(root: Path, script: Any) -> None:
    async with running(script("Yes.")) as client:
        session = await client.begin(root)
        await client.prompt(session, "hello")
    await asyncio.to_thread(root.rename, root.with_name("moved"))
    async with running(script("Yes.")) as client:
        with pytest.raises(acp.RequestError, match=r"is not there any more; move it back"):
            await client.prompt(session, "hello")
        send = client.connection._conn.send_request
        await send("session/delete", {"sessionId": session})
        listed = (await client.connection.list_sessions()).sessions
        assert session not in [each.session_id for each in listed]


async def test_modes_hold_and_commands_are_obeyed(root: Path, script: Any) -> None:
    async with running(script(FIX, "Done.", FIX)) as client:
        session = await client.begin(root)
        await client.until(lambda: "available_commands_update" in client.kinds())
        names = [each["name"] for each in client.updates[0]["availableCommands"]]
        assert names == ["undo", "trust", "mode"]
        await client.connection.set_session_mode(session_id=session, mode_id="edit")
        assert await client.prompt(session, "mend add") == "end_turn"
        assert (root / "calc.py").read_text() == MENDED
        assert await client.prompt(session, "/undo") == "end_turn"
        assert (root / "calc.py").read_text() == TEXT
        assert client.prose().endswith("Undone: calc.py.")
        answer = await client.connection.set_config_option(
            session_id=session, config_id="mode", value="plan"
        )
        assert answer.config_options[0].current_value == "plan"
        await client.until(lambda: len(client.told("current_mode_update")) == 2)
        await client.prompt(session, "mend add")
        assert (root / "calc.py").read_text() == TEXT
        with pytest.raises(acp.RequestError, match="There is no mode yolo"):
            await client.connection.set_session_mode(session_id=session, mode_id="yolo")
    assert client.asked == []


async def test_unsaved_text_of_the_client_is_read_and_edited_there(root: Path, script: Any) -> None:
    async with running(script(READ, FIX, "Done."), "allow_once", capabilities=FILES) as client:
        path = str(root / "calc.py")
        client.open[path] = TEXT + "UNSAVED = 1\n"
        session = await client.begin(root)
        await client.prompt(session, "mend add")
        assert client.open[path] == MENDED + "UNSAVED = 1\n"
        assert (root / "calc.py").read_text() == TEXT
        await client.prompt(session, "/undo")
        assert client.open[path] == TEXT + "UNSAVED = 1\n"


async def test_a_failed_turn_is_an_error_and_others_go_on(root: Path, script: Any) -> None:
    crash = {"chat": "I", "when": "first", "crash": True}
    async with running(script(crash, SLOW, "Here.")) as client:
        one, other = await client.begin(root), await client.begin(root)
        slow = asyncio.create_task(client.prompt(other, "go on"))
        await client.until(lambda: "agent_message_chunk" in client.kinds())
        with pytest.raises(acp.RequestError, match="crashed"):
            await client.prompt(one, "first")
        with pytest.raises(acp.RequestError, match="is busy"):
            await client.prompt(other, "third")
        assert not slow.done()
        await client.connection.cancel(session_id=other)
        assert await slow == "cancelled"


async def test_two_clients_do_not_run_one_session(root: Path, script: Any) -> None:
    async with running(script(SLOW)) as one, running(script(SLOW)) as other:
        session = await one.begin(root)
        turn = asyncio.create_task(one.prompt(session, "go on"))
        await one.until(lambda: "agent_message_chunk" in one.kinds())
        await other.connection.resume_session(cwd=str(root), session_id=session)
        with pytest.raises(acp.RequestError, match="run by another client"):
            await other.prompt(session, "me too")
        await one.connection.cancel(session_id=session)
        await turn


async def test_what_a_kill_has_cut_off_is_named(root: Path, script: Any) -> None:
    line = "python3 -c 'import time; print(1, flush=True); time.sleep(5)'"
    async with running(script(call("run", command=line)), "allow_once") as client:
        session = await client.begin(root)
        turn = asyncio.create_task(client.prompt(session, "run it"))
        await client.until(lambda: client.asked)
        client.process.kill()
        with pytest.raises((ConnectionError, acp.RequestError)):
            await turn
    async with running(script("Here.")) as client:
        await client.connection.load_session(cwd=str(root), session_id=session, mcp_servers=[])
        await client.until(lambda: "interrupted" in client.prose())
        assert client.prose() == words.interrupted(f"Run {line}")[0] + "\n"
        assert await client.prompt(session, "go on") == "end_turn"


async def test_the_folder_has_a_say_once_it_is_trusted(root: Path, script: Any) -> None:
    (root / "AGENTS.md").write_text("Answer in rhymes.")
    async with running(script("Yes.")) as client:
        session = await client.begin(root)
        await client.until(lambda: client.prose())
        assert "AGENTS.md of this folder doesn't count" in client.prose()
        await client.prompt(session, "/trust")
        client.updates.clear()
        await client.connection.resume_session(cwd=str(root), session_id=session)
        await client.prompt(session, "hello")
        assert client.prose() == "Yes."
        assert client.told("session_info_update")[-1]["title"] == "hello"


def test_without_the_sdk_it_says_what_to_do(script: Any) -> None:
    program = (
        "import sys; sys.modules['acp'] = None; from lsp_server.cli import main; "
        f"sys.exit(main(['acp', '--script', {str(script())!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'fimble[acp]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_nonsense_is_answered_and_only_the_protocol_is_printed(root: Path, script: Any) -> None:
    lines = [
        "no json",
        "[1]",
        '{"jsonrpc": "2.0", "id": 1, "method": "session/new", "params": {"cwd": 7}}',
        '{"jsonrpc": "2.0", "id": 2, "method": "no/method"}',
        '{"jsonrpc": "2.0", "method": "session/cancel", "params": 3}',
        '{"jsonrpc": "2.0", "id": 3, "method": "session/new", "params": '
        '{"cwd": "relative", "mcpServers": []}}',
        '{"jsonrpc": "2.0", "id": 4, "method": "initialize", "params": {"protocolVersion": 9}}',
    ]
    done = subprocess.run(
        [sys.executable, "-m", "lsp_server", "acp", "--script", str(script("Never."))],
        input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    codes = {each["id"]: each["error"]["code"] for each in answers if "error" in each}
    assert codes == {None: -32600, 1: -32602, 2: -32601, 3: -32602}
    (hello,) = [each["result"] for each in answers if "result" in each]
    assert hello["protocolVersion"] == 1
    assert hello["agentInfo"]["name"] == "fimble"
