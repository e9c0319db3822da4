"""A client of one screenful: frames, a process, nothing that repairs what the server sends."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any, BinaryIO

SERVE = (sys.executable, "-m", "lsp_server", "serve")
PATIENCE = 20.0
"""Seconds to wait for something that should come at once."""


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


class Wire:
    """Messages over a pair of streams. Ids are counted up from 1."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        """Read on until the stream ends, or `receiving` is false when a message has come."""
        self.receiving = True
        self._reader = reader
        self._writer = writer
        self._last_id = 0
        self._messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def send_bytes(self, data: bytes) -> None:
        with suppress(BrokenPipeError):  # a server that has ended is seen by what it says last
            self._writer.write(data)
            self._writer.flush()

    def send(self, message: object) -> None:
        self.send_bytes(frame(json.dumps(message).encode()))

    def notify(self, method: str, params: object = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: object = None) -> int:
        """Send a request; return its id."""
        self._last_id += 1
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id

    def receive(self, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next message. Raises queue.Empty if none comes, EOFError at the stream's end."""
        message = self._messages.get(timeout=timeout)
        if message is None:
            raise EOFError
        assert isinstance(message, dict)
        return message

    def response(self) -> dict[str, Any]:
        """The next response, whatever its id; notifications before it are skipped."""
        while "method" in (message := self.receive()):
            pass
        return message

    def call(self, method: str, params: object = None) -> Any:
        """The result of a request, or the whole error object. Nothing else may be answered."""
        request_id = self.ask(method, params)
        response = self.response()
        assert response["id"] == request_id
        return response["error"] if "error" in response else response["result"]

    def initialize(self, **params: object) -> Any:
        given = {"processId": None, "rootUri": None, "capabilities": {}, **params}
        result = self.call("initialize", given)
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python") -> None:
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def complete(self, uri: str, line: int, character: int, *, invoked: bool = True) -> int:
        """Ask for an inline completion; return the request's id."""
        place = {"line": line, "character": character}
        context = {"triggerKind": 1 if invoked else 2}
        document = {"uri": uri}
        params = {"textDocument": document, "position": place, "context": context}
        return self.ask("textDocument/inlineCompletion", params)

    def join(self) -> None:
        """Wait until the stream has been read to its end, and is closed."""
        self._thread.join(PATIENCE)

    def _read(self) -> None:
        while header := self._reader.readline():
            length = int(header.removeprefix(b"Content-Length: "))
            while self._reader.readline() != b"\r\n":
                pass
            self._messages.put(json.loads(self._reader.read(length)))
            if not self.receiving:
                break
        self._reader.close()
        self._messages.put(None)


class Server(Wire):
    """A server process and the wire to it."""

    def __init__(
        self, command: Sequence[str], errors: BinaryIO, environment: Mapping[str, str]
    ) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._errors = errors
        super().__init__(self.process.stdout, self.process.stdin)  # type: ignore[arg-type]

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def exit_code(self) -> int:
        return self.process.wait(PATIENCE)

    def errors(self) -> str:
        """All that stands in its standard error so far."""
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode()


@contextmanager
def serving(
    *arguments: str,
    command: Sequence[str] = SERVE,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """A running server, killed in the end if it still runs.

    `environment` is what differs from this process's own.
    """
    with tempfile.TemporaryFile() as errors:
        server = Server([*command, *arguments], errors, environment)
        try:
            yield server
        finally:
            server.process.kill()
            with suppress(BrokenPipeError):
                server.close_input()
            server.process.wait()
            server.join()
