"""Measure a model: `card = await measure(engine)`. It takes minutes, and can be cancelled.

Requests have the priority of chats, so completion goes before them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import get_args

from lsp_server.agent.probe import skills, tasks
from lsp_server.agent.probe.race import Heard, race, score, ways
from lsp_server.agent.probe.scorecard import EditFormat, Scorecard
from lsp_server.agent.probe.tasks import Tasks
from lsp_server.agent.probe.trial import MAX_TOKENS, Trial
from lsp_server.engines.base import Usage
from lsp_server.engines.chat import ChatEngine, ChatInfo
from lsp_server.errors import ContextExceeded

CONTEXT_SECONDS = 40.0
"""For the long prompts, all together; those that would take longer are left out."""


async def measure(
    engine: ChatEngine, heard: Heard = lambda _way, _trial: None, asked: Tasks | None = None
) -> Scorecard:
    """Ask all tasks. `heard` is told of each answer as it comes. Raises FimbleError."""
    started = time.perf_counter()
    asked = asked or tasks.load()
    info = await engine.chat_info()
    done: list[Trial] = []

    def note(kind: str, trial: Trial) -> Trial:
        done.append(trial)
        heard(kind, trial)
        return trial

    calls = await race(engine, asked.calls, ways(info), note)
    forms: tuple[EditFormat, ...] = get_args(EditFormat)
    edits = {
        form: score([note(form, await skills.edit(engine, task, form)) for task in asked.edits])
        for form in forms
    }
    fences = [note("code", await skills.fence(engine, task)) for task in asked.fences]
    copies = [note("copy", await skills.copy(engine, task)) for task in asked.copies]
    context: dict[int, bool] = {}
    for tokens in lengths(asked.needle.tokens, info, _speeds(done)[0]):
        try:
            context[tokens] = note("context", await skills.find(engine, asked.needle, tokens)).right
        except ContextExceeded:  # the endpoint did not tell its size, or told a wrong one
            context[tokens] = False
    reads, writes = _speeds(done)
    return Scorecard(
        info.model, calls, edits, score(fences), score(copies), context,
        round(reads, 1), round(writes, 1), round(time.perf_counter() - started, 1),
    )  # fmt: skip


def lengths(wanted: Sequence[int], info: ChatInfo, tokens_per_second: float) -> list[int]:
    """The prompts that fit into the context, and into the time at this speed (0: not known)."""
    fitting: list[int] = []
    for tokens in wanted:
        fits = tokens + MAX_TOKENS <= info.context_tokens
        if fits and sum(fitting) + tokens <= CONTEXT_SECONDS * (tokens_per_second or 1e9):
            fitting.append(tokens)
    return fitting


def _speeds(trials: Sequence[Trial]) -> tuple[float, float]:
    """Tokens a second, read and written; 0 where the engine does not tell."""
    usages: list[Usage] = [trial.usage for trial in trials]
    read, reading = (
        sum(each.evaluated_tokens for each in usages),
        sum(each.prompt_seconds for each in usages),
    )
    written, writing = (
        sum(each.generated_tokens for each in usages),
        sum(each.generate_seconds for each in usages),
    )
    return (read / reading if reading else 0.0), (written / writing if writing else 0.0)
