"""Kill the worker through the server: what an editor sees of it. Used by tests and a benchmark."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from typing import Any, Literal

import psutil

from tests.e2e.raw import Server, serving

Phase = Literal["load", "prompt", "generation"]
LONG = ("file:///long.py", "file:///long_too.py")
SHORT = "file:///short.py"
LAST = "file:///last.py"
LIST = ("file:///list.py", "file:///list_too.py")
SETTINGS = {"completion": {"latencyBudgetMs": 20_000, "maxTokens": 512, "maxLines": 500}}
"""A large window to evaluate, and a long answer."""
SHORT_TEXT = "def add(a, b):\n    return "
LAST_TEXT = "def sub(a, b):\n    return "
LIST_TEXT = "primes = [2, 3, 5, 7, "
"""The model goes on with it until it is stopped."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Figures of one kill, in seconds."""

    answered: float
    """From the kill until every outstanding request had been answered."""
    served: float
    """From the kill until a request after it had been served."""
    load: float
    """What loading the model anew took of that."""
    same_server: bool
    """The server's process is the one that was started."""


class _Listener:
    """The messages of a server, with the time at which each was read."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers: dict[int, dict[str, Any]] = {}
        self.loading_at = self.ready_at = 0.0
        """When the latest load began and ended; 0 if there was none."""

    def listen(self, seconds: float) -> None:
        """Take one message, if one comes in time."""
        try:
            message = self.server.receive(max(seconds, 0.001))
        except queue.Empty:
            return
        if "id" in message:
            assert message["id"] not in self.answers, "a request was answered twice"
            self.answers[message["id"]] = message
        elif message["method"] == "fimble/status":
            state, now = message["params"]["state"], time.perf_counter()
            if state == "loading" and self.loading_at <= self.ready_at:
                self.loading_at = now
            elif state == "ready":
                self.ready_at = now

    def listen_for(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.listen(left)

    def until_answered(self, *requests: int, seconds: float = 60) -> float:
        """Wait for the answers; return the time. Raises TimeoutError."""
        end = time.perf_counter() + seconds
        while not self.answers.keys() >= set(requests):
            if (left := end - time.perf_counter()) <= 0:
                raise TimeoutError("A request was not answered.")
            self.listen(left)
        return time.perf_counter()


def kill_once(phase: Phase, delay: float = 0.3, model: str = "qwen2.5-coder-0.5b") -> Kill:
    """Start a server, kill its worker `delay` seconds into a phase with two requests outstanding.

    Raises TimeoutError if a request is not answered, AssertionError if one is answered wrongly, or
    before the kill, so that the phase was missed.
    """
    with serving("--model", model) as server:
        listener = _Listener(server)
        asked = server.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": None,
                "capabilities": {},
                "initializationOptions": SETTINGS,
            },
        )
        listener.until_answered(asked)
        server.notify("initialized", {})
        _open_documents(server)
        if phase == "load":
            while not listener.loading_at:
                listener.listen(1)
        else:
            listener.until_answered(_ask_short(server))
        outstanding = _ask_long(server, phase)
        listener.listen_for(delay)
        over = listener.ready_at if phase == "load" else listener.answers.keys() & set(outstanding)
        assert not over, f"{phase} was over before the kill"
        worker = _worker(server)
        worker.kill()
        killed = time.perf_counter()
        listener.loading_at = listener.ready_at = 0.0
        answered = listener.until_answered(*outstanding)
        for request in outstanding:
            _check_failed(listener.answers[request])
        last = server.complete(LAST, 1, 11)  # of which nothing is known yet
        served = listener.until_answered(last)
        assert listener.answers[last]["result"]["items"], "the next request was not served"
        assert not worker.is_running()
        return Kill(
            answered=answered - killed,
            served=served - killed,
            load=listener.ready_at - listener.loading_at,
            same_server=server.process.poll() is None and _worker(server).pid != worker.pid,
        )


def _open_documents(server: Server) -> None:
    server.open(SHORT, SHORT_TEXT)
    server.open(LAST, LAST_TEXT)
    long_text = "".join(f"total_{n} = {n} + {n * n}\n" for n in range(2000)) + "total = "
    for long, list_ in zip(LONG, LIST, strict=True):
        server.open(long, long_text)
        server.open(list_, LIST_TEXT)


def _ask_long(server: Server, phase: Phase) -> list[int]:
    """Ask for what spends a long time in a phase, in two documents: one waits for the other."""
    if phase == "generation":
        # A prompt of so few tokens that they are evaluated in a tenth of a second.
        return [server.complete(uri, 0, len(LIST_TEXT)) for uri in LIST]
    return [server.complete(uri, 2000, 8) for uri in LONG]


def _ask_short(server: Server) -> int:
    return server.complete(SHORT, 1, 11)


def _check_failed(answer: dict[str, Any]) -> None:
    """The user is told in a sentence, or sees nothing."""
    if "error" in answer:
        assert answer["error"]["code"] == -32803
        assert answer["error"]["message"].endswith(".")
    else:
        assert answer["result"] == {"items": []}


def _worker(server: Server) -> psutil.Process:
    [worker] = psutil.Process(server.process.pid).children()
    return worker
