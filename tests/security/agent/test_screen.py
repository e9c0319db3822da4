"""What models, files and commands say reaches no terminal as it is, on any way there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lsp_server.agent.display import MAX_MARKS
from lsp_server.agent.events import (
    Diff,
    Event,
    MessageChunk,
    Question,
    ToolStarted,
    ToolUpdated,
    TurnEnded,
)
from lsp_server.cli import main
from lsp_server.cli.chat_lines import Lines
from lsp_server.cli.chat_screen import Screen, as_json
from tests.security.test_display import TRICKS, is_harmless

REPOSITORY = Path(__file__).parents[3]
TEXTS = [text for _, text in TRICKS]
BATCH = 6
"""Calls of one answer; more than 8 are not made."""


def harmful(shown: str, allowed: str = "\n\t") -> list[str]:
    marks = "\u0301" * (MAX_MARKS + 1)
    found = {each for each in shown if each not in allowed and not is_harmless(each)}
    return [*map(ascii, found), *(["marks"] if marks in shown else [])]


def everywhere(text: str) -> list[Event]:
    """Events with a text in each place that it may come from outside."""
    diff = Diff(f"a{text}.py", f"old {text}\n", f"new {text}\n")
    return [
        MessageChunk(f"see {text} here"),
        ToolStarted("1", f"Run {text}", "execute"),
        ToolUpdated("1", "in_progress", f"output {text}"),
        ToolUpdated("1", "completed", f"output {text}\n{text}"),
        ToolUpdated("1", "failed", f"no {text}"),
        ToolUpdated("2", "completed", "", diff),
        TurnEnded("error", f"answer {text}", (f"a{text}.py",), f"problem {text}"),
    ]


@pytest.mark.parametrize("text", TEXTS)
async def test_each_event_and_question(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no(_: Lines, prompt: str) -> str:
        print(prompt)
        return "n"

    monkeypatch.setattr(Lines, "ask", no)
    screen = Screen(Lines())
    for event in everywhere(text):
        screen.show(event)
    diff = Diff(f"a{text}.py", f"old {text}\n", f"new {text}\n")
    await screen.ask(Question("1", f"Run {text}", f"since {text}", f"detail {text}", diff))
    shown = capsys.readouterr().out
    assert harmful(shown) == []
    assert "\\" in shown
    for event in everywhere(text):
        as_json(event)
    told = capsys.readouterr().out
    assert all(" " <= each <= "~" or each == "\n" for each in told)
    assert len(told.splitlines()) == len(everywhere(text))


def fenced(calls: Sequence[tuple[str, dict[str, Any]]]) -> str:
    bodies = (json.dumps({"name": name, "arguments": each}) for name, each in calls)
    return "".join(f"```json\n{body}\n```\n" for body in bodies)


def script(path: Path) -> int:
    """Write what the model says in the turns of a chat; return how many turns these are."""
    calls: list[tuple[str, dict[str, Any]]] = []
    for number, text in enumerate(TEXTS):
        calls.append(("run", {"command": f"printf '%s' '{text}'; cat odd.txt"}))
        calls.append(("edit", {"path": f"new{number}.txt", "old": "", "new": f"{text}\n"}))
        calls.append(("read", {"path": f"{text}.py"}))
    replies = [" ".join(TEXTS)]
    for start in range(0, len(calls), BATCH):
        replies += [fenced(calls[start : start + BATCH]), f"Done {TEXTS[start % len(TEXTS)]}."]
    path.write_text(json.dumps([{"chat": reply} for reply in replies]))
    return 1 + len(calls) // BATCH + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    root.mkdir()
    for number, text in enumerate(TEXTS[:30]):
        name = text.encode("utf-8", "surrogatepass").replace(b"/", b"_").replace(b"\0", b"")
        (root / os.fsdecode(name[:100] + b"%d.py" % number)).write_text("x = 1\n")
    (root / "odd.txt").write_bytes("\n".join(TEXTS).encode("utf-8", "surrogatepass"))
    return root


def fimble(folder: Path, *arguments: str, said: str = "") -> tuple[bytes, bytes, int]:
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "FIMBLE_STATE": str(folder.parent / "state"),
        "FIMBLE_CACHE": str(folder.parent / "cache"),
        "PYTHONIOENCODING": "utf-8",
    }
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "lsp_server", "chat", "--cwd", str(folder), *arguments],
        env=environment,
        input=said.encode("utf-8", "surrogatepass"),
        capture_output=True,
        timeout=120,
    )
    return ended.stdout, ended.stderr, ended.returncode


def test_a_whole_chat_in_which_all_is_asked_about(folder: Path, tmp_path: Path) -> None:
    turns = script(tmp_path / "script.json")
    # Whatever is asked is answered with no; as messages, these noes are turns, too.
    said = "go\n" + "n\n" * (turns * BATCH)
    out, errors, _ = fimble(folder, "--script", str(tmp_path / "script.json"), said=said)
    shown = out.decode() + errors.decode()
    assert harmful(shown) == []
    assert shown.count("? Run") > 60
    assert shown.count("? Write") > 60


def test_a_whole_chat_in_which_all_is_done(folder: Path, tmp_path: Path) -> None:
    turns = script(tmp_path / "script.json")
    said = "go \x1b[2J\n" + "n\n" * (turns * BATCH) + "/undo\n"
    out, errors, _ = fimble(
        folder, "--script", str(tmp_path / "script.json"), "--approve", "all", said=said
    )
    shown = out.decode() + errors.decode()
    assert harmful(shown) == []
    assert shown.count("● ") > 180
    assert "Undone: " in shown
    listed, _, _ = fimble(folder, "--list")
    assert harmful(listed.decode()) == []
    assert b"\\x1b[2J" in listed
    identity = listed.split()[0].decode()
    exported, _, _ = fimble(folder, "--export", identity)
    assert harmful(exported.decode(), "\n") == []


def test_lines_of_json(folder: Path, tmp_path: Path) -> None:
    calls = [("run", {"command": "cat odd.txt"}), ("read", {"path": "odd.txt"})]
    replies = [fenced(calls), " ".join(TEXTS)]
    (tmp_path / "script.json").write_text(json.dumps([{"chat": reply} for reply in replies]))
    arguments = ("--script", str(tmp_path / "script.json"), "--approve", "all", "--json")
    out, _, _ = fimble(folder, "-p", "go", *arguments)
    assert all(32 <= each < 127 or each == 10 for each in out)
    assert all(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "\x9b31m", "\x7f"])
def test_errors(text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ["chat", "--cwd", str(tmp_path), "--script", str(tmp_path / f"none{text}")]
    assert main([*given, "-p", "go"]) != 0
    assert main(["chat", "--export", f"none{text}"]) != 0
    assert main(["chat", "--cwd", f"/none{text}", "-p", "go", "--script", "/dev/null"]) != 0
    assert harmful(capsys.readouterr().err) == []
