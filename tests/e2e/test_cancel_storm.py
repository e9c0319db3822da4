"""Hundreds of requests, nearly all cancelled: each is answered once, and nothing stays behind."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from tests.e2e.raw import Server, serving

REQUESTS = 500
CANCELLED_PART = 0.95
DOCUMENTS = 5
LINES = 200
GROWTH = 1.05


def storm(server: Server, seed: int) -> dict[int, dict[str, Any]]:
    """Send the requests, cancel most of them at random moments; return the answers by id."""
    chance = random.Random(seed)
    sent: list[int] = []
    to_cancel: list[int] = []
    for _ in range(REQUESTS):
        uri = f"file:///{chance.randrange(DOCUMENTS)}.py"
        line = chance.randrange(LINES)  # most have not been asked about, so are not remembered
        request = server.complete(uri, line, 5, invoked=chance.random() < 0.5)
        sent.append(request)
        if chance.random() < CANCELLED_PART:
            to_cancel.append(request)
        while to_cancel and chance.random() < 0.6:
            cancel(server, to_cancel.pop(chance.randrange(len(to_cancel))))
        if chance.random() < 0.1:
            time.sleep(chance.random() * 0.02)
    for request in to_cancel:
        cancel(server, request)
    last = server.ask("no/method")
    answers = [server.response() for _ in range(REQUESTS + 1)]
    assert Counter(answer["id"] for answer in answers) == Counter([*sent, last])
    return {answer["id"]: answer for answer in answers if answer["id"] != last}


def cancel(server: Server, request: int) -> None:
    server.notify("$/cancelRequest", {"id": request})


def test_each_of_many_cancelled_requests_is_answered_once(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    replies = [
        {"after": "slow(", "text": "1, 2, 3", "seconds_per_token": 0.02},
        {"after": "return a", "text": " + 1"},
    ]
    script.write_text(json.dumps(replies))
    with serving("--script", str(script)) as server:
        server.initialize()
        for number in range(DOCUMENTS):
            server.open(f"file:///{number}.py", "slow(\n" * LINES + "return a\n")
        process = psutil.Process(server.process.pid)
        memory = []
        for seed in range(3):
            answers = storm(server, seed)
            codes = Counter(answer.get("error", {}).get("code") for answer in answers.values())
            assert set(codes) == {None, -32800}
            assert codes[-32800] > REQUESTS / 2
            for answer in answers.values():
                items = answer.get("result", {}).get("items", [])
                assert [item["insertText"] for item in items] in ([], ["1, 2, 3"])
            live = server.complete("file:///0.py", LINES, 8)
            response = server.response()
            assert response["id"] == live
            assert response["result"]["items"][0]["insertText"] == " + 1"
            memory.append(process.memory_info().rss)
        assert memory[-1] < GROWTH * memory[0]
        assert server.errors() == ""
