"""`fimble serve --tcp`: one client, on loopback."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.raw import PATIENCE, SERVE, Wire, frame


@contextmanager
def listening(script: Path, host: str = "127.0.0.1") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that waits for its client, and its port."""
    command = [*SERVE, "--script", str(script), "--tcp", f"{host}:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        match = re.fullmatch(r"fimble: listening on 127\.0\.0\.1:(\d+)\n", line)
        assert match is not None
        try:
            yield process, int(match[1])
        finally:
            process.kill()


@contextmanager
def connected(port: int) -> Iterator[Wire]:
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        connection.makefile("rb") as reader,
        connection.makefile("wb") as writer,
    ):
        try:
            yield Wire(reader, writer)
        finally:
            connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_one_client_is_served(script: Path, host: str) -> None:
    with listening(script, host) as (process, port), connected(port) as client:
        client.initialize()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
        client.open("file:///a.py", "return a")
        client.complete("file:///a.py", 0, 8)
        assert client.response()["result"]["items"][0]["insertText"] == " + 1"
        assert client.call("shutdown") is None
        client.notify("exit")
        assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("data", [b"", b"Content-Length: 9\r\n\r\n{"])
def test_a_client_that_is_gone_ends_the_server(script: Path, data: bytes) -> None:
    with listening(script) as (process, port):
        with connected(port) as client:
            client.send_bytes(data)
            time.sleep(0.1)
        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_message_larger_than_a_read_buffer(script: Path) -> None:
    with listening(script) as (_, port), connected(port) as client:
        client.initialize()
        client.open("file:///a.py", "x = 1\n" * 500_000 + "return a")
        client.complete("file:///a.py", 500_000, 8)
        assert client.response()["result"]["items"][0]["insertText"] == " + 1"


def test_messages_in_one_piece_are_handled_in_their_order(script: Path) -> None:
    uri = "file:///a.py"
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "return a"}
    place = {"line": 0, "character": 8}
    changed = {"uri": uri, "version": 2}
    messages: list[dict[str, object]] = [
        {"method": "textDocument/didOpen", "params": {"textDocument": item}},
        {
            "id": "first",
            "method": "textDocument/inlineCompletion",
            "params": {
                "textDocument": {"uri": uri},
                "position": place,
                "context": {"triggerKind": 1},
            },
        },
        {
            "method": "textDocument/didChange",
            "params": {"textDocument": changed, "contentChanges": [{"text": "slow(\nfirst("}]},
        },
    ]
    with listening(script) as (_, port), connected(port) as client:
        client.initialize()
        client.send_bytes(
            b"".join(frame(json.dumps({"jsonrpc": "2.0", **m}).encode()) for m in messages)
        )
        response = client.response()
        # Of the second version it would be an answer to a place that the client didn't mean.
        assert (response["id"], response["result"]) == ("first", {"items": []})
        client.complete(uri, 1, 6)
        assert client.response()["result"]["items"][0]["insertText"] == "int, str"
