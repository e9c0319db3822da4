"""The chat over the language server, and what it shares with the Agent Client Protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.edge.chat.words import INTERRUPTED, RUNS
from tests.e2e.acp_client import call, running, written
from tests.e2e.chatting import Chat
from tests.e2e.conftest import Start

TEXT = "def add(a, b):\n    return a - b\n"
MENDED = TEXT.replace("-", "+")
UNSAVED = "# größer\n" + TEXT + "UNSAVED = 1"
READ = call("read", path="calc.py")
FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")
SLOW = {"chat": "word " * 2000, "when": "go on", "seconds_per_token": 0.01}

Connect = Callable[..., Awaitable[Chat]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "calc.py").write_text(TEXT)
    return folder


@pytest.fixture
def connect(start: Start, root: Path, tmp_path: Path) -> Connect:
    async def connected(*replies: object, answers: tuple[str, ...] = ()) -> Chat:
        script = written(tmp_path / "chat.json", *replies)  # type: ignore[arg-type]
        arguments = ("--script", str(script))
        return Chat(await start(arguments=arguments, root_uri=root.as_uri()), list(answers))

    return connected


async def test_a_turn_is_told_asked_about_and_undone(connect: Connect, root: Path) -> None:
    chat = await connect(READ, FIX, "Done.", answers=("allow_once",))
    session = await chat.begin()
    ended = await chat.prompt(session, "mend add")
    assert ended == {"stopReason": "end_turn", "answer": "Done.", "files": ["calc.py"]}
    assert chat.events[-1]["event"] == ended
    assert {(each["session"], each["turn"]) for each in chat.events} == {(session, 1)}
    assert [each["seq"] for each in chat.events] == list(range(1, len(chat.events) + 1))
    assert [option["kind"] for option in chat.asked[0]["options"]] == ["allow_once", "reject_once"]
    diff = chat.asked[0]["toolCall"]["content"][1]
    assert (diff["path"], diff["newText"]) == (str(root / "calc.py"), MENDED)
    assert (root / "calc.py").read_text() == MENDED
    undone = await chat.request("undo", session=session)
    assert undone["message"] == "Undone: calc.py."
    assert (root / "calc.py").read_text() == TEXT
    assert (await chat.request("undo", session=session))["files"] == []


async def test_what_a_turn_changed_is_told(connect: Connect, root: Path) -> None:
    (root / "other.py").write_text(TEXT)
    other = call("edit", path="other.py", old="return a - b", new="return a + b")
    chat = await connect("Nothing.", FIX, other, "Done.")
    uri = chat.open(root / "other.py", UNSAVED)
    session = await chat.begin("edit")
    await chat.prompt(session, "what is there?")
    assert await chat.request("changes", session=session) == {"turn": 0, "files": []}
    await chat.prompt(session, "mend them")
    calc = {"path": str(root / "calc.py"), "before": TEXT, "after": MENDED, "undone": False}
    after = UNSAVED.replace("-", "+")
    opened = {"path": str(root / "other.py"), "before": UNSAVED, "after": after, "undone": False}
    told = {"turn": 2, "files": [calc, opened]}
    assert await chat.request("changes", session=session) == told
    await chat.request("undo", session=session, paths=[str(root / "other.py")])
    assert chat.texts[uri] == UNSAVED
    told["files"] = [calc, opened | {"undone": True}]
    assert await chat.request("changes", session=session, turn=2) == told
    await chat.request("undo", session=session)
    told["files"] = [calc | {"undone": True}, opened | {"undone": True}]
    assert await chat.request("changes", session=session) == told
    assert (await chat.request("changes", session=session, turn=1))["turn"] == 0


async def test_what_is_typed_behind_an_at_is_completed(connect: Connect, root: Path) -> None:
    (root / "sub").mkdir()
    for name in ("call.py", "sub/calc.py", ".env", "left_out.py"):
        (root / name).write_text(TEXT)
    (root / ".gitignore").write_text("left*\n")
    chat = await connect()
    chat.open(root / "sub" / "calc.py", TEXT)
    chat.open(root.parent / "cal.py", TEXT)
    found = (await chat.request("mentions", text="cal"))["items"]
    assert [each["mention"] for each in found] == ["@sub/calc.py", "@calc.py", "@call.py"]
    assert found[0] == {"mention": "@sub/calc.py", "kind": "file", "detail": "sub"}
    found = (await chat.request("mentions", text=""))["items"]
    assert [each["kind"] for each in found] == ["special"] * 2 + ["file", "folder"] + ["file"] * 2
    with pytest.raises(JsonRpcException, match="text must be a text"):
        await chat.request("mentions")


async def test_some_files_of_a_turn_are_undone(connect: Connect, root: Path) -> None:
    (root / "other.py").write_text(TEXT)
    other = call("edit", path="other.py", old="return a - b", new="return a + b")
    chat = await connect(FIX, other, "Done.")
    uri = chat.open(root / "other.py", TEXT)
    session = await chat.begin("edit")
    await chat.prompt(session, "mend them")
    for name, left in (("calc.py", [MENDED, TEXT]), ("other.py", [TEXT, TEXT])):
        undone = await chat.request("undo", session=session, turn=1, paths=[str(root / name)])
        assert undone["files"] == [name]
        assert [chat.texts[uri], (root / "calc.py").read_text()] == left
    assert (await chat.request("undo", session=session))["files"] == []


async def test_an_open_document_is_edited_by_the_client(connect: Connect, root: Path) -> None:
    chat = await connect(READ, FIX, "Done.")
    uri = chat.open(root / "calc.py", UNSAVED)
    session = await chat.begin("edit")
    assert (await chat.prompt(session, "mend add"))["files"] == ["calc.py"]
    assert chat.texts[uri] == UNSAVED.replace("-", "+")
    assert (root / "calc.py").read_text() == TEXT
    (edit,) = chat.edits
    assert edit.document_changes is not None
    (document,) = edit.document_changes
    assert isinstance(document, lsp.TextDocumentEdit)
    (line,) = document.edits  # the one that differs
    assert (line.range.start.line, line.range.end.line) == (2, 3)
    await chat.request("undo", session=session)
    assert chat.texts[uri] == UNSAVED


async def test_a_document_that_the_client_keeps_is_left(connect: Connect, root: Path) -> None:
    chat = await connect(FIX, "Well.")
    chat.declines = True
    uri = chat.open(root / "calc.py", UNSAVED)
    ended = await chat.prompt(await chat.begin("edit"), "mend add")
    assert (ended["files"], chat.texts[uri]) == ([], UNSAVED)
    assert (root / "calc.py").read_text() == TEXT


async def test_the_model_is_told_what_its_edit_breaks(connect: Connect, root: Path) -> None:
    chat = await connect(FIX, {"chat": "Oh.", "when": "undefined name"})
    uri = chat.open(root / "calc.py", UNSAVED)

    def publish(*messages: str) -> None:
        start = lsp.Position(2, 4)
        found = [
            {"range": lsp.Range(start, start), "severity": 1, "message": each} for each in messages
        ]
        params = {"uri": uri, "diagnostics": found}
        chat.editor.client.protocol.notify("fimble/didPublishDiagnostics", params)

    publish("old trouble")
    change = chat.change

    def changed(uri: str, text: str) -> None:
        change(uri, text)
        publish("old trouble", "undefined name 'b'")

    chat.change = changed  # type: ignore[method-assign]
    assert (await chat.prompt(await chat.begin("edit"), "mend add"))["answer"] == "Oh."
    told = next(e["event"] for e in chat.events if e["event"].get("status") == "completed")
    assert "undefined name 'b': return a + b" in told["content"][0]["content"]["text"]


@pytest.mark.parametrize("moment", ["at once", "words", "question"])
async def test_a_cancelled_turn_says_so(connect: Connect, root: Path, moment: str) -> None:
    # First, since what was asked and not answered is asked again together with what comes next.
    later = {"chat": "Later.", "when": "and now?"}
    chat = await connect(later, FIX if moment == "question" else SLOW)
    session = await chat.begin()
    turn = asyncio.create_task(chat.prompt(session, "go on"))
    if moment == "words":
        await chat.until(lambda: "agent_message_chunk" in chat.kinds())
    elif moment == "question":
        await chat.until(lambda: chat.asked)
    else:
        await asyncio.sleep(0)
    await chat.request("cancel", session=session)
    assert (await turn)["stopReason"] == "cancelled"
    assert chat.kinds()[-1] == "ended"
    assert (root / "calc.py").read_text() == TEXT
    assert (await chat.prompt(session, "and now?"))["stopReason"] == "end_turn"


async def test_one_turn_fails_and_another_goes_on(connect: Connect) -> None:
    chat = await connect({"chat": "I", "when": "first", "crash": True}, SLOW)
    one, other = await chat.begin(), await chat.begin()
    slow = asyncio.create_task(chat.prompt(other, "go on"))
    await chat.until(lambda: "agent_message_chunk" in chat.kinds())
    failed = await chat.prompt(one, "first")
    assert failed["stopReason"] == "error"
    assert "crashed" in failed["problem"]
    with pytest.raises(JsonRpcException, match="is busy"):
        await chat.prompt(other, "third")
    assert not slow.done()
    await chat.editor.client.shutdown_session()
    assert (await slow)["stopReason"] == "cancelled"
    chat.editor.client._server.returncode  # noqa: B018 - the fixture ends what has ended


async def test_a_turn_that_its_client_has_left_is_marked(connect: Connect) -> None:
    chat = await connect(SLOW)
    session = await chat.begin()
    turn = asyncio.create_task(chat.prompt(session, "go on"))
    await chat.until(lambda: "agent_message_chunk" in chat.kinds())
    runs = await chat.request("resume", session=session)
    assert "stopReason" not in runs["history"][-1]["event"]
    other = await (await connect()).request("resume", session=session)
    end = other["history"][-1]["event"]
    assert (end["stopReason"], end["problem"]) == ("running", RUNS)
    await chat.editor.client.shutdown_session()
    assert (await turn)["stopReason"] == "cancelled"
    chat.editor.client._server.returncode  # noqa: B018 - the fixture ends what has ended
    left = await (await connect()).request("resume", session=session)
    end = left["history"][-1]["event"]
    assert (end["stopReason"], end["problem"], left["notes"]) == ("interrupted", INTERRUPTED, [])


async def test_what_begins_over_acp_goes_on_over_lsp(
    connect: Connect, root: Path, tmp_path: Path
) -> None:
    async with running(written(tmp_path / "acp.json", READ, "It subtracts.")) as client:
        session = await client.begin(root)
        await client.connection.set_session_mode(session_id=session, mode_id="edit")
        await client.prompt(session, "what does add do?")
        chat = await connect({"chat": "Yes.", "when": "sure"}, FIX, "Done.")
        (listed,) = (await chat.request("list"))["sessions"]
        assert (listed["sessionId"], listed["title"]) == (session, "what does add do?")
        resumed = await chat.request("resume", session=session)
        assert (resumed["mode"], resumed["notes"]) == ("edit", [])
        assert resumed["usage"]["used"] > 0
        assert {each["turn"] for each in resumed["history"]} == {1}
        kinds = [each["event"]["sessionUpdate"] for each in resumed["history"]]
        assert kinds == [
            "user_message_chunk",
            "tool_call",
            "tool_call_update",
            "agent_message_chunk",
        ]
        assert (await chat.prompt(session, "are you sure?"))["answer"] == "Yes."
        told = [
            e["event"] for e in chat.events if e["event"].get("sessionUpdate") == "usage_update"
        ]
        resumed = await chat.request("resume", session=session)
        assert [each["turn"] for each in resumed["history"]][-3:] == [1, 2, 2]
        assert resumed["usage"].items() <= told[-1].items()
        assert chat.events[0]["turn"] == 2
        await chat.prompt(session, "then mend it")
        await client.connection.load_session(cwd=str(root), session_id=session, mcp_servers=[])
        assert client.prose().endswith("It subtracts.Yes.Done.")
        await client.prompt(session, "/undo")
        assert (root / "calc.py").read_text() == TEXT


async def test_what_waits_for_trust_is_told_until_it_has_it(connect: Connect, root: Path) -> None:
    chat = await connect()
    assert (await chat.request("begin"))["trust"] is False
    (root / "AGENTS.md").write_text("Be short.\n")
    begun = await chat.request("begin")
    assert begun["trust"] is True
    assert begun["notes"][-1].startswith("AGENTS.md of this folder doesn't count")
    await chat.request("trust", trusted=True)
    resumed = await chat.request("resume", session=begun["sessionId"])
    assert (resumed["trust"], resumed["notes"]) == (False, [])


async def test_sessions_are_forked_exported_and_deleted(connect: Connect) -> None:
    chat = await connect("One.", "Two.")
    session = await chat.begin("plan")
    await chat.prompt(session, "first")
    await chat.prompt(session, "second")
    fork = await chat.request("fork", session=session, turn=1)
    assert fork["mode"] == "plan"
    exported = await chat.request("export", session=fork["sessionId"])
    assert [e["body"]["text"] for e in exported["entries"] if e["kind"] == "user"] == ["first"]
    await chat.request("delete", session=session)
    assert len((await chat.request("list"))["sessions"]) == 1
    for method, params, problem in (
        ("resume", {"session": session}, "There is no session"),
        ("resume", {"session": 7}, "must be a text"),
        ("undo", {"session": session, "turn": "x"}, "must be a whole number"),
        ("changes", {"session": session}, "There is no session"),
        ("undo", {"session": session, "paths": "calc.py"}, "must be a list of texts"),
        ("undo", {"session": session, "paths": [1]}, "must be a list of texts"),
        ("begin", {"mode": "yolo"}, "There is no mode yolo"),
    ):
        with pytest.raises(JsonRpcException, match=problem):
            await chat.request(method, **params)
