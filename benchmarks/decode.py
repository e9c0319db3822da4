"""How fast the worker writes, against itself without drafts and a bare llama.cpp loop.

Two kinds of gaps: `elsewhere` in Fimble's own code, and `repeats`, edits that go on with something
which stands nearby several times already: assignments, table rows, branches. The three take turns
at each gap, with the prompt evaluated beforehand, and write until the model ends or MAX_TOKENS.
Prints one JSON object; speeds are tokens a second, ratios are medians of all gaps and rounds.

    python -m benchmarks.decode --model qwen2.5-coder-0.5b --rounds 2
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import bare
from lsp_server.engines.base import Delta, Finished, InfillRequest, Usage
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.engines.local.supervisor import WORKER_COMMAND
from lsp_server.models.discover import resolve
from lsp_server.settings import LocalSettings

if TYPE_CHECKING:
    from llama_cpp import Llama

WITHOUT_DRAFTS = (
    *(sys.executable, "-P", "-c"),
    "from lsp_server.engines.local import drafts, worker; drafts.SIZES = (); worker.main()",
)
"""Command of a worker that guesses, but never tries a guess."""
MAX_TOKENS = 64
FEWEST_TOKENS = 16
"""An answer that the model ends before says little about speed, and is left out."""
SOURCES = ("edge/frames", "completion/overlap", "models/transfer", "core/text", "cli/complete")
FEWEST_PROMPT_TOKENS = 128
"""A shorter prompt says little about the speed of reading."""
BEFORE, AFTER = 1600, 800
"""Characters around a gap."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A place to write at."""

    kind: str
    before: str
    after: str


def gaps() -> list[Gap]:
    """All gaps, those of a kind together."""
    return [*map(_elsewhere, SOURCES), *(Gap("repeats", *texts) for texts in _repeats())]


def _elsewhere(name: str) -> Gap:
    """A gap where the second half of a file begins."""
    import lsp_server

    source = (Path(lsp_server.__file__).parent / f"{name}.py").read_text()
    start = source.index("\n", len(source) // 2) + 1
    end = source.index("\n", start + 200) + 1
    return Gap("elsewhere", source[max(0, start - BEFORE) : start], source[end : end + AFTER])


def _repeats() -> list[tuple[str, str]]:
    fields = ("title", "author", "publisher", "language", "pages", "shelf", "isbn", "price")
    signature = "".join(f"        {name}: str | None = None,\n" for name in fields)
    assignments = "".join(f"        self.{name} = {name}\n" for name in fields[:3])
    constructor = f"class Book:\n    def __init__(\n        self,\n{signature}    ) -> None:\n"

    form = "".join(
        f'    {name} = form.get("{name}", "").strip()\n    if not {name}:\n'
        f'        errors.append(Problem(field="{name}", message="{name} must not be empty"))\n'
        for name in fields[:4]
    )
    cases = "".join(
        f"def test_{word}_is_read() -> None:\n    settings, problems = parse({{'{word}': 3}})\n"
        f"    assert settings.{word} == 3\n    assert problems == []\n\n\n"
        for word in ("width", "height", "depth")
    )
    rows = "".join(
        f'    Country(code="{code}", name="{name}", currency="EUR", calling_code=None),\n'
        for code, name in (("at", "Austria"), ("be", "Belgium"), ("fi", "Finland"))
    )
    routes = "".join(
        f'router.get("/{word}s", requireUser, async (request, response) => {{\n'
        f"  const {word}s = await database.{word}s.findMany({{ owner: request.user.id }});\n"
        f"  response.json({{ {word}s }});\n}});\n\n"
        for word in ("project", "ticket", "comment")
    )
    return [
        (constructor + assignments, "\n    def label(self) -> str:\n        return self.title\n"),
        ("def read(form: Form) -> list[Problem]:\n    errors = []\n" + form, "    return errors\n"),
        (cases + "def test_length_is_read() -> None:\n", "\n\ndef helper() -> None:\n    pass\n"),
        (
            "COUNTRIES = [\n" + rows + "    Country(",
            "]\n\nBY_CODE = {c.code: c for c in COUNTRIES}\n",
        ),
        (routes + 'router.get("/invoices", ', "\nexport default router;\n"),
    ]


@dataclass(frozen=True, slots=True)
class Speeds:
    """One gap, one round: tokens a second."""

    kind: str
    ours: float
    undrafted: float
    bare: float
    same_text: bool
    """As without drafts."""


async def ask(engine: LocalEngine, gap: Gap, max_tokens: int) -> tuple[str, Usage, float]:
    """The engine's text, its cost, and the seconds until it was all here."""
    started = time.perf_counter()
    text: list[str] = []
    usage = Usage()
    async with aclosing(engine.infill(InfillRequest(gap.before, gap.after, max_tokens))) as events:
        async for event in events:
            if isinstance(event, Delta):
                text.append(event.text)
            elif isinstance(event, Finished):
                usage = event.usage
    return "".join(text), usage, time.perf_counter() - started


async def measure(path: Path, rounds: int) -> dict[str, object]:
    """All gaps, so many times."""
    llama: Llama = bare.load(path)
    settings = LocalSettings(context_tokens=bare.CONTEXT_TOKENS, keep_state=False)
    speeds: list[Speeds] = []
    prompt_ours: list[float] = []
    prompt_bare: list[float] = []
    async with AsyncExitStack() as stack:
        engines = []
        for command in (WORKER_COMMAND, WITHOUT_DRAFTS):
            engine = LocalEngine(lambda: path, settings, lambda _status: None, command=command)
            stack.push_async_callback(engine.close)
            await engine.info()
            engines.append(engine)
        for _ in range(rounds):
            for gap in gaps():
                answers = []
                for engine in engines:
                    _, cost, _ = await ask(engine, gap, 1)
                    if cost.evaluated_tokens >= FEWEST_PROMPT_TOKENS:
                        prompt_ours.append(cost.evaluated_tokens / cost.prompt_seconds)
                    answers.append(await ask(engine, gap, MAX_TOKENS))
                other = bare.write(llama, gap.before, gap.after, MAX_TOKENS)
                prompt_bare.append(other.prompt_tokens_per_second)
                (text, usage, seconds), (plain_text, plain, plain_seconds) = answers
                if min(usage.generated_tokens, other.tokens) >= FEWEST_TOKENS:
                    speeds.append(
                        Speeds(
                            gap.kind,
                            usage.generated_tokens / seconds,
                            plain.generated_tokens / plain_seconds,
                            other.tokens / other.seconds,
                            text == plain_text,
                        )
                    )
    report: dict[str, object] = {"model": path.name, "rounds": rounds}
    for kind in ("elsewhere", "repeats"):
        report[kind] = summary([speed for speed in speeds if speed.kind == kind])
    report["prompt"] = {
        "ours": round(median(prompt_ours), 1),
        "bare": round(median(prompt_bare), 1),
    }
    return report


def summary(speeds: list[Speeds]) -> dict[str, float]:
    """Medians, and how often drafts changed nothing."""
    return {
        "answers": len(speeds),
        "same_text": sum(speed.same_text for speed in speeds),
        "ours": round(median(speed.ours for speed in speeds), 1),
        "undrafted": round(median(speed.undrafted for speed in speeds), 1),
        "bare": round(median(speed.bare for speed in speeds), 1),
        "ours_over_undrafted": round(median(s.ours / s.undrafted for s in speeds), 3),
        "ours_over_undrafted_lowest": round(min(s.ours / s.undrafted for s in speeds), 3),
        "ours_over_bare": round(median(s.ours / s.bare for s in speeds), 3),
        "undrafted_over_bare": round(median(s.undrafted / s.bare for s in speeds), 3),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Measure how fast the worker writes.")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(resolve(options.model), options.rounds)), indent=2))


if __name__ == "__main__":
    main()
