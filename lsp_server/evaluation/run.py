"""All cases, asked one after the other; those that were answered before are not asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lsp_server.completion.project import Project
from lsp_server.engines.base import Engine
from lsp_server.evaluation.ask import Answer, Speeds, Steady, ask, document
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.kept import Kept
from lsp_server.settings import CompletionSettings


async def answer_all(
    engine: Engine,
    cases: Sequence[Case],
    root: Path,
    project: Project | None,
    settings: CompletionSettings,
    kept: Kept,
    on_answer: Callable[[], None] = lambda: None,
) -> list[Answer]:
    """The answers to the cases, in their order. Raises FimbleError; what was answered is kept.

    `on_answer` is called once for each case. The engine is left alone where all answers are kept.
    """
    answers: list[Answer] = []
    for case in cases:
        answer = kept.get(case)
        if answer is None:
            speeds = kept.speeds or Speeds.of(await engine.info())
            if kept.speeds is None:
                kept.set_speeds(speeds)
            snapshot = document(case, root)
            answer = await ask(Steady(engine, speeds), case, snapshot, settings, project)
            kept.add(case, answer)
        answers.append(answer)
        on_answer()
    return answers
