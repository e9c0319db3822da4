"""Who starts a chat in a terminal is asked once whether he trusts the folder; no is the default."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
QUESTION = "Trust this folder? [y/N]"


class Terminal:
    """A chat in a terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self._shown = ""
        self.process = process

    def until(self, text: str, seconds: float = 30) -> str:
        """What is shown up to a text, which it must come to. What is shown behind it is kept."""
        end = time.monotonic() + seconds
        while text not in self._shown:
            left = max(0.0, end - time.monotonic())
            ready, _, _ = select.select([self._master], [], [], left)
            assert ready, self._shown
            self._shown += os.read(self._master, 65536).decode("utf-8", "replace")
        before, _, self._shown = self._shown.partition(text)
        return before + text

    def say(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())


@contextmanager
def chat(root: Path, *replies: str) -> Iterator[Terminal]:
    """With a model that says these."""
    script = root.parent / "script.json"
    script.write_text(json.dumps([{"chat": reply} for reply in replies or ("Hello.",)]))
    environment = os.environ | {
        "FIMBLE_STATE": str(root.parent / "state"),
        "FIMBLE_CACHE": str(root.parent / "cache"),
        "PYTHONPATH": str(REPOSITORY),
        "TERM": "dumb",
    }
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "lsp_server", "chat", "--script", str(script)],
        cwd=root,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    root.mkdir()
    server = {"command": "touch", "args": [str(tmp_path / "made")]}
    (root / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": server}}))
    return root


def test_enter_is_no_and_it_is_asked_once(root: Path, tmp_path: Path) -> None:
    with chat(root) as terminal:
        assert ".mcp.json of this folder may tell the model" in terminal.until(QUESTION)
        terminal.say("")
        terminal.until("Session ")
    with chat(root) as terminal:
        assert QUESTION not in terminal.until("Session ")
    assert not (tmp_path / "made").exists()
    with chat(root) as terminal:
        terminal.until("> ")
        terminal.say("/trust")
        terminal.until("The server x does not work")
    assert (tmp_path / "made").exists()


def test_yes_is_for_the_file_as_it_was(root: Path, tmp_path: Path) -> None:
    with chat(root) as terminal:
        terminal.until(QUESTION)
        terminal.say("y")
        terminal.until("The server x does not work")
    (tmp_path / "made").unlink()
    server = {"command": "touch", "args": [str(tmp_path / "other")]}
    (root / ".mcp.json").write_text(json.dumps({"mcpServers": {"x": server}}))
    with chat(root) as terminal:
        terminal.until(QUESTION)
        terminal.say("n")
        terminal.until("Session ")
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "other").exists()
