"""`kill -9` in the middle of a chat: no half-written file, one step lost at most, all undone."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.agent.events import Choice, Question, TurnEnded
from lsp_server.engines.chat import ChatInfo
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.workspace.index import Index
from tests.security.agent.scene import contents

KILLS = 92
PROCESSES = 8
"""Kills of the whole command, which takes a second to start; the others are forks of this one."""
REPOSITORY = Path(__file__).parents[3]
INFO = ChatInfo("script", 1_000_000, native_tools=True)
BIG = 60_000
BEFORE = {"a.py": "x = 0\n", "b.txt": "b" * BIG}


def call(name: str, **arguments: object) -> str:
    return f"```json\n{json.dumps({'name': name, 'arguments': arguments})}\n```"


def new(number: int) -> str:
    return f"{number}:" + "x" * BIG


SCRIPT = [
    call("edit", path="new/1.txt", old="", new=new(1)),
    call("edit", path="a.py", old="x = 0", new="x = 1"),
    call("run", command="cp a.py c1.txt; rm b.txt a.py; mkdir d; touch d/c2.txt; mv c1.txt a.py"),
    call("edit", path="new/2.txt", old="", new=new(2)),
    call("edit", path="a.py", old="x = 1", new="x = 2"),
    "Done.",
]
WHOLE = {
    "a.py": {"x = 0\n", "x = 1\n", "x = 2\n"},
    "b.txt": {BEFORE["b.txt"]},
    "new/1.txt": {new(1)},
    "new/2.txt": {new(2)},
}


async def yes(_: Question) -> Choice:
    return "allow_once"


def agent_of(folder: Path, script: list[str]) -> Agent:
    state = folder / "state"
    places = Places(state / "sessions.sqlite", state / "decisions.sqlite", state / "journal")
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(script, INFO)
    return Agent(
        engine, folder / "ws", Index(folder / "ws", state / "i.sqlite"), ask=yes, places=places
    )


async def chat(folder: Path, begun: Callable[[], object]) -> None:
    agent = agent_of(folder, SCRIPT)
    session = await agent.begin("all")
    begun()
    async for _ in session.turn("go"):
        pass


def forked(folder: Path) -> tuple[int, float]:
    """Start a chat; its process, and when its turn began."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(chat(folder, lambda: os.write(writing, b"x")))
        finally:
            os._exit(0)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return child, time.monotonic()


def started(folder: Path) -> tuple[int, float]:
    """The same by the command itself."""
    script = folder / "script.json"
    script.write_text(json.dumps([{"chat": reply} for reply in SCRIPT]))
    command = [sys.executable, "-P", "-m", "lsp_server", "chat", "-p", "go", "--json"]
    environment = os.environ | {
        "FIMBLE_STATE": str(folder / "state"),
        "FIMBLE_CACHE": str(folder / "cache"),
        "PYTHONPATH": str(REPOSITORY),
    }
    told = folder / "told.txt"
    with told.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--approve", "all", "--cwd", "ws", "--script", str(script)],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    process.returncode = 0  # it is waited for by its number
    while not told.stat().st_size:
        time.sleep(0.005)
    return process.pid, time.monotonic()


def wait_for_commands(root: Path) -> None:
    """A command ends when it notices that Fimble has; what it changes until then is its own."""
    until = time.monotonic() + 10
    while any(
        str(root) in " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    ):
        assert time.monotonic() < until, "a command outlives the kill"
        time.sleep(0.01)


async def resumed(folder: Path) -> int:
    """Go on after a kill; how many steps were lost."""
    agent = agent_of(folder, ["I go on."])
    try:
        (stored,) = agent.store.sessions()[:1]
        entries = agent.store.entries(stored.id)
        kinds = [entry.kind for entry in entries]
        session = await agent.resume(stored.id)
        lost = kinds.count("call") - kinds.count("called")
        assert lost in (0, 1)
        assert bool(session.interrupted) == ("user" in kinds and "ended" not in kinds)
        if lost:
            titles = [entry.body["title"] for entry in entries if entry.kind == "call"]
            assert session.interrupted == titles[-1]
        found = await agent.recovered(stored.id)
        steps = [each for each in found if each.found != "perhaps yours"]
        assert len(steps) <= 1
        assert all(step.found != "changed since" for step in steps)
        events = [event async for event in session.turn("go on")]
        assert isinstance(events[-1], TurnEnded)
        assert events[-1].reason == "end_turn"
        await agent.undo(stored.id)
        return lost
    finally:
        await agent.close()


def test_100_kills(tmp_path: Path, sandbox: Sandbox) -> None:
    chance = random.Random(11)
    root = tmp_path / "ws"
    root.mkdir()
    for name, text in BEFORE.items():
        (root / name).write_text(text)
    before = contents(root)
    seconds = whole_run(tmp_path)
    lost = 0
    for number in range(KILLS + PROCESSES):
        begin = forked if number < KILLS else started
        process, begun = begin(tmp_path)
        time.sleep(max(0.0, begun + chance.uniform(0, seconds) - time.monotonic()))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        wait_for_commands(root)
        for path, data in contents(root).items():
            if path in WHOLE:
                assert data.decode() in WHOLE[path], path
        lost += asyncio.run(resumed(tmp_path))
        until = time.monotonic() + 5  # who watches a command tidies up when it has noticed
        while contents(root) != before and time.monotonic() < until:
            time.sleep(0.02)
        assert contents(root) == before, number
    assert lost > KILLS // 4  # the kills hit what they should


def whole_run(folder: Path) -> float:
    """How long a chat takes that nobody kills; it is taken back."""
    process, begun = forked(folder)
    os.waitpid(process, 0)
    seconds = time.monotonic() - begun
    assert (folder / "ws" / "a.py").read_text() == "x = 2\n"
    assert (folder / "ws" / "d" / "c2.txt").exists()
    agent = agent_of(folder, [])
    try:
        asyncio.run(agent.undo(agent.store.sessions()[0].id))
    finally:
        asyncio.run(agent.close())
    return seconds
