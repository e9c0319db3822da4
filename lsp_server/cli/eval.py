"""`fimble eval`: how good models are on the user's own code, side by side."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from lsp_server import __version__
from lsp_server.cli.engine import opener
from lsp_server.cli.eval_table import print_table
from lsp_server.cli.project import scanned
from lsp_server.completion.project import Project
from lsp_server.engines.base import Engine, EngineStatus
from lsp_server.engines.local.engine import not_counted
from lsp_server.errors import UsageError
from lsp_server.evaluation import report
from lsp_server.evaluation.ask import Answer
from lsp_server.evaluation.cases.case import Case
from lsp_server.evaluation.kept import Kept, kept_file
from lsp_server.evaluation.masks import KINDS, mask
from lsp_server.evaluation.names import unknown_names
from lsp_server.evaluation.report import Score
from lsp_server.evaluation.repository import Repository, open_repository
from lsp_server.evaluation.run import answer_all
from lsp_server.models.discover import resolve
from lsp_server.settings import CompletionSettings, LocalSettings, Settings

LATENCY = "explicit requests, each at a place that the model is asked about for the first time"
MOST_CASES = 10_000


def run(options: argparse.Namespace) -> int:
    """Measure each model and print the figures."""
    settings = _settings(options)
    candidates = _candidates(options, settings.model)
    if not 1 <= options.cases <= MOST_CASES:
        raise UsageError(f"--cases must be from 1 to {MOST_CASES}, not {options.cases}.")
    folder = Path(options.folder)
    kinds = list(dict.fromkeys(options.kinds or KINDS))
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        with _step(bar, "Reading files") as step:
            repository = open_repository(folder, step)
        with _step(bar, "Cutting cases") as step:
            cases = mask(repository, kinds, options.cases, options.seed, step)
        if not cases:
            raise UsageError(
                f"There is nothing to ask in {folder}: it takes files of code that git tracks, "
                "that parse, and that people wrote."
            )
        scores = asyncio.run(_measure(candidates, repository, cases, settings, options.fresh, bar))
    _print(options, repository, candidates, scores)
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    """The defaults with the budget. Nothing of the user's code is left in evaluated prompts."""
    limits = next(f for f in fields(CompletionSettings) if f.name == "latency_budget_ms").metadata
    if not limits["min"] <= options.budget_ms <= limits["max"]:
        raise UsageError(
            f"--budget-ms must be from {limits['min']} to {limits['max']}, not {options.budget_ms}."
        )
    completion = CompletionSettings(latency_budget_ms=options.budget_ms)
    return Settings(local=LocalSettings(keep_state=False), completion=completion)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A model to measure: a file here, an endpoint, or a script for tests."""

    name: str
    options: argparse.Namespace
    """As `opener` takes them."""
    file: Path | None
    """What the answers come from; None for an endpoint."""

    async def identity(self, engine: Engine) -> list[object]:
        """What tells it from others, and from what it was before."""
        if self.file is None:
            info = await engine.info()
            return [self.name, info.model, info.template]
        status = self.file.stat()
        return [self.file, status.st_size, status.st_mtime_ns]


def _candidates(options: argparse.Namespace, default: str) -> list[_Candidate]:
    """The models in the order in which they were named, each once. Raises FimbleError.

    All files are looked for before the first is run, which may take long.
    """
    models = options.model
    if not (models or options.endpoint or options.script):
        models = [default]
    nothing = {"model": None, "endpoint": None, "script": None}

    def candidate(kind: str, name: str, file: Path | None) -> _Candidate:
        return _Candidate(name, argparse.Namespace(**{**nothing, kind: name}), file)

    return [
        *(candidate("model", name, resolve(name)) for name in dict.fromkeys(models)),
        *(candidate("endpoint", name, None) for name in dict.fromkeys(options.endpoint)),
        *(candidate("script", name, Path(name)) for name in dict.fromkeys(options.script)),
    ]


async def _measure(
    candidates: Sequence[_Candidate],
    repository: Repository,
    cases: Sequence[Case],
    settings: Settings,
    fresh: bool,
    bar: Progress,
) -> list[list[Score]]:
    """What each candidate's answers are worth, in the order of the cases.

    One engine is open at a time.
    """
    with _step(bar, "Indexing files") as step:
        project = await scanned(repository.root, step)
    if project is None:
        raise UsageError(
            f"{repository.root} can't be indexed; is there room in Fimble's cache folder?"
        )
    judge = unknown_names(project)
    scores: list[list[Score]] = []
    for candidate in candidates:
        answers = await _ask(candidate, repository, project, cases, settings, fresh, bar)
        pairs = zip(cases, answers, strict=True)
        scores.append([report.score(case, answer, judge) for case, answer in pairs])
    return scores


async def _ask(
    candidate: _Candidate,
    repository: Repository,
    project: Project,
    cases: Sequence[Case],
    settings: Settings,
    fresh: bool,
    bar: Progress,
) -> list[Answer]:
    task = bar.add_task(escape(candidate.name), total=len(cases))

    def show(status: EngineStatus) -> None:
        more = "" if status.state == "ready" else f": {status.message}"
        bar.update(task, description=escape(candidate.name + more))

    engine = opener(candidate.options)(settings, show, not_counted)
    try:
        identity = await candidate.identity(engine)
        file = kept_file(__version__, repository.root, repository.digest, settings, *identity)
        kept = Kept(file, fresh=fresh)
        root, completion = repository.root, settings.completion
        return await answer_all(
            engine, cases, root, project, completion, kept, lambda: bar.advance(task)
        )
    finally:
        await engine.close()


class _Step:
    """Takes how many of how many are done."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)


@contextmanager
def _step(bar: Progress, name: str) -> Iterator[_Step]:
    """A bar for what goes before the first question; it goes away with the step."""
    task = bar.add_task(name, total=None)
    yield _Step(bar, task)
    bar.remove_task(task)


def _print(
    options: argparse.Namespace,
    repository: Repository,
    candidates: Sequence[_Candidate],
    scores: Sequence[Sequence[Score]],
) -> None:
    names = [candidate.name for candidate in candidates]
    figures = [report.figures(each) for each in scores]
    differences = [report.Difference.of(each, scores[0]) for each in scores[1:]]
    if not options.json:
        print_table(names, figures, differences)
        print(f"Latency: {LATENCY}.")
        return
    found = {
        "repository": str(repository.root),
        "seed": options.seed,
        "budgetMs": options.budget_ms,
        "latency": LATENCY,
        "models": [
            {"model": name, "figures": report.as_json(each)}
            for name, each in zip(names, figures, strict=True)
        ],
        "differences": [
            {"model": name, "less": names[0], **report.difference_as_json(each)}
            for name, each in zip(names[1:], differences, strict=True)
        ],
    }
    print(json.dumps(found))
