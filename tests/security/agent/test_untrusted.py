"""Nothing that a folder tries has an effect before the user trusts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lsp_server.agent.commands.sandbox import Sandbox
from tests.security.agent.scene import CANARY, Obedient, Outside, obey, outside, repository

TRICKS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("tricks.toml").read_text("utf-8"))
REPOSITORY = Path(__file__).parents[3]
SECONDS = 60
LOOKS: list[dict[str, Any]] = [
    {"name": "git", "arguments": {"what": "status"}},
    {"name": "git", "arguments": {"what": "diff"}},
    {"name": "list", "arguments": {}},
    {"name": "search", "arguments": {"pattern": "touch|x"}},
    {"name": "read", "arguments": {"path": "README.md"}},
    {"name": "definition", "arguments": {"name": "x", "uses": True}},
    {"name": "edit", "arguments": {"path": "new.py", "old": "", "new": "x = 1\n"}},
    {"name": "run", "arguments": {"command": "pwd"}},
    {"name": "run", "arguments": {"command": "git status --short"}},
    {"name": "run", "arguments": {"command": "true"}},
]


@pytest.fixture
def world() -> Iterator[Outside]:
    with outside() as found:
        yield found


def untrusted(world: Outside, root: Path) -> None:
    world.names["ws"] = str(root)
    files: dict[str, str] = {"a.txt": "a\n", "src/app.py": "def x():\n    pass\n"}
    for trick in TRICKS.values():
        files |= trick.get("files", {})
    setup = [trick["setup"] for trick in TRICKS.values() if "setup" in trick]
    repository(root, world.fill(files), world.fill(setup))
    for path in world.folder.iterdir():
        path.unlink()  # hooks that ran while it was made
    world.visits.clear()


def test_there_are_enough_of_them() -> None:
    assert len(TRICKS) >= 25


@pytest.mark.parametrize("path", ["", "."])
def test_the_command_in_such_a_folder(
    world: Outside, tmp_path: Path, sandbox: Sandbox, path: str
) -> None:
    """`PATH` has a relative folder, as it has for some users."""
    root = tmp_path / "ws"
    untrusted(world, root)
    script = tmp_path / "script.json"
    replies = [{"chat": f"```json\n{json.dumps(each)}\n```"} for each in LOOKS]
    script.write_text(json.dumps([*replies, {"chat": "Done."}]))
    environment = {
        **os.environ,
        "FIMBLE_STATE": str(tmp_path / "state"),
        "FIMBLE_CACHE": str(tmp_path / "cache"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-P", "-m", "lsp_server", "chat", "-p", "Look around."]
    ended = subprocess.run(
        [*command, "--json", "--approve", "all", "--script", str(script)],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert events[-1]["stopReason"] == "end_turn"
    assert "AGENTS.md, .mcp.json and .fimble of this folder don't count" in ended.stderr
    assert sorted(each.name for each in world.folder.iterdir()) == []
    failed = [event for event in events if event.get("status") == "failed"]
    assert failed == []
    assert world.visits == []
    assert CANARY not in ended.stdout


async def test_no_word_of_the_folders_rules_reaches_the_model(
    world: Outside, tmp_path: Path, sandbox: Sandbox
) -> None:
    root = tmp_path / "ws"
    untrusted(world, root)
    model = Obedient([], {"rules": []}, "Done.")
    await obey(root, model, message="Hello.")
    assert model.obeyed == set()
    trusted = Obedient([], {"rules": []}, "Done.")
    (root / ".mcp.json").unlink()
    (tmp_path / "ws-state").rename(tmp_path / "old-state")
    await obey(root, trusted, message="Hello.", trusted=True)
    assert trusted.obeyed == {"rules"}
    assert world.visits == []
