"""From `initialize` to `exit`: what is announced, what is shown, how the process ends."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.conftest import Start
from tests.e2e.editor import AUTOMATIC, PROFILES
from tests.e2e.raw import serving

MISSING = ("--model", "qwen2.5-coder-0.5b")
ADVICE = (
    "The model qwen2.5-coder-0.5b is not on this machine; fetch it with "
    "`fimble models pull qwen2.5-coder-0.5b`."
)


async def test_what_the_server_can_do_is_announced(start: Start, profile: str) -> None:
    editor = await start(profile)
    announced = editor.initialized.capabilities
    sync = announced.text_document_sync
    assert isinstance(sync, lsp.TextDocumentSyncOptions)
    assert (sync.open_close, sync.change) == (True, lsp.TextDocumentSyncKind.Incremental)
    assert announced.inline_completion_provider == lsp.InlineCompletionOptions()
    assert announced.execute_command_provider is not None
    assert announced.execute_command_provider.commands == (
        "fimble.didAccept",
        "fimble.explain",
        "fimble.explainError",
        "fimble.rewrite",
        "fimble.apply",
    )
    assert announced.position_encoding == PROFILES[profile]
    assert editor.initialized.server_info is not None
    assert editor.initialized.server_info.name == "fimble"


async def test_the_engine_is_warmed_up_and_its_status_told(start: Start) -> None:
    editor = await start()
    await editor.until(lambda: editor.statuses)
    assert editor.statuses == [("ready", "The scripted engine is ready.")]


async def test_a_missing_model_is_told_once_and_to_whom_asks(start: Start, tmp_path: Path) -> None:
    environment = {**os.environ, "FIMBLE_CACHE": str(tmp_path), "HOME": str(tmp_path)}
    editor = await start(arguments=MISSING, environment=environment)
    editor.open("return a")
    assert await editor.items(0, 8, AUTOMATIC) == []
    assert await editor.items(0, 8, AUTOMATIC) == []
    with pytest.raises(JsonRpcException) as caught:
        await editor.items(0, 8)
    assert (caught.value.code, caught.value.message) == (-32803, ADVICE)
    assert editor.statuses == [("failed", ADVICE)]
    assert editor.shown == [ADVICE]


@pytest.mark.parametrize(("ask_first", "code"), [(True, 0), (False, 1)])
def test_the_server_ends_though_its_input_stays_open(
    script: Path, ask_first: bool, code: int
) -> None:
    with serving("--script", str(script)) as server:
        server.initialize()
        if ask_first:
            assert server.call("shutdown") is None
        server.notify("exit")
        assert server.process.wait(2) == code
        assert server.errors() == ""


def test_exit_is_heard_before_initialize() -> None:
    with serving() as server:
        server.notify("exit")
        assert server.process.wait(5) == 1
        assert server.errors() == ""


def test_running_requests_are_answered_before_the_server_shuts_down(script: Path) -> None:
    with serving("--script", str(script)) as server:
        server.initialize()
        server.open("file:///a.py", "slow(")
        running = server.complete("file:///a.py", 0, 5)
        shutdown = server.ask("shutdown")
        answers = {response["id"]: response for response in (server.response(), server.response())}
        assert answers[running]["error"]["code"] == -32800
        assert answers[shutdown]["result"] is None
        server.notify("exit")
        assert server.exit_code() == 0


def test_a_client_that_reads_no_more_leaves_no_error(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    replies = [{"after": "(", "text": "SECRET_TOKEN_123", "seconds_per_token": 0.2}]
    script.write_text(json.dumps(replies))
    with serving("--script", str(script)) as server:
        server.initialize()
        server.open("file:///a.py", "SECRET_TOKEN_123(")
        assert server.receive()["method"] == "fimble/status"
        server.receiving = False
        last_read = server.ask("no/method")
        assert server.response()["id"] == last_read
        with pytest.raises(EOFError):
            server.receive()
        server.complete("file:///a.py", 0, 17)
        time.sleep(0.5)  # the server fails to answer
        server.notify("exit")
        assert server.process.wait(5) == 1
        assert server.errors() == ""


@pytest.mark.parametrize("ask_first", [True, False])
def test_a_client_that_exits_and_is_gone_leaves_no_error(script: Path, ask_first: bool) -> None:
    with serving("--script", str(script)) as server:
        server.receiving = False
        server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        assert "result" in server.receive()
        with pytest.raises(EOFError):
            server.receive()
        server.notify("initialized", {})
        if ask_first:
            server.ask("shutdown")
        server.notify("exit")
        server.close_input()
        assert server.process.wait(5) == (0 if ask_first else 1)
        assert server.errors() == ""
