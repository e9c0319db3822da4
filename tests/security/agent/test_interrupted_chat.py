"""Ctrl-C in a chat in a terminal: it ends what runs, at once, and takes no line of the user's."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.agent.test_trust_asked import chat

EDIT = {"name": "edit", "arguments": {"path": "new.py", "old": "", "new": "x = 1\n"}}


@pytest.fixture(autouse=True)
def _interrupts_are_heard() -> Iterator[None]:
    """What a shell runs in the background ignores Ctrl-C, and so would what it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    root.mkdir()
    return root


def test_at_the_prompt_it_ends_the_chat_without_another_line(root: Path) -> None:
    with chat(root, "Hello.") as terminal:
        terminal.until("> ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(10) == 130


def test_so_it_does_after_a_turn(root: Path) -> None:
    with chat(root, "Hello.") as terminal:
        terminal.until("> ")
        terminal.say("hello")
        terminal.until("Hello.\r\n\r\n> ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(10) == 130


def test_at_a_question_it_ends_the_turn_and_the_next_line_is_a_message(root: Path) -> None:
    with chat(root, f"```json\n{json.dumps(EDIT)}\n```", "Good day.") as terminal:
        terminal.until("> ")
        terminal.say("make new.py")
        terminal.until("[n]o? ")
        terminal.process.send_signal(signal.SIGINT)
        terminal.until("[cancelled]")
        terminal.until("> ")
        terminal.say("hello")
        terminal.until("Good day.")
    assert not (root / "new.py").exists()
