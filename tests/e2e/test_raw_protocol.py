"""Messages that no well-behaved client sends. Each test ends with a server that is alive and quiet,
or with a process that has ended; nowhere is there a traceback, nor a word of the user's code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.raw import Server, frame, serving

URI = "file:///a.py"
SECRET = "SECRET_TOKEN_123"
AT_START = {
    "textDocument": {"uri": URI},
    "position": {"line": 0, "character": 0},
    "context": {"triggerKind": 1},
}
NEXT = frame(b'{"jsonrpc":"2.0","id":"next","method":"no/method"}')


@pytest.fixture(scope="module")
def shared(script: Path) -> Iterator[Server]:
    """One server for all that must leave it as it was."""
    with serving("--script", str(script)) as server:
        server.initialize()
        server.open(URI, f"{SECRET}\nreturn a\n")
        assert server.receive()["method"] == "fimble/status"
        yield server


@pytest.fixture
def server(shared: Server) -> Iterator[Server]:
    """The shared server, checked afterwards."""
    yield shared
    answer = shared.complete(URI, 1, 8)
    response = shared.receive()
    assert (response["id"], response["result"]["items"][0]["insertText"]) == (answer, " + 1")
    assert_quiet(shared)


@pytest.fixture
def fresh(script: Path) -> Iterator[Server]:
    """A server of the test's own, not initialized."""
    with serving("--script", str(script)) as server:
        yield server
        assert_quiet(server)


def assert_quiet(server: Server) -> None:
    assert "Traceback" not in server.errors()
    assert SECRET not in server.errors()


def error(server: Server, message_id: object, code: int) -> str:
    """The text of the next answer, which must be an error of that id and code, one sentence."""
    response = server.receive()
    assert set(response) == {"jsonrpc", "id", "error"}
    assert (response["id"], response["error"]["code"]) == (message_id, code)
    text = response["error"]["message"]
    assert isinstance(text, str)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in str(response)
    assert SECRET not in str(response)
    return text


def message(**fields: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", **fields}


def test_before_initialize_every_request_is_refused(fresh: Server) -> None:
    fresh.notify("textDocument/didOpen", {"textDocument": None})
    fresh.notify("initialized", {})
    for method in ("shutdown", "textDocument/inlineCompletion", "no/method"):
        assert "initialize" in error(fresh, fresh.ask(method, {"a": SECRET}), -32002)
    assert fresh.initialize()["serverInfo"]["name"] == "fimble"


def test_initialize_with_wrong_parameters_can_be_tried_again(fresh: Server) -> None:
    error(fresh, fresh.ask("initialize", {"capabilities": 5}), -32602)
    error(fresh, fresh.ask("initialize"), -32602)
    assert fresh.initialize()["serverInfo"]["name"] == "fimble"


def test_a_second_initialize_is_refused(server: Server) -> None:
    params: dict[str, object] = {"processId": None, "rootUri": None, "capabilities": {}}
    assert "only once" in error(server, server.ask("initialize", params), -32600)


@pytest.mark.parametrize("params", [None, {}, [SECRET], SECRET])
def test_an_unknown_method_is_named(server: Server, params: object) -> None:
    assert "no/method" in error(server, server.ask("no/method", params), -32601)
    server.send(message(id="bare", method="no/method"))
    assert "no/method" in error(server, "bare", -32601)


@pytest.mark.parametrize(
    "body",
    [
        b"{garbage " + SECRET.encode(),
        b"",
        b"\xff\xfe{}",
        b'{"jsonrpc":"2.0","id":1,"method":"x"',
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","method":"x","id":' + b"9" * 5_000 + b"}",
    ],
    ids=["garbage", "empty", "not UTF-8", "cut", "deep", "digits"],
)
def test_what_is_not_json_is_answered_without_an_id(server: Server, body: bytes) -> None:
    server.send_bytes(frame(body))
    error(server, None, -32700)


@pytest.mark.parametrize("value", [[], [message(id=1, method="shutdown")], 5, SECRET, None, {}])
def test_json_that_is_no_message(server: Server, value: object) -> None:
    server.send(value)
    error(server, None, -32600)


@pytest.mark.parametrize(
    "fields",
    [
        {"jsonrpc": "1.0", "method": "shutdown"},
        {"jsonrpc": None, "method": "shutdown"},
        {"method": "shutdown"},
        message(method=5),
        message(method=None),
        message(method=[SECRET]),
        message(method="initialized", params={}),
        message(method="$/cancelRequest", params={"id": 1}),
    ],
)
def test_a_malformed_request_is_answered_with_its_id(
    server: Server, fields: dict[str, object]
) -> None:
    server.send({"id": "mine", **fields})
    error(server, "mine", -32600)


@pytest.mark.parametrize(
    "params",
    [
        None,
        5,
        [SECRET],
        {},
        {"textDocument": SECRET, "position": SECRET, "context": SECRET},
        {
            "textDocument": {"uri": URI},
            "position": {"line": -1, "character": 0},
            "context": {"triggerKind": 1},
        },
        {
            "textDocument": {"uri": URI},
            "position": {"line": 0, "character": 2**40},
            "context": {"triggerKind": 1},
        },
        {
            "textDocument": {"uri": URI},
            "position": {"line": 0, "character": 0},
            "context": {"triggerKind": 99},
        },
    ],
)
def test_parameters_of_the_wrong_shape_are_refused(server: Server, params: object) -> None:
    request = server.ask("textDocument/inlineCompletion", params)
    assert "textDocument/inlineCompletion" in error(server, request, -32602)


@pytest.mark.parametrize("message_id", [None, 1.5, [1], {"a": SECRET}])
def test_what_is_no_id_is_refused(server: Server, message_id: object) -> None:
    request = message(id=message_id, method="textDocument/inlineCompletion", params=AT_START)
    server.send(request)
    response = server.receive()
    assert (response["id"], response["error"]["code"]) == (message_id, -32600)


@pytest.mark.parametrize("message_id", ["text", "", 0, -7, 2**31 - 1])
def test_ids_come_back_as_they_were(server: Server, message_id: object) -> None:
    server.send(message(id=message_id, method="no/method"))
    error(server, message_id, -32601)
    server.send(message(id=message_id, method="textDocument/inlineCompletion", params=AT_START))
    assert server.receive() == message(id=message_id, result={"items": []})


@pytest.mark.parametrize(
    "fields",
    [
        {"method": "textDocument/didOpen", "params": {"textDocument": {"text": SECRET}}},
        {"method": "textDocument/didOpen"},
        {"method": "textDocument/didChange", "params": [SECRET]},
        {
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": "file:///unknown", "version": 2},
                "contentChanges": [{"text": SECRET}],
            },
        },
        {"method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///unknown"}}},
        {"method": "textDocument/inlineCompletion", "params": {"x": SECRET}},
        {"method": "workspace/didChangeConfiguration", "params": SECRET},
        {"method": "$/cancelRequest", "params": SECRET},
        {"method": "$/cancelRequest", "params": {"id": 987654}},
        {"method": "$/anything", "params": SECRET},
        {"method": "notebookDocument/didOpen", "params": {"notebookDocument": SECRET}},
        {"method": "window/workDoneProgress/cancel", "params": {"token": SECRET}},
        {"method": {"a": SECRET}},
        {"id": 987654, "result": SECRET},
        {"id": 987654, "error": SECRET},
        {"id": 987654, "error": {"code": 1, "message": SECRET}},
        {"id": 987654},
        {},
    ],
)
def test_other_nonsense_is_ignored(server: Server, fields: dict[str, object]) -> None:
    server.send(message(**fields))


def test_parameters_may_hold_what_looks_like_a_message(server: Server) -> None:
    inner = message(id="inner", method="shutdown")
    assert "no/method" in error(server, server.ask("no/method", inner), -32601)


def test_after_shutdown_requests_are_refused_and_the_rest_ignored(fresh: Server) -> None:
    fresh.initialize()
    assert fresh.receive()["method"] == "fimble/status"
    assert fresh.call("shutdown") is None
    fresh.open(URI, SECRET)
    for request in (
        fresh.ask("shutdown"),
        fresh.ask("no/method"),
        fresh.complete(URI, 0, 0),
        fresh.ask("textDocument/inlineCompletion", 5),
    ):
        assert "shut down" in error(fresh, request, -32600)
    fresh.notify("exit")
    assert fresh.exit_code() == 0


@pytest.mark.parametrize(
    "data",
    [
        NEXT.replace(b"Content-Length", b"content-length"),
        NEXT.replace(b": ", b":", 1),
        NEXT.replace(b"\r\n\r\n", b"\n\n"),
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + NEXT,
        NEXT.replace(b"Length: ", b"Length: 000"),
    ],
    ids=["case", "no space", "LF", "more headers", "zeros"],
)
def test_headers_may_be_written_in_other_ways(server: Server, data: bytes) -> None:
    server.send_bytes(data)
    error(server, "next", -32601)


def test_a_server_that_can_not_find_the_next_message_says_so_and_ends(fresh: Server) -> None:
    fresh.initialize()
    fresh.send_bytes(b"Content-Length: -5\r\n\r\n" + SECRET.encode() + b"\n" + NEXT)
    assert fresh.exit_code() == 2
    assert fresh.errors().startswith("fimble: The client sent a message without a usable")
    assert fresh.errors().count("\n") == 1


@pytest.mark.parametrize("data", [b"", b"Content-Length: 50\r\n\r\n{"])
def test_a_client_that_breaks_off_ends_the_server(fresh: Server, data: bytes) -> None:
    fresh.send_bytes(data)
    fresh.close_input()
    assert fresh.exit_code() == 1
    assert fresh.errors() == ""


def test_an_internal_error_shows_no_code() -> None:
    command = [sys.executable, str(Path(__file__).with_name("broken_server.py"))]
    with serving(command=command) as server:
        server.initialize()
        server.open(URI, SECRET)
        for invoked in (True, False):
            request = server.complete(URI, 0, len(SECRET), invoked=invoked)
            text = error(server, request, -32603)
            assert "textDocument/inlineCompletion (RuntimeError)" in text
        server.notify("workspace/didChangeConfiguration", {"settings": {"model": "other"}})
        error(server, server.ask("no/method"), -32601)
        assert server.errors().count("\n") >= 2
        assert_quiet(server)


def test_a_crash_of_the_engine_shows_no_code(server: Server) -> None:
    server.open("file:///crash.py", f"{SECRET}; crash(")
    request = server.complete("file:///crash.py", 0, len(SECRET) + 8)
    assert "crashed" in error(server, request, -32803)
