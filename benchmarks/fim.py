"""Single-line fill-in-the-middle: exact matches of the first line, and where engines differ.

Data: santacoder-fim, as published with the SantaCoder report (gzipped JSON lines with `prompt`,
`suffix`, `canonical_solution`, `language`), of which a fixed, seeded choice of Python cases is
asked. Three ways, all greedy, with the same model file in the same run:

- `bare`: llama-cpp-python alone, given a prompt with the markers written by hand;
- `server`: the language server over standard input and output, with its local engine;
- `llama-server`: the same, with a real llama-server as its remote engine.

Prints one JSON object. A match compares the first line with the expected one, spaces at its ends
aside.

    python -m benchmarks.fim DATA --model qwen2.5-coder-0.5b --ways bare server llama-server
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare
from benchmarks.client import editor
from lsp_server.models.discover import resolve
from tests.llama_server import llama_server

MAX_TOKENS = 64
SETTINGS = {"completion": {"latencyBudgetMs": 60_000, "maxTokens": MAX_TOKENS}}
"""Time enough to send every case whole, as the bare way does, on a slow or busy machine."""


@dataclass(frozen=True, slots=True)
class Case:
    """A line that is missing between two texts."""

    name: str
    before: str
    after: str
    expected: str

    @classmethod
    def load(cls, path: Path, count: int, language: str) -> list[Case]:
        """A fixed choice of `count` cases of a language."""
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            entries = [json.loads(line) for line in lines]
        cases = [
            cls(e["name"], e["prompt"] + "\n", "\n" + e["suffix"], e["canonical_solution"])
            for e in entries
            if e["language"] == language
        ]
        return random.Random(20261122).sample(cases, count)

    def matches(self, answer: str) -> bool:
        """Whether the first line of an answer is the expected one."""
        return answer.split("\n")[0].strip() == self.expected.strip()


def alone(model: Path, cases: list[Case]) -> list[str]:
    """Ask llama-cpp-python with markers written by hand, until the line or the generation ends."""
    llama = bare.load(model)
    from llama_cpp import llama_vocab_is_eog

    answers = []
    for case in cases:
        written: list[int] = []
        for token in llama.generate(bare.prompt(llama, case.before, case.after), temp=0.0):
            written.append(token)
            text = llama.detokenize(written).decode(errors="replace")
            ended = llama_vocab_is_eog(llama._model.vocab, token) or "\n" in text.lstrip("\n")
            if ended or len(written) == MAX_TOKENS:
                break
        answers.append(text)
    return answers


async def through_server(arguments: list[str], cases: list[Case]) -> list[str]:
    """Ask the language server, as a user does who asks for a suggestion on an empty line."""
    answers = []
    async with editor(arguments, SETTINGS) as server:
        for number, case in enumerate(cases):
            uri = f"file:///case{number}.py"
            server.open(uri, "python", case.before + case.after)
            item = await server.complete(uri, case.before.count("\n"), 0, invoked=True)
            answers.append("" if item is None else str(item.insert_text))
    return answers


def main() -> None:
    """Run the ways that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--language", default="py")
    parser.add_argument("--ways", nargs="+", default=["bare", "server"])
    options = parser.parse_args()
    model = resolve(options.model)
    cases = Case.load(options.data, options.cases, options.language)
    answers: dict[str, list[str]] = {}
    report: dict[str, object] = {"model": model.name, "cases": len(cases)}
    for way in options.ways:
        started = time.perf_counter()
        if way == "bare":
            answers[way] = alone(model, cases)
        elif way == "server":
            answers[way] = asyncio.run(through_server(["--model", str(model)], cases))
        else:
            with llama_server(model) as url:
                answers[way] = asyncio.run(through_server(["--endpoint", url], cases))
        matches = sum(case.matches(a) for case, a in zip(cases, answers[way], strict=True))
        report[way] = {
            "exact": matches,
            "percent": round(100 * matches / len(cases), 1),
            "seconds": round(time.perf_counter() - started, 1),
        }
    if {"bare", "server"} <= answers.keys():
        # The bare way goes on to the end of a token; the server stops at the statement's end.
        lines = {way: [answer.split("\n")[0] for answer in answers[way]] for way in answers}
        report["server / bare, first lines"] = differences(cases, lines["server"], lines["bare"])
    if {"server", "llama-server"} <= answers.keys():
        report["server / llama-server, whole texts"] = differences(
            cases, answers["server"], answers["llama-server"]
        )
    print(json.dumps(report, indent=2))


def differences(cases: list[Case], one: list[str], other: list[str]) -> dict[str, object]:
    """Where two ways say something else, spaces at the ends aside."""
    unlike = [
        {"case": case.name, "expected": case.expected.strip(), "answers": [first, second]}
        for case, first, second in zip(cases, one, other, strict=True)
        if first.strip() != second.strip()
    ]
    return {"same": len(cases) - len(unlike), "unlike": unlike}


if __name__ == "__main__":
    main()
