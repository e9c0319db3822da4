"""`fimble eval` as a process: stopped by the user and gone on with, and with a real model."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lsp_server.models.discover import resolve
from tests.git_repository import tracked, write
from tests.http_endpoint import Request, endpoint, reply, stream
from tests.remote import DONE, choice, pass_self_test
from tests.signals import heed_interrupts

EVAL = (sys.executable, "-m", "lsp_server", "eval")
SECONDS = 60
MODEL = "qwen2.5-coder-0.5b"
RECTANGLE = """\
class Rectangle:
    def __init__(self, width, height):
        self.width = width
        self.height = height

    def area(self):
        return self.width * self.height

    def perimeter(self):
        return 2 * (self.width + self.height)

    def scaled(self, factor):
        return Rectangle(self.width * factor, self.height * factor)
"""
DRAWING = """\
from shapes import Rectangle


def largest(rectangles):
    return max(rectangles, key=Rectangle.area)


def drawn(width, height):
    rectangle = Rectangle(width, height)
    return [rectangle.scaled(2), rectangle.perimeter()]
"""


def kept(cache: Path) -> list[bytes]:
    """The whole lines of the one file of answers; none if there is no file."""
    files = list((cache / "eval").glob("*.jsonl"))
    lines = files[0].read_bytes().splitlines(keepends=True) if files else []
    return [line for line in lines if line.endswith(b"\n")]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT for one process")
def test_what_the_user_stops_goes_on_later(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = {**os.environ, "FIMBLE_CACHE": str(cache)}
    calls = "".join(f"call_{n}(int, {n} * len)\n" + "\n" * 20 for n in range(8))
    tracked(tmp_path / "shop", {"shop.py": calls})
    slow = [{"after": "(", "text": "int, len", "seconds_per_token": 0.2}]
    write(tmp_path, {"slow.json": json.dumps(slow)})
    arguments = ("shop", "--script", "slow.json", "--kinds", "arguments", "--json")
    with subprocess.Popen(
        (*EVAL, *arguments),
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    ) as running:
        deadline = time.monotonic() + SECONDS
        while len(kept(cache)) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)  # what another process writes to a file can't be awaited
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=SECONDS) == (b"", b"fimble: stopped.\n")
    assert running.returncode == 130
    before = kept(cache)
    assert 3 <= len(before) < 9  # speeds, and some of eight answers

    ended = subprocess.run(
        (*EVAL, *arguments), cwd=tmp_path, env=environment, capture_output=True, timeout=SECONDS
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout)["models"][0]["figures"]["total"]["answered"] == 8
    after = kept(cache)
    assert (after[: len(before)], len(after)) == (before, 9)


async def test_an_endpoint_gets_the_code_but_no_secrets(tmp_path: Path) -> None:
    key = "AKIA" + "Q7" * 8
    code = "def run(client, order):\n    client.fetch(order.number, order.key)\n"
    secrets = {"keys.py": f"{code}AWS = '{key}'\n", ".env.py": f"{code}HIDDEN = 1\n"}
    tracked(tmp_path / "shop", {"shop.py": code, **secrets})

    def answer(request: Request) -> bytes | None:
        if request.body and not request.body.get("stream"):
            return reply(choice("ok", "stop"))  # to the probes
        return pass_self_test(request)

    async with endpoint() as served:
        served.before_routes = answer
        served.routes["/v1/completions"] = stream(choice("order.number, order.key", "stop"), DONE)
        served.routes["/v1/models"] = reply({"data": [{"id": "qwen2.5-coder"}]})
        running = await asyncio.create_subprocess_exec(
            *(*EVAL, "shop", "--endpoint", served.url, "--json"),
            cwd=tmp_path,
            env={**os.environ, "FIMBLE_CACHE": str(tmp_path / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        printed, errors = await asyncio.wait_for(running.communicate(), SECONDS)
    assert errors == b""
    [model] = json.loads(printed)["models"]
    assert (model["model"], model["figures"]["arguments"]["exact"]) == (served.url, 1)
    sent = repr(served.requests)
    assert "client.fetch(" in sent
    assert key not in sent and "HIDDEN" not in sent


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_bar_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    tracked(tmp_path / "shop", {"shop.py": "call_one(first, second)\n"})
    write(tmp_path, {"script.json": "[]"})
    terminal, end = os.openpty()
    with subprocess.Popen(
        (*EVAL, "shop", "--script", "script.json", "--json"),
        cwd=tmp_path,
        env={**os.environ, "FIMBLE_CACHE": str(tmp_path / "cache"), "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=end,
    ) as running:
        os.close(end)
        shown = b""
        while b"script.json" not in shown:
            shown += os.read(terminal, 4096)
        assert running.stdout and json.loads(running.stdout.read())["seed"] == 0
    os.close(terminal)
    assert running.returncode == 0


@pytest.mark.model
def test_a_real_model_is_measured(tmp_path: Path) -> None:
    tracked(tmp_path / "shop", {"shapes.py": RECTANGLE, "drawing.py": DRAWING})

    path = str(resolve(MODEL))  # before the cache is another
    environment = {**os.environ, "FIMBLE_CACHE": str(tmp_path / "cache")}

    def measured(*more: str) -> dict[str, Any]:
        ended = subprocess.run(
            (*EVAL, "shop", "--model", path, "--cases", "2", "--json", *more),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            timeout=5 * SECONDS,
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
        [model] = json.loads(ended.stdout)["models"]
        assert model["model"] == path
        figures: dict[str, Any] = model["figures"]
        return figures

    first = measured()
    assert list(first) == ["line", "block", "arguments", "cross-file", "total"]
    total = first["total"]
    assert 5 <= total["cases"] <= 8 and total["answered"] >= 5
    assert 0 < total["similarity"] <= 1 and total["parses"] > 0.5
    assert total["latencyMs"]["p50"] > 1
    again = measured("--fresh")
    for figures in (*first.values(), *again.values()):
        del figures["latencyMs"]
    assert again == first  # what is written does not depend on time
