"""Completion quality on code that the model can't have seen, beside the bare engine.

Each case of `benchmarks/cases` is asked three ways, all greedy, with the same engine in one run:

- `bare`: prefix and suffix as long as fit, and the answer cut to its first statement;
- `file`: Fimble's completion, which knows the one file alone;
- `fimble`: the same with an index of the case's package, as a server has it.

Two more are asked if `--ways` names them: `comments` shows the same pieces of other files as
comments above the prefix, `oracle` of all that the index knows only the definition that is used.

What is compared is the whole answer with the line, call or block that stood there. `gold_shown` is
the part of the cross-file cases in whose prompt the definition is named by its own file's piece.
`repeats` counts answers that say again what stands behind them (`--times` asks more cases).
`--names` has pyright and TypeScript say how many answers name what does not exist.
Prints one JSON object; intervals are those of a paired bootstrap, 95 %.

    python -m benchmarks.quality --model qwen2.5-coder-1.5b --kinds cross-file in-file
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import names
from benchmarks.arms import Commented, Oracle
from benchmarks.cases import Case, folder, load
from benchmarks.figures import summary
from benchmarks.kept import open_kept
from lsp_server.completion.project import Project
from lsp_server.completion.stop import Limits, Stopper
from lsp_server.completion.window import Window
from lsp_server.engines.base import Delta, Engine, Event, InfillRequest
from lsp_server.evaluation import scoring
from lsp_server.evaluation.ask import ask, document
from lsp_server.models.discover import resolve
from lsp_server.settings import CompletionSettings
from lsp_server.workspace.extract import extract, read
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import walk

USUAL = ("bare", "file", "fimble")
WAYS = (*USUAL, "comments", "oracle")
BASES = ("bare", "fimble")
"""Ways that those behind them are compared with."""
MAX_TOKENS = 96
SETTINGS = CompletionSettings(latency_budget_ms=60_000, max_tokens=MAX_TOKENS)
"""Time enough to show what is worth showing, on a slow or busy machine."""
CHARACTERS_PER_TOKEN = 4
"""Of code, about; what is too much is cut off by the engine."""
SUFFIX_PART = 4
"""The bare way's suffix gets one part in so many."""


class Recording:
    """An engine that remembers the first request for an answer, and how long all took.

    Since `request` was None, and `seconds` 0.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.request: InfillRequest | None = None
        self.seconds = 0.0
        self.info, self.counter, self.close = engine.info, engine.counter, engine.close

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """See Engine."""
        if request.max_tokens and self.request is None:
            self.request = request
        began: float | None = time.perf_counter()
        try:
            async with aclosing(self._engine.infill(request)) as events:
                async for event in events:
                    self.seconds, began = self._until_now(began), None
                    yield event
                    began = time.perf_counter()
        finally:  # cancelled while it waits, or at its end
            self.seconds = self._until_now(began)

    def _until_now(self, began: float | None) -> float:
        return self.seconds + (time.perf_counter() - began if began is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a way says to a case."""

    text: str
    gold_shown: bool
    replaced: int = 0
    """Characters right of the cursor that it stands in for, too."""
    worth: str = ""
    """What of it is shown unasked."""
    logprob: float | None = None
    outside_ms: float | None = None
    """What all but the model took: the index, the window, filters, verification."""

    def expected(self, case: Case) -> str:
        """What the text should be."""
        return case.expected + case.suffix[: self.replaced]


async def bare(engine: Engine, case: Case, characters: int) -> Answer:
    """Ask the engine itself, with so many characters around the cursor."""
    after = case.suffix[: characters // SUFFIX_PART]
    before = case.prefix[len(after) - characters :]
    stopper = Stopper(Window(before, after), case.grammar, Limits(SETTINGS.max_lines))
    async with aclosing(engine.infill(InfillRequest(before, after, MAX_TOKENS))) as events:
        async for event in events:
            if isinstance(event, Delta):
                stopper.feed(event.text)
            else:
                stopper.finish(complete=event.reason == "end")
            if stopper.done:
                break
    return Answer(stopper.text, gold_shown=False)


async def completed(engine: Recording, case: Case, project: Project | None) -> Answer:
    """Ask Fimble's completion, as for a document that has just been opened."""
    snapshot = document(case, folder(case.package))
    engine.request, engine.seconds = None, 0.0
    found = await ask(engine, case, snapshot, SETTINGS, project)
    asked: InfillRequest | None = engine.request
    shown = () if asked is None else asked.context
    gold = case.gold
    named = gold is not None and any(
        piece.path == gold.path and re.search(rf"\b{re.escape(gold.name)}\b", piece.text)
        for piece in shown
    )
    outside_ms = found.milliseconds - 1000 * engine.seconds
    told = found.replaced, found.worth, found.logprob
    return Answer(found.text, bool(named), *told, outside_ms)


def indexed(root: Path, file: Path) -> Project:
    """A package's folder with its index, made here and now."""
    index = Index(root, file)
    found = ((each, read(root, each)) for each in walk(root))
    index.update([extract(each, data) for each, data in found if data is not None])
    return Project(root, index)


async def ask_all(
    model: Path, cases: Sequence[Case], ways: Sequence[str], context_tokens: int, kept: Path | None
) -> dict[str, list[Answer]]:
    """The answers of each way, in the order of the cases; what is in `kept` is not asked again."""
    local = open_kept(model, context_tokens, kept)
    characters = CHARACTERS_PER_TOKEN * (context_tokens - MAX_TOKENS)
    engine, commented = Recording(local), Recording(Commented(local))
    await local.info()  # loads the model, which no case is to pay for
    answers: dict[str, list[Answer]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as indexes:
        projects = {
            name: indexed(folder(name), Path(indexes) / f"{name}.sqlite")
            for name in {case.package for case in cases}
        }
        for number, case in enumerate(cases, 1):
            for way in ways:
                project = projects[case.package]
                if way == "bare":
                    answer = await bare(local, case, characters)
                elif way == "file":
                    answer = await completed(engine, case, None)
                elif way == "comments":
                    answer = await completed(commented, case, project)
                elif way == "oracle":
                    answer = await completed(engine, case, Oracle.of_case(project, case))
                else:
                    answer = await completed(engine, case, project)
                answers[way].append(answer)
            if number % 20 == 0:
                print(f"{number} of {len(cases)} cases", file=sys.stderr)
    await local.close()
    return answers


def report(cases: Sequence[Case], answers: dict[str, list[Answer]]) -> dict[str, Any]:
    """Figures of each way, and differences from `BASES`."""
    figures: dict[str, Any] = {"cases": len(cases)}
    exact: dict[str, list[float]] = {}
    similar: dict[str, list[float]] = {}
    for way, said in answers.items():
        pairs = list(zip(said, cases, strict=True))
        wanted = [a.expected(c).strip() for a, c in pairs]
        texts = [a.text.strip() for a in said]
        exact[way] = [float(scoring.exact(t, e)) for t, e in zip(texts, wanted, strict=True)]
        similar[way] = [scoring.similarity(t, e) for t, e in zip(texts, wanted, strict=True)]
        shown = [(a, c) for a, c in pairs if a.text]
        places = [
            (scoring.Place(c.grammar, c.prefix, c.suffix[a.replaced :]), a, c) for a, c in shown
        ]
        figures[way] = {
            "exact": round(sum(exact[way])),
            "exact_percent": round(100 * fmean(exact[way]), 1),
            "edit_similarity": round(fmean(similar[way]), 4),
            "shown": len(shown),
            "right_of_shown_percent": _percent(_is_right(a.text, a, c) for a, c in shown),
            "parse_percent": _percent(p.parses(a.text, a.expected(c)) for p, a, c in places),
            "repeats": sum(
                p.repeats(a.text) and not p.repeats(a.expected(c)) for p, a, c in places
            ),
            "characters": summary([len(a.text) for a, _ in shown])["p50"],
        }
        if way != "bare":
            priced = [(a, c) for a, c in pairs if a.worth]
            figures[way]["priced"] = {
                "shown_percent": round(100 * len(priced) / len(shown), 1) if shown else None,
                "right_of_shown_percent": _percent(_is_right(a.worth, a, c) for a, c in priced),
            }
        if way not in ("bare", "file"):
            figures[way]["outside_ms"] = summary([a.outside_ms for a in said if a.outside_ms])
        if way not in ("bare", "file") and any(case.gold for case in cases):
            figures[way]["gold_shown_percent"] = _percent(a.gold_shown for a, c in pairs if c.gold)
    compared = [(way, base) for base in BASES for way in WAYS[WAYS.index(base) + 1 :]]
    for way, base in compared:
        if not {way, base} <= answers.keys():
            continue
        figures[f"{way} / {base}"] = {
            "exact, ratio": asdict(scoring.ratio(exact[way], exact[base])),
            "exact": scoring.paired(exact[way], exact[base]),
            "edit similarity, difference": asdict(scoring.difference(similar[way], similar[base])),
        }
    return figures


def _is_right(text: str, answer: Answer, case: Case) -> bool:
    """Whether it is what stood there, or a beginning of it."""
    return scoring.prefix_match(text.strip(), answer.expected(case).strip())


def _spread(cases: Sequence[Case], count: int | None) -> Sequence[Case]:
    """So many of them, from all packages alike."""
    step = len(cases) / count if count else 1
    return [cases[int(number * step)] for number in range(count or len(cases))]


def _percent(those: Any) -> float | None:
    known = [bool(each) for each in those]
    return round(100 * fmean(known), 1) if known else None


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Completion quality beside the bare engine.")
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--kinds", nargs="+", default=["cross-file", "in-file"])
    parser.add_argument("--cases", type=int, help="of each kind; all by default")
    parser.add_argument("--times", type=int, default=1, help="so many times the cases")
    parser.add_argument("--context", type=int, default=1024, help="tokens of prompt and answer")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(USUAL))
    parser.add_argument("--kept", type=Path, help="a folder of what the model was asked before")
    parser.add_argument("--texts", type=Path, help="a file for all answers, as JSON lines")
    parser.add_argument("--names", action="store_true", help="count names that do not exist")
    options = parser.parse_args()
    model = resolve(options.model)
    result: dict[str, Any] = {"model": model.name, "context_tokens": options.context}
    for kind in options.kinds:
        cases = _spread(load(kind, options.times), options.cases)
        answers = asyncio.run(ask_all(model, cases, options.ways, options.context, options.kept))
        result[kind] = report(cases, answers)
        if options.names:
            texts = {way: [answer.text for answer in said] for way, said in answers.items()}
            for way, found in names.figures(cases, texts).items():
                result[kind][way]["names"] = found
        if options.texts:
            with options.texts.open("a", encoding="utf-8") as file:
                for number, case in enumerate(cases):
                    said = {way: answers[way][number].text for way in answers}
                    line: dict[str, Any] = {
                        "case": case.name,
                        "kind": kind,
                        "expected": case.expected,
                    } | said
                    for way in answers.keys() - {"bare"}:
                        answer = answers[way][number]
                        line[f"{way}, told"] = asdict(answer) | {
                            "right": _is_right(answer.text, answer, case),
                            "at_line_start": not case.prefix.rpartition("\n")[2].strip(),
                        }
                    file.write(json.dumps(line) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
