"""Typing over the bare protocol: each message is seen as it comes, and the client costs little."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.client import apart
from benchmarks.keys import Edit, Key, Shown
from benchmarks.sources import Source
from benchmarks.typist import Typist
from lsp_server.models.discover import resolve
from tests.e2e.raw import PATIENCE, SERVE, Server, serving

Script = Sequence[dict[str, Any]]

SCRIPT: Script = (
    {"after": "re", "text": "turn "},
    {"after": "self.", "text": "value"},
    {"after": "(", "text": "value, "},
    {"after": " = ", "text": "None"},
    {"after": "", "text": "name"},
)
"""What the scripted engine answers: something to every key, some of it right."""
SLOW_SCRIPT: Script = ({"after": "", "text": "one, two, three, four", "seconds_per_token": 0.1},)
"""Answers that take longer than a user waits who goes on typing."""


@contextmanager
def server(model: str = "", script: Script = SCRIPT) -> Iterator[Server]:
    """A server of that model, loaded, or of a scripted engine; columns are code points."""
    with tempfile.TemporaryDirectory() as folder, apart() as environment:
        path = Path(folder) / "script.json"
        path.write_text(json.dumps(script))
        arguments = ("--model", str(resolve(model))) if model else ("--script", str(path))
        assigned = [f"{name}={value}" for name, value in environment.items()]
        with serving(*arguments, command=("env", *assigned, *SERVE)) as started:
            started.initialize(capabilities={"general": {"positionEncodings": ["utf-32"]}})
            while True:
                message = started.receive(timeout=10 * PATIENCE)
                if message.get("method") == "fimble/status":
                    state = message["params"]["state"]
                    if state == "failed":
                        raise RuntimeError(message["params"]["message"])
                    if state == "ready":
                        break
            yield started


class Typing:
    """The script of keys, without end: when all is typed, the files are opened anew.

    Before the first key a suggestion is asked for in each file, so that what is loaded once, such
    as a language's grammar, is there when growth begins to be measured.
    """

    def __init__(self, started: Server, sources: Sequence[Source], seed: int) -> None:
        self._server = started
        self._sources = sources
        self._keys = self._endless(seed)
        next(self._keys)  # opens the files

    def send(self, shown: Shown | None) -> int:
        """Press the next key, given what was suggested after the last; the request's id."""
        key = self._keys.send(shown)
        assert key is not None
        if key.edit is not None:
            change(self._server, key.uri, key.edit)
        return self._server.complete(key.uri, key.cursor.row, key.cursor.column, invoked=False)

    def press(self, shown: Shown | None) -> tuple[float, Shown | None]:
        """The same, and wait for the answer: the seconds it took, and what is suggested.

        Raises AssertionError for anything but one answer to this request without an error.
        """
        began = time.perf_counter()
        request = self.send(shown)
        response = self._server.response()
        seconds = time.perf_counter() - began
        assert response["id"] == request, "a request was answered twice, or another's answer came"
        return seconds, suggestion(response)

    def _endless(self, seed: int) -> Any:
        shown: Shown | None = None
        for round_number in itertools.count():
            typist = Typist(self._sources, seed + round_number)
            for source in self._sources:
                text = str(typist.documents[source.uri])
                self._server.open(source.uri, text, source.language)
                if not round_number:
                    self._server.complete(source.uri, 0, 0, invoked=False)
                    suggestion(self._server.response())
            if not round_number:
                shown = yield None
            keys = typist.keys()
            key: Key | None = next(keys)
            while key is not None:
                shown = yield key
                try:
                    key = keys.send(shown)
                except StopIteration:
                    key = None


def change(started: Server, uri: str, edit: Edit) -> None:
    """Send an edit."""
    place = {
        "start": {"line": edit.start.row, "character": edit.start.column},
        "end": {"line": edit.end.row, "character": edit.end.column},
    }
    params = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [{"range": place, "text": edit.text}],
    }
    started.notify("textDocument/didChange", params)


def suggestion(response: dict[str, Any]) -> Shown | None:
    """What an answer suggests. Raises AssertionError if it is an error."""
    assert "error" not in response, response["error"]["message"]
    items = response["result"]["items"]
    if not items:
        return None
    place = items[0]["range"]
    replaced = place["end"]["character"] - place["start"]["character"]
    return Shown(items[0]["insertText"], replaced)


class Processes:
    """A server and its worker, as the system sees them."""

    def __init__(self, started: Server) -> None:
        self._server = psutil.Process(started.process.pid)

    def memory(self) -> int:
        """Resident bytes of both."""
        return sum(process.memory_info().rss for process in self._all())

    def cpu_seconds(self) -> float:
        """Processor time of both so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self._all())

    def _all(self) -> list[psutil.Process]:
        return [self._server, *self._server.children(recursive=True)]
