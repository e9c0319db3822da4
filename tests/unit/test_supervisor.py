"""The supervisor with real processes that crash, hang, babble and refuse as they are told."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import psutil
import pytest

from lsp_server.engines.base import (
    Delta,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    Priority,
    Usage,
)
from lsp_server.engines.local import wire
from lsp_server.engines.local.supervisor import MAX_CRASHES, Supervisor
from lsp_server.errors import (
    EngineCrashed,
    EngineUnavailable,
    FimbleError,
    ModelMissing,
    NotEnoughMemory,
)

COMMAND = (sys.executable, "-m", "tests.scripted_worker")
USAGE = Usage(7, 3, 1, 0.5, 0.25)


class Lives:
    """A supervisor whose workers do at load what the list says, the last entry again and again."""

    def __init__(
        self,
        *does: str | Exception,
        hang_seconds: float = 60.0,
        retry_seconds: float = 60.0,
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._does = list(does)
        self.loads: list[float] = []
        """When each worker was told to load, by the monotonic clock."""
        self.statuses: list[EngineStatus] = []
        self.costs: list[tuple[Priority, Usage]] = []
        self.supervisor = Supervisor(
            self._order,
            self.statuses.append,
            lambda priority, usage: self.costs.append((priority, usage)),
            command=command,
            hang_seconds=hang_seconds,
            pause_seconds=0.05,
            retry_seconds=retry_seconds,
        )

    async def _order(self) -> wire.Message:
        self.loads.append(time.monotonic())
        does = self._does.pop(0) if len(self._does) > 1 else self._does[0]
        if isinstance(does, Exception):
            raise does
        return {"does": does}

    async def ask(self, prefix: str) -> list[Event]:
        async with aclosing(self.supervisor.infill(InfillRequest(prefix, ""))) as events:
            return [event async for event in events]

    async def served(self) -> bool:
        return await self.ask("x") == [Delta("x", (-0.25,)), Finished("end", USAGE)]

    @property
    def states(self) -> list[str]:
        """The states in the order in which they came, each change once."""
        states = [status.state for status in self.statuses]
        return [now for last, now in zip(["", *states], states, strict=False) if now != last]


Start = Callable[..., Lives]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Make `Lives`; afterwards close them and look for what they left behind."""
    all_lives: list[Lives] = []

    def make(*does: str | Exception, **options: float) -> Lives:
        all_lives.append(Lives(*does, **options))  # type: ignore[arg-type]
        return all_lives[-1]

    yield make
    for lives in all_lives:
        await lives.supervisor.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert psutil.Process().children() == []
    gc.collect()  # a transport that was not closed warns here


async def outcome(lives: Lives, prefix: str) -> str:
    """What became of a request: its text, or the name of the error."""
    try:
        events = await lives.ask(prefix)
    except FimbleError as error:
        return type(error).__name__
    return "".join(event.text for event in events if isinstance(event, Delta))


async def test_an_answer_is_streamed(start: Start) -> None:
    lives = start("load")
    assert (await lives.supervisor.info()).model == "ordinary"
    assert await lives.served()
    assert [(s.state, s.fraction) for s in lives.statuses] == [
        ("loading", 0.0),
        ("loading", 0.5),
        ("ready", None),
    ]
    assert len(lives.loads) == 1


async def test_many_requests_at_once_get_their_own_answers(start: Start) -> None:
    lives = start("load")
    names = [f"request {number}" for number in range(200)]
    assert await asyncio.gather(*(outcome(lives, name) for name in names)) == names
    assert len(lives.loads) == 1


@pytest.mark.parametrize("prefix", ["die", "fault", "speak and die"])
async def test_a_crash_fails_all_requests_at_once_and_the_next_is_served(
    start: Start, prefix: str
) -> None:
    lives = start("load")
    waiting = [asyncio.create_task(outcome(lives, "speak and go on")) for _ in range(2)]
    await lives.supervisor.info()
    await asyncio.sleep(0.05)  # the two are under way
    assert await outcome(lives, prefix) == "EngineCrashed"
    done, _ = await asyncio.wait(waiting, timeout=0.1)
    assert [task.result() for task in done] == ["EngineCrashed"] * 2
    assert await lives.served()
    assert lives.states == ["loading", "ready", "loading", "ready"]


async def test_what_came_before_a_crash_is_delivered(start: Start) -> None:
    lives = start("load")
    async with aclosing(lives.supervisor.infill(InfillRequest("speak and die", ""))) as events:
        assert await anext(events) == Delta("half", (-0.5,))
        with pytest.raises(EngineCrashed, match="ended unexpectedly; it is being restarted"):
            await anext(events)


async def test_a_crash_while_loading_fails_those_who_wait(start: Start) -> None:
    lives = start("die", "load")
    assert await asyncio.gather(*(outcome(lives, "x") for _ in range(3))) == ["EngineCrashed"] * 3
    assert await lives.served()


@pytest.mark.parametrize("does", ["die when ready", "babble when ready"])
async def test_a_worker_that_fails_as_soon_as_it_is_ready_keeps_nobody_waiting(
    start: Start, does: str
) -> None:
    lives = start(does, "load", retry_seconds=0)
    assert await outcome(lives, "x") == "EngineCrashed"
    assert await lives.served()


async def test_a_kill_from_outside_is_noticed_without_a_request(start: Start) -> None:
    lives = start("load")
    await lives.supervisor.info()
    first = lives.supervisor.worker_pid
    assert first
    os.kill(first, signal.SIGKILL)
    await asyncio.sleep(0.5)
    assert lives.states == ["loading", "ready", "loading", "ready"]
    assert lives.supervisor.worker_pid not in (first, None)


async def test_a_worker_that_always_dies_opens_the_circuit(start: Start) -> None:
    lives = start(*["die"] * MAX_CRASHES, "load", retry_seconds=0.5)
    while (name := await outcome(lives, "x")) == "EngineCrashed":
        pass
    assert name == "EngineUnavailable"
    gaps = [after - before for before, after in zip(lives.loads, lives.loads[1:], strict=False)]
    assert all(gap >= least for gap, least in zip(gaps, (0, 0.05, 0.1, 0.2), strict=True))
    assert lives.statuses[-1].state == "failed"
    with pytest.raises(EngineUnavailable) as refusal:
        await lives.supervisor.info()
    assert str(refusal.value) == lives.statuses[-1].message
    assert str(refusal.value) == (
        "The model's worker process crashed 5 times in a row and is left alone for a minute; "
        "run `fimble doctor` to see what is wrong."
    )
    assert len(lives.loads) == MAX_CRASHES
    await asyncio.sleep(0.5)
    assert await lives.served()


async def test_crashes_with_work_done_in_between_are_not_counted_together(start: Start) -> None:
    lives = start("load")
    for _ in range(MAX_CRASHES + 1):
        assert await lives.served()
        assert await outcome(lives, "die") == "EngineCrashed"
    assert await lives.served()


async def test_why_a_model_cannot_be_loaded_reaches_all_requests(start: Start) -> None:
    lives = start("fail", "load", retry_seconds=0.3)
    assert await asyncio.gather(*(outcome(lives, "x") for _ in range(3))) == ["NotEnoughMemory"] * 3
    with pytest.raises(NotEnoughMemory, match=r"^There is too little of it\.$"):
        await lives.supervisor.info()
    assert len(lives.loads) == 1
    assert (lives.states, lives.statuses[-1].message) == (
        ["loading", "failed"],
        "There is too little of it.",
    )
    await asyncio.sleep(0.3)
    assert await lives.served()


@pytest.mark.parametrize(
    ("trouble", "name"),
    [
        (ModelMissing("It is not here."), "ModelMissing"),
        (PermissionError("not meant for users"), "EngineUnavailable"),
    ],
)
async def test_no_load_order_no_worker(
    start: Start, trouble: Exception, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    lives = start(trouble, "load", retry_seconds=0.1)
    assert await outcome(lives, "x") == name
    assert lives.supervisor.worker_pid is None
    assert "not meant" not in lives.statuses[-1].message
    await asyncio.sleep(0.1)
    assert await lives.served()


async def test_a_worker_that_cannot_be_started(start: Start) -> None:
    lives = start("load", command=("/nonexistent/python",))
    with pytest.raises(EngineUnavailable, match=r"can't be run \(FileNotFoundError\)"):
        await lives.ask("x")


@pytest.mark.parametrize("does", ["babble", "babble on"])
async def test_a_worker_that_does_not_speak_the_protocol(start: Start, does: str) -> None:
    lives = start(does)
    assert await outcome(lives, "x") == "EngineCrashed"
    with pytest.raises(EngineUnavailable, match=r"can't be run .* `fimble doctor`"):
        await lives.ask("x")


async def test_a_refused_prompt_fails_alone(start: Start) -> None:
    lives = start("load")
    with pytest.raises(EngineCrashed, match="refused this prompt"):
        await lives.ask("refuse")
    assert await lives.served()
    assert len(lives.loads) == 1


@pytest.mark.parametrize("loads", [("hang", "load"), ("stop listening", "load")])
async def test_a_hang_while_loading(start: Start, loads: tuple[str, ...]) -> None:
    lives = start(*loads, hang_seconds=0.3)
    assert await outcome(lives, "x") == "EngineCrashed"
    assert await lives.served()


async def test_a_hang_at_work_is_noticed_though_more_requests_come(start: Start) -> None:
    lives = start("load", hang_seconds=0.4)
    hanging = [asyncio.create_task(outcome(lives, "hang"))]
    began = time.monotonic()
    while not hanging[0].done() and time.monotonic() - began < 5:
        await asyncio.sleep(0.1)
        hanging.append(asyncio.create_task(outcome(lives, "x")))
    assert 0.4 < time.monotonic() - began < 2
    assert hanging[0].result() == "EngineCrashed"
    assert set(await asyncio.gather(*hanging[1:])) <= {"EngineCrashed", "x"}
    assert await lives.served()


async def test_a_stopped_worker_is_killed(start: Start) -> None:
    lives = start("load", hang_seconds=0.3)
    await lives.supervisor.info()
    stopped = lives.supervisor.worker_pid
    assert stopped
    os.kill(stopped, signal.SIGSTOP)
    # More than a pipe holds: writing must not block the event loop.
    assert await outcome(lives, "x" * 1_000_000) == "EngineCrashed"
    assert await lives.served()
    assert not psutil.pid_exists(stopped)


async def test_an_idle_worker_may_be_silent_and_a_busy_one_may_be_slow(start: Start) -> None:
    lives = start("load", hang_seconds=0.3)
    assert await lives.served()
    await asyncio.sleep(0.6)
    assert await outcome(lives, "work for long") == "work for long"
    assert len(lives.loads) == 1


@pytest.mark.parametrize(
    ("death", "model"), [("fault", "conservative"), ("die", "ordinary"), ("hang", "ordinary")]
)
async def test_a_fault_in_native_code_is_followed_by_a_conservative_worker(
    start: Start, death: str, model: str
) -> None:
    lives = start("load", hang_seconds=0.3)
    assert await outcome(lives, death) == "EngineCrashed"
    assert (await lives.supervisor.info()).model == model


async def test_a_fault_while_loading_is_followed_by_a_conservative_worker(start: Start) -> None:
    lives = start("fault", "load")
    assert await outcome(lives, "x") == "EngineCrashed"
    assert (await lives.supervisor.info()).model == "conservative"


async def test_what_a_dying_worker_printed_is_logged(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    lives = start("load")
    assert await outcome(lives, "fault") == "EngineCrashed"
    await lives.supervisor.info()
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["last words"]


async def test_closing_the_stream_early_cancels(start: Start) -> None:
    lives = start("load")
    assert await lives.served()
    async with aclosing(lives.supervisor.infill(InfillRequest("speak and go on", ""))) as events:
        assert await anext(events) == Delta("half", (-0.5,))
    task = asyncio.create_task(outcome(lives, "speak and go on"))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait({task})
    heard = await outcome(lives, "tell what you heard")
    assert heard == "infill 1 infill 2 cancel 2 infill 3 cancel 3 infill 4"


async def test_what_each_request_cost_is_told_once(start: Start) -> None:
    lives = start("load")
    assert await lives.served()
    assert lives.costs == [(Priority.TYPING, USAGE)]
    assert await outcome(lives, "refuse") == "EngineCrashed"
    gone = InfillRequest("speak and go on", "", priority=Priority.IDLE)
    async with aclosing(lives.supervisor.infill(gone)) as events:
        await anext(events)
    assert await lives.served()  # the worker answers in order, so the other has been dropped
    assert lives.costs[1:] == [
        (Priority.TYPING, Usage(5)),
        (Priority.IDLE, Usage(9, 2)),
        (Priority.TYPING, USAGE),
    ]
    assert await outcome(lives, "die") == "EngineCrashed"
    assert len(lives.costs) == 4


async def test_a_request_that_is_done_is_not_cancelled(start: Start) -> None:
    lives = start("load")
    assert await lives.served()
    assert await outcome(lives, "tell what you heard") == "infill 1 infill 2"


async def test_a_request_cancelled_while_loading_is_never_sent(start: Start) -> None:
    lives = start("load")
    task = asyncio.create_task(outcome(lives, "x"))
    await asyncio.sleep(0)
    task.cancel()
    assert await outcome(lives, "tell what you heard") == "infill 1"


@pytest.mark.parametrize("after_seconds", [None, 0, 0.005, 0.02, 0.3])
@pytest.mark.parametrize("loads", ["hang", "load"])
async def test_close_answers_all_requests(
    start: Start, loads: str, after_seconds: float | None
) -> None:
    lives = start(loads)
    tasks = [asyncio.create_task(outcome(lives, "speak and go on")) for _ in range(3)]
    if after_seconds is not None:
        await asyncio.sleep(after_seconds)
    await asyncio.gather(lives.supervisor.close(), lives.supervisor.close())
    async with asyncio.timeout(1):
        assert await asyncio.gather(*tasks) == ["EngineUnavailable"] * 3
    with pytest.raises(EngineUnavailable, match="has been shut down"):
        await lives.ask("x")
    assert psutil.Process().children() == []
    assert lives.states[-1] == "stopped"


async def test_a_worker_may_do_something_before_it_ends(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    lives = start("speak at the end")
    waiting = asyncio.create_task(outcome(lives, "speak and go on"))
    assert await lives.served()
    await lives.supervisor.close()
    assert await waiting == "EngineUnavailable"
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == ["goodbye"]
    assert (lives.states, len(lives.loads)) == (["loading", "ready", "stopped"], 1)


async def test_a_worker_that_takes_too_long_to_end_is_killed(start: Start) -> None:
    lives = start("go on at the end")
    assert await lives.served()
    began = time.monotonic()
    await lives.supervisor.close()
    assert 0.9 < time.monotonic() - began < 1.5
    assert psutil.Process().children() == []
    assert lives.states == ["loading", "ready", "stopped"]


async def test_a_close_that_is_cancelled_kills_at_once(start: Start) -> None:
    lives = start("go on at the end")
    assert await lives.served()
    closing = asyncio.create_task(lives.supervisor.close())
    await asyncio.sleep(0.05)
    closing.cancel()
    await asyncio.wait({closing})
    await asyncio.sleep(0.2)
    assert psutil.Process().children() == []


async def test_close_during_a_pause_between_restarts(start: Start) -> None:
    lives = start("die")
    while len(lives.loads) < MAX_CRASHES - 1:
        assert await outcome(lives, "x") == "EngineCrashed"
    waiting = asyncio.create_task(outcome(lives, "x"))
    await asyncio.sleep(0.05)
    await lives.supervisor.close()
    assert await waiting == "EngineUnavailable"


TORN_DOWN = """
import asyncio
from lsp_server.engines.base import InfillRequest
from tests.unit.test_supervisor import Lives

async def main():
    lives = Lives("{loads}")
    async with asyncio.timeout({seconds}):
        await lives.ask("{prefix}")

try:
    asyncio.run(main())
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize(
    ("loads", "prefix", "seconds", "error"),
    [
        ("load", "die", 30, "EngineCrashed"),
        ("die", "x", 30, "EngineCrashed"),
        ("stop listening", "x", 30, "EngineCrashed"),
        ("fail", "x", 30, "NotEnoughMemory"),
        ("hang", "x", 0, "TimeoutError"),
        ("hang", "x", 0.2, "TimeoutError"),
        ("load", "speak and go on", 0.5, "TimeoutError"),
    ],
)
def test_an_event_loop_that_ends_without_close_ends(
    loads: str, prefix: str, seconds: float, error: str
) -> None:
    code = textwrap.dedent(TORN_DOWN).format(loads=loads, prefix=prefix, seconds=seconds)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10)
    assert run.stdout.strip() == error
    assert re.fullmatch(r"(worker \d+: last words\n)*", run.stderr)
    assert psutil.Process().children() == []
