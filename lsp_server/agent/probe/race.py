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
from lsp_server.engines.chat import ChatEngine, ChatInfo

FINALISTS = 3
Heard = Callable[[str, Trial], object]
"""Hears of each answer, with the name of the way or the skill."""


def ways(info: ChatInfo) -> tuple[Way, ...]:
    """The ways in which an engine can be asked."""
    able = {"native": info.native_tools, "two_step": info.takes_grammar and info.takes_begun}
    return tuple(way for way in WAYS if able.get(way, True))


async def race(
    engine: ChatEngine, tasks: Sequence[CallTask], ways: Sequence[Way], heard: Heard
) -> Mapping[Way, Score]:
    """The scores of all ways; those in the final were asked all tasks. Raises FimbleError."""
    early = [task for task in tasks if task.early]
    late = [task for task in tasks if not task.early]
    trials: dict[Way, list[Trial]] = {way: [] for way in ways}

    async def ask(way: Way, asked: Sequence[CallTask]) -> None:
        for task in asked:  # a way at a time, so that what it begins with stays evaluated
            done = await trial.call(engine, task, way)
            trials[way].append(done)
            heard(way, done)

    for way in ways:
        await ask(way, early)
    for way in _best(trials, FINALISTS):
        await ask(way, late)
    return {way: score(done) for way, done in trials.items()}


def score(trials: Sequence[Trial]) -> Score:
    """The sum of some trials."""
    return Score(
        sum(each.right for each in trials),
        len(trials),
        sum(each.usage.generated_tokens for each in trials),
        round(sum(each.seconds for each in trials), 1),
    )


def _best(trials: Mapping[Way, Sequence[Trial]], count: int) -> list[Way]:
    ranked = sorted(trials, key=lambda way: score(trials[way]).rank, reverse=True)
    return ranked[:count]
