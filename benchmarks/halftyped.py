"""Half-typed lines: what is typed as part of the middle, against the same text in the prefix.

Both ways ask the local engine for the rest of the same line, with the same text around it. `middle`
is what a typing session does: prefix and suffix stay, what is typed goes behind the last marker.
`prefix` is the usual way, for which the suffix must be evaluated again with each key. Paired: only
the cases in which one way is better than the other count in the sign test.

The lines are of this repository's own `lsp_server`, which no model has seen. They are chosen by a
digest of their text, so a change elsewhere leaves the choice as it is. With `--santacoder`, they
are the fixed choice of santacoder-fim that `benchmarks/fim.py` asks, on whose lines the user has
typed the indentation.

Prints one JSON object.

    python -m benchmarks.halftyped --model qwen2.5-coder-0.5b
    python -m benchmarks.halftyped --model qwen2.5-coder-0.5b --santacoder DATA
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import statistics
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fim import Case
from lsp_server.engines.base import Delta, Engine, InfillRequest
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.evaluation.scoring import paired, similarity
from lsp_server.models.discover import resolve
from lsp_server.settings import LocalSettings

SOURCES = Path(__file__).parents[1] / "lsp_server"
LINES_ABOVE, LINES_BELOW = 24, 8
SHORTEST = 20
"""Characters of a line, its indentation apart."""
MAX_TOKENS = 48
WAYS = ("middle", "prefix")


@dataclass(frozen=True, slots=True)
class HalfTyped:
    """A line of which the left part is typed, between two texts."""

    name: str
    before: str
    typed: str
    rest: str
    after: str

    @classmethod
    def cut(cls, name: str, before: str, line: str, after: str, part: float) -> HalfTyped:
        """Type the indentation of a line and that part (0 to 1) of what follows."""
        line = line.rstrip()
        indentation = len(line) - len(line.lstrip())
        end = indentation + round(part * (len(line) - indentation))
        return cls(name, before, line[:end], line[end:], after)

    def request(self, way: str) -> InfillRequest:
        """Ask for the rest in one of the `WAYS`."""
        if way == "middle":
            return InfillRequest(self.before, self.after, MAX_TOKENS, middle=self.typed)
        return InfillRequest(self.before + self.typed, self.after, MAX_TOKENS)


def own_lines(count: int, part: float) -> list[HalfTyped]:
    """Lines of this repository that hold code, the same ones while they stand in it."""
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        name = path.relative_to(SOURCES).as_posix()
        for row in _code_rows(lines):
            digest = hashlib.sha256(f"{name}\n{lines[row]}".encode()).digest()
            before = "".join(lines[max(0, row - LINES_ABOVE) : row])
            after = "".join(["\n", *lines[row + 1 : row + 1 + LINES_BELOW]])
            case = HalfTyped.cut(f"{name}:{row + 1}", before, lines[row], after, part)
            found.append((digest, case))
    return [case for _, case in sorted(found, key=lambda entry: entry[0])[:count]]


def _code_rows(lines: list[str]) -> Iterable[int]:
    """Rows below the imports that are long enough, and neither comment nor docstring."""
    quoted, imports = False, True
    for row, line in enumerate(lines):
        text = line.strip()
        imports = imports and not text.startswith(("def ", "class ", "async def ", "@"))
        doc = quoted or text.startswith(('"""', "#"))
        quoted ^= text.count('"""') % 2 == 1
        if not doc and not imports and len(text) >= SHORTEST:
            yield row


def santacoder_lines(path: Path, count: int, part: float) -> list[HalfTyped]:
    """The cases of `benchmarks/fim.py`."""
    return [
        HalfTyped.cut(case.name, case.before, case.expected, case.after, part)
        for case in Case.load(path, count, "py")
    ]


async def first_line(engine: Engine, request: InfillRequest) -> str:
    """The answer up to the end of the line."""
    text = ""
    async with aclosing(engine.infill(request)) as events:
        async for event in events:
            text += event.text if isinstance(event, Delta) else ""
            if "\n" in text:
                break
    return text.split("\n")[0].rstrip()


async def compare(engine: Engine, cases: Sequence[HalfTyped]) -> dict[str, object]:
    """Ask each case both ways."""
    answers: dict[str, list[str]] = {way: [] for way in WAYS}
    for case in cases:
        for way in WAYS:
            answers[way].append(await first_line(engine, case.request(way)))
    exact, similar, report = {}, {}, {}
    for way in WAYS:
        pairs = [(answer, case.rest) for answer, case in zip(answers[way], cases, strict=True)]
        exact[way] = [float(answer.strip() == rest.strip()) for answer, rest in pairs]
        similar[way] = [similarity(*pair) for pair in pairs]
        report[way] = {
            "exact": round(sum(exact[way])),
            "editSimilarity": round(statistics.fmean(similar[way]), 4),
        }
    return {
        "cases": len(cases),
        "casesDigest": hashlib.sha256(repr(cases).encode()).hexdigest()[:12],
        **report,
        "middle / prefix, exact": paired(*(exact[way] for way in WAYS)),
        "middle / prefix, edit similarity": paired(*(similar[way] for way in WAYS)),
        "unlike": [
            {"case": case.name, "rest": case.rest, **{way: answers[way][i] for way in WAYS}}
            for i, case in enumerate(cases)
            if answers["middle"][i] != answers["prefix"][i]
        ],
    }


async def run(model: Path, cases: Sequence[HalfTyped]) -> dict[str, object]:
    """Compare with a model of this machine."""
    engine = LocalEngine(lambda: model, LocalSettings(), lambda _status: None)
    try:
        return await compare(engine, cases)
    finally:
        await engine.close()


def main() -> None:
    """Choose the cases, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--santacoder", type=Path, metavar="DATA")
    parser.add_argument("--cases", type=int, help="200 of santacoder-fim, else 100")
    parser.add_argument("--typed", type=float, help="part of the line; 0 of santacoder-fim, else ½")
    options = parser.parse_args()
    standard = (200, 0.0) if options.santacoder else (100, 0.5)
    count = standard[0] if options.cases is None else options.cases
    part = standard[1] if options.typed is None else options.typed
    if options.santacoder:
        cases = santacoder_lines(options.santacoder, count, part)
    else:
        cases = own_lines(count, part)
    model = resolve(options.model)
    report = asyncio.run(run(model, cases))
    print(json.dumps({"model": model.name, "typedPart": part} | report, indent=2))


if __name__ == "__main__":
    main()
