"""Which way a model calls tools best: all ways are tried on a few tasks, the best on the rest.

Only so it takes minutes and not a quarter of an hour: a way that a model does not understand is
known by its first answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lsp_server.agent.calls.render import Way
from lsp_server.agent.probe import trial
from lsp_server.agent.probe.scorecard import WAYS, Score
from lsp_server.agent.probe.tasks import CallTask
from lsp_server.agent.probe.trial import Trial
from lsp_server.engines.base import Usage
from lsp_server.engines.chat import ChatEngine, ChatInfo
from lsp_server.errors import RemoteError

FINALISTS = 2
EARLY_SECONDS = 100.0
"""After which no further way is begun with."""
RACE_SECONDS = 150.0
"""In which the race should be over: on a slow machine the final is shorter."""
FEWEST = 5
"""Tasks of the final, however slow it is."""
Heard = Callable[[str, Trial], object]
"""Hears of each answer, with the name of the way or the skill."""


def ways(info: ChatInfo) -> tuple[Way, ...]:
    """The ways in which an engine can be asked."""
    able = {"native": info.native_tools, "two_step": info.takes_grammar and info.takes_begun}
    return tuple(way for way in WAYS if able.get(way, True))


async def race(
    engine: ChatEngine, tasks: Sequence[CallTask], ways: Sequence[Way], heard: Heard
) -> Mapping[Way, Score]:
    """The scores of the ways; those in the final were asked the most. Raises FimbleError.

    The likeliest ways come first, so that on a slow machine the others can be left out.
    """
    early = [task for task in tasks if task.early]
    late = [task for task in tasks if not task.early]
    trials: dict[Way, list[Trial]] = {way: [] for way in ways}

    async def ask(way: Way, asked: Sequence[CallTask]) -> None:
        for task in asked:  # a way at a time, so that what it begins with stays evaluated
            done = await _tried(engine, task, way)
            trials[way].append(done)
            heard(way, done)

    def all_done() -> list[Trial]:
        return [done for each in trials.values() for done in each]

    for number, way in enumerate(ways):
        if number < FINALISTS or _seconds(all_done()) <= EARLY_SECONDS:
            await ask(way, early)
    asked = affordable(late, all_done())
    for way in _best(trials, FINALISTS):
        await ask(way, asked)
    return {way: score(done) for way, done in trials.items() if done}


async def _tried(engine: ChatEngine, task: CallTask, way: Way) -> Trial:
    try:
        return await trial.call(engine, task, way)
    except RemoteError:
        # Some endpoints refuse native tools. One that is gone will fail in the other ways, too.
        if way != "native":
            raise
        return Trial(task.id, False, Usage(), 0.0, "")


def affordable(late: Sequence[CallTask], done: Sequence[Trial]) -> Sequence[CallTask]:
    """The tasks of the final, evenly chosen, as many as there is time for at the speed so far."""
    spent = _seconds(done)
    each = FINALISTS * spent / len(done) if done else 0.0
    count = int((RACE_SECONDS - spent) / each) if each else len(late)
    count = min(max(count, FEWEST), len(late))
    return [late[number * len(late) // count] for number in range(count)]


def score(trials: Sequence[Trial]) -> Score:
    """The sum of some trials."""
    return Score(
        sum(each.right for each in trials),
        len(trials),
        sum(each.usage.generated_tokens for each in trials),
        round(sum(each.seconds for each in trials), 1),
    )


def _seconds(trials: Sequence[Trial]) -> float:
    return sum(trial.seconds for trial in trials)


def _best(trials: Mapping[Way, Sequence[Trial]], count: int) -> list[Way]:
    ranked = sorted(trials, key=lambda way: score(trials[way]).rank, reverse=True)
    return ranked[:count]
