"""Asking a model for what a case's hole held, as an editor would that has just opened the file.

What a model must not see: the text that was cut out. It is not in the document that is asked about,
and what is shown of other files is headers of definitions, without bodies and texts of values. The
case's own file is known as the document has it, so that a header that was cut out does not come
back as something that a class in another file inherits. What remains are other files that say the
same: a copy of the code, and the definition that a cross-file case uses, which is what it is about.

The text of an answer depends on the code, the model, the budget and the speeds by which it sizes a
prompt; nothing is cut off by time. So the speeds are measured once and kept (`Steady`), and what
other files tell is waited for.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_server.completion.project import Project
from lsp_server.completion.suggest import Completer
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text
from lsp_server.engines.base import Engine, EngineInfo, Event, InfillRequest
from lsp_server.evaluation.cases.case import Case
from lsp_server.settings import CompletionSettings


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says to a case."""

    text: str
    """Empty if it says nothing."""
    milliseconds: float
    replaced: int = 0
    """Characters right of the cursor that it stands in for, too."""
    worth: str = ""
    """What of the text is shown to who types, and did not ask."""
    logprob: float | None = None
    """Natural-log probability of the text; None if the engine does not tell."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """What the size of a prompt is computed from; None where an engine can't tell."""

    prompt_tokens_per_second: float | None = None
    seconds_per_token: float | None = None

    @classmethod
    def of(cls, info: EngineInfo) -> Speeds:
        """Those that an engine has measured."""
        return cls(info.prompt_tokens_per_second, info.seconds_per_token)


class Steady:
    """An engine that says it is as fast as ever: its prompts don't change with the machine's load.

    See `Engine`, which is asked for all else.
    """

    def __init__(self, engine: Engine, speeds: Speeds) -> None:
        self._engine = engine
        self._speeds = speeds
        self.counter, self.close = engine.counter, engine.close

    async def info(self) -> EngineInfo:
        """What is known of the engine, with the speeds that were given."""
        return replace(
            await self._engine.info(),
            prompt_tokens_per_second=self._speeds.prompt_tokens_per_second,
            seconds_per_token=self._speeds.seconds_per_token,
        )

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """The engine's own answer."""
        async with aclosing(self._engine.infill(request)) as events:
            async for event in events:
                yield event


def document(case: Case, root: Path) -> Snapshot:
    """The file of a case without what is expected, parsed. `root`: the folder of its paths."""
    text = case.prefix + case.suffix
    syntax = Syntax.parse(text, case.grammar)
    return Snapshot((root / case.path).as_uri(), 1, case.grammar, Text.of(text), syntax)


async def ask(
    engine: Engine,
    case: Case,
    snapshot: Snapshot,
    settings: CompletionSettings,
    project: Project | None,
) -> Answer:
    """What Fimble suggests if it is asked for a completion there. Raises FimbleError.

    `snapshot` is the case's document.
    """
    cursor = Text.of(case.prefix).end
    began = time.perf_counter()
    if project is not None:
        project = replace(project, is_waited_for=True)
    completer = Completer(engine, settings, project=project)
    try:
        found = await completer.suggest(snapshot, cursor, invoked=True)
        milliseconds = 1000 * (time.perf_counter() - began)
    finally:
        completer.close()
    if found is None:
        return Answer("", milliseconds)
    replaced = found.end.column - found.start.column
    worth, evidence = found.priced.worth, found.priced.evidence
    logprob = None if evidence is None else evidence.logprob
    return Answer(found.text, milliseconds, replaced, worth, logprob)
