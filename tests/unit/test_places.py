"""Places of an endpoint: the bound holds, nobody is lost, and typing goes first."""

from __future__ import annotations

import asyncio
import random

import pytest

from lsp_server.engines.base import Priority
from lsp_server.engines.remote.places import Places

TYPING, SPECULATION, CHAT, IDLE = Priority


class Watched:
    """Places, and who has them. Each request waits until it is let go."""

    def __init__(self, number: int) -> None:
        self.places = Places(number)
        self.running: list[str] = []
        self.begun: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, asyncio.Event] = {}

    async def ask(self, name: str, priority: Priority) -> None:
        """Begin a request; returns when it runs or waits."""
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._run(name, priority))
        await settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await settle()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await settle()

    async def _run(self, name: str, priority: Priority) -> None:
        async with self.places.taken(priority):
            self.running.append(name)
            self.begun.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_that_wait_go_by_priority_and_then_by_arrival() -> None:
    watched = Watched(1)
    await watched.ask("first", IDLE)
    asked = [IDLE, CHAT, TYPING, SPECULATION, CHAT, TYPING]
    for number, priority in enumerate(asked):
        await watched.ask(f"{priority.name} {number}", priority)
    assert watched.running == ["first"]
    while watched.running:
        await watched.end(watched.running[0])
    order = ["TYPING 2", "TYPING 5", "SPECULATION 3", "CHAT 1", "CHAT 4", "IDLE 0"]
    assert watched.begun == ["first", *order]


async def test_the_last_free_place_is_kept_for_typing() -> None:
    watched = Watched(3)
    for name in ("a", "b", "c"):
        await watched.ask(name, CHAT)
    assert watched.running == ["a", "b"]
    await watched.ask("typed", TYPING)
    assert watched.running == ["a", "b", "typed"]
    await watched.end("a")
    assert watched.running == ["b", "typed"], "one is free, for typing"
    await watched.end("typed")
    assert watched.running == ["b", "c"]


async def test_one_place_is_for_all() -> None:
    watched = Watched(1)
    await watched.ask("idle", IDLE)
    assert watched.running == ["idle"]


async def test_a_cancelled_waiter_leaves_at_once() -> None:
    watched = Watched(1)
    await watched.ask("a", CHAT)
    await watched.ask("b", TYPING)
    await watched.ask("c", CHAT)
    await watched.cancel("b")
    assert watched.tasks["b"].cancelled()
    await watched.end("a")
    assert watched.running == ["c"]


async def test_a_turn_that_comes_together_with_a_cancellation_goes_to_the_next() -> None:
    watched = Watched(1)
    for name in ("a", "b", "c"):
        await watched.ask(name, CHAT)
    watched._ends["a"].set()
    await asyncio.sleep(0)  # now "b" has been given the place, and does not know it yet
    watched.tasks["b"].cancel()
    await settle()
    assert watched.tasks["b"].cancelled()
    assert watched.running == ["c"]
    assert watched.begun == ["a", "c"]


async def test_who_fails_gives_his_place_back() -> None:
    places = Places(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with places.taken(TYPING):
                raise ZeroDivisionError
    async with asyncio.timeout(10), places.taken(IDLE):
        pass


async def test_whatever_happens() -> None:
    for seed in range(1000):
        await happen(random.Random(seed))


async def happen(chance: random.Random) -> None:
    """The bound holds, typing alone has the last place, the best goes first, nobody is left."""
    bound = chance.randint(1, 4)
    watched = Watched(bound)
    priorities: dict[str, Priority] = {}
    cancelled: set[str] = set()
    for number in range(chance.randint(5, 30)):
        waiting = [n for n in priorities if n not in watched.begun and n not in cancelled]
        deed = chance.random()
        if deed < 0.6:
            name = str(number)
            priorities[name] = chance.choice(list(Priority))
            await watched.ask(name, priorities[name])
        elif deed < 0.8 and watched.running:
            await watched.end(chance.choice(watched.running))
        elif waiting or watched.running:
            name = chance.choice([*waiting, *watched.running])
            cancelled.add(name)
            await watched.cancel(name)
        check(watched, bound, priorities, cancelled)
    while watched.running:
        await watched.end(watched.running[0])
    assert set(watched.begun) | cancelled == set(priorities), "nobody is lost"
    assert all(task.done() for task in watched.tasks.values())


def check(
    watched: Watched, bound: int, priorities: dict[str, Priority], cancelled: set[str]
) -> None:
    running = watched.running
    waiting = [n for n in priorities if n not in watched.begun and n not in cancelled]
    free = bound - len(running)
    assert free >= 0
    if bound > 1:
        assert free > 0 or any(priorities[name] is TYPING for name in running)
    best = min((priorities[name] for name in waiting), default=None)
    if best is TYPING:
        assert free == 0, "typing waits for nothing but a place"
    elif best is not None:
        assert free <= (1 if bound > 1 else 0), "no place is left empty without need"
    begun = [name for name in watched.begun if priorities[name] is best]
    assert begun == sorted(begun, key=int), "in the order of arrival"
