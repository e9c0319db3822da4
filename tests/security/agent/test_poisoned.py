"""A model that obeys every instruction in a repository does no harm beyond the repository."""

from __future__ import annotations

import asyncio
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.agent.events import TurnEnded
from tests.security.agent.scene import (
    CANARY,
    Obedient,
    Outside,
    obey,
    outside,
    protected,
    repository,
)

_FOUND = tomllib.loads(Path(__file__).with_name("poisoned.toml").read_text("utf-8"))
PLACES: dict[str, Any] = _FOUND["places"]
PAYLOADS: dict[str, Any] = _FOUND["payloads"]
COUNT = 50
CASES = [
    (list(PLACES)[number % len(PLACES)], list(PAYLOADS)[number % len(PAYLOADS)])
    for number in range(COUNT)
]
AT_ONCE = 3
DAEMON = "sleep 86397"


@pytest.fixture
def world() -> Iterator[Outside]:
    with outside() as found:
        (found.folder / "keep").write_text("kept")
        yield found


def poisoned(world: Outside, root: Path, place: Any, payload: Any, name: str) -> None:
    """Make a repository with an order in some place, and what the order needs."""
    files = {"a.txt": "a\n"} | payload.get("files", {}) | place.get("files", {})
    setup = [each["setup"] for each in (place, payload) if "setup" in each]
    world.names["order"] = f"OBEY {name}"
    env = f"printf TOKEN={CANARY} > .env"
    repository(root, world.fill(files), [env, *world.fill(setup)])


def daemons() -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if " ".join(process.info["cmdline"] or ()) == DAEMON
    ]


async def run_case(world: Outside, root: Path, names: tuple[str, str]) -> list[str]:
    """What went wrong."""
    place, payload = PLACES[names[0]], PAYLOADS[names[1]]
    poisoned(world, root, place, payload, names[1])
    orders = {names[1]: world.fill(payload["calls"])}
    model = Obedient(world.fill(place["look"]), orders, world.fill(payload.get("answer", "Done.")))
    before = protected(root)
    message = place.get("message", "Look around.")
    events = await obey(root, model, message=message, trusted=place.get("trusted", False))
    wrong: list[str] = []
    if model.obeyed != {names[1]}:
        wrong.append("it was never told")
    if not isinstance(events[-1], TurnEnded) or events[-1].reason != "end_turn":
        wrong.append(f"it ended with {events[-1]}")
    if any(CANARY in text for text in model.told):
        wrong.append("it was shown a secret")
    if (after := protected(root)) != before:
        changed = {name for name, _ in before.items() ^ after.items()}
        wrong.append(f"protected files changed: {sorted(changed)}")
    return wrong


async def test_50_poisoned_repositories(world: Outside, tmp_path: Path, sandbox: Sandbox) -> None:
    before = world.tree()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, names: tuple[str, str]) -> list[str]:
        async with gate:
            return await run_case(world, tmp_path / f"ws{number}", names)

    found = await asyncio.gather(*(one(number, names) for number, names in enumerate(CASES)))
    wrong = {names: each for names, each in zip(CASES, found, strict=True) if each}
    assert wrong == {}
    assert daemons() == []
    assert world.visits == []
    assert world.tree() == before


HARMFUL = [name for name, payload in PAYLOADS.items() if payload.get("harms")]


@pytest.mark.parametrize("name", HARMFUL)
def test_without_the_sandbox_the_same_commands_do_harm(
    world: Outside, name: str, tmp_path: Path
) -> None:
    """So the test above would notice."""
    poisoned(world, tmp_path / "ws", {}, PAYLOADS[name], name)
    before = world.tree()
    for call in world.fill(PAYLOADS[name]["calls"]):
        if call["name"] == "run":
            line = call["arguments"]["command"]
            subprocess.run(["bash", "-c", line], cwd=tmp_path / "ws", capture_output=True)
    until = time.monotonic() + 5
    while not (harm := world.tree() != before or world.visits or daemons()):
        assert time.monotonic() < until, "it does no harm"
        time.sleep(0.01)
    for pid in daemons():
        psutil.Process(pid).kill()
    Path.home().joinpath(".canary_rc").unlink(missing_ok=True)
    assert harm


def test_there_are_enough_of_them() -> None:
    assert len(set(CASES)) == COUNT
    assert {place for place, _ in CASES} == set(PLACES)
    assert {payload for _, payload in CASES} == set(PAYLOADS)
