"""Calls of tools by a small model: Fimble's way beside the model's own chat template, in one run.

Data: a folder with the Berkeley Function Calling Leaderboard's `BFCL_v4_simple_python.json`,
`BFCL_v4_multiple.json` and `BFCL_v4_irrelevance.json`, and `possible_answer/` of the first two. Of
each a fixed, evenly spaced choice is asked, greedily, with the same file:

- `fimble`: the way that the probe has found best for this model (`fimble doctor --model`), and
  Fimble's parser;
- `native`: the chat template in the model's file with its tools, rendered and tokenised by
  llama.cpp's own means, and `json.loads` of what stands in `<tool_call>` tags, or else of the whole
  answer;
- `native, our parser`: the same answers, read by Fimble's parser: what the parser alone is worth.

A case is right by the leaderboard's rules for syntax trees (`agent/probe/verdict.py`); of
`irrelevance`, where no tool fits, if no call was made. Answers are kept, so a run that was stopped
goes on. Prints one JSON object.

    python -m benchmarks.bfcl DATA --model qwen2.5-coder-1.5b --kept FOLDER --cases 100
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment

from lsp_server.agent.calls.coerce import standard_type
from lsp_server.agent.calls.parser import Parser
from lsp_server.agent.calls.render import Way
from lsp_server.agent.calls.schema import Tool
from lsp_server.agent.probe import remembered, trial
from lsp_server.agent.probe.measure import measure
from lsp_server.agent.probe.scorecard import WAYS
from lsp_server.agent.probe.verdict import Made, Wanted, are_right
from lsp_server.engines.chat import ChatEngine, Message
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.evaluation import scoring
from lsp_server.models.discover import resolve
from lsp_server.settings import ChatSettings, LocalSettings

NAMES = ("fimble", "native", "native, our parser")
KINDS = ("simple_python", "multiple", "irrelevance")
CONTEXT_TOKENS = 4096
MAX_TOKENS = 200
"""Of an answer, either way."""
_TAGS = re.compile(r"<tool_call>(.*?)(?:</tool_call>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its tools and the calls that answer it."""

    id: str
    kind: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    wanted: tuple[Wanted, ...]


def load(folder: Path, kind: str, count: int) -> list[Case]:
    """Evenly spaced cases. Raises ValueError if there are not so many."""
    entries = _lines(folder / f"BFCL_v4_{kind}.json")
    answers = folder / "possible_answer" / f"BFCL_v4_{kind}.json"
    truths = (
        {each["id"]: each["ground_truth"] for each in _lines(answers)} if answers.exists() else {}
    )
    if count > len(entries):
        raise ValueError(f"{kind} has {len(entries)} cases only")
    chosen = [entries[number * len(entries) // count] for number in range(count)]
    return [_case(kind, entry, truths.get(entry["id"], [])) for entry in chosen]


def _case(kind: str, entry: dict[str, Any], truth: Sequence[dict[str, Any]]) -> Case:
    return Case(
        entry["id"],
        kind,
        tuple(Message(each["role"], each["content"]) for each in entry["question"][0]),
        tuple(Tool(**{key: each[key] for key in Tool.__slots__}) for each in entry["function"]),
        tuple(Wanted(name, accepted) for each in truth for name, accepted in each.items()),
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def read_calls(case: Case, answer: str) -> list[Made]:
    """The calls that Fimble finds in an answer; one that can't be made counts as a wrong one."""
    parser = Parser(case.tools)
    return trial.calls_made([*parser.feed(answer), *parser.finish()])


def plain_calls(answer: str) -> list[Made]:
    """The calls that `json.loads` finds in the tags, or in the whole answer."""
    calls: list[Made] = []
    for text in _TAGS.findall(answer) or [answer]:
        try:
            call = json.loads(text)
            calls.append(Made(call["name"], dict(call["arguments"])))
        except (ValueError, KeyError, TypeError):
            continue
    return calls


class Native:
    """The model alone, by the template in its file."""

    def __init__(self, model: Path) -> None:
        from llama_cpp import Llama

        self._llama = Llama(str(model), n_ctx=CONTEXT_TOKENS, verbose=False)
        environment = Environment(trim_blocks=True, lstrip_blocks=True)
        environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
        self._template = environment.from_string(self._llama.metadata["tokenizer.chat_template"])

    def prompt(self, case: Case) -> str:
        """What the model is to go on from."""
        tools = [{"type": "function", "function": _standard(asdict(tool))} for tool in case.tools]
        said = [{"role": each.role, "content": each.content} for each in case.messages]
        return self._template.render(messages=said, tools=tools, add_generation_prompt=True)

    async def ask(self, case: Case) -> str:
        """The answer, as text."""
        tokens = self._llama.tokenize(self.prompt(case).encode(), add_bos=False, special=True)
        done: Any = await asyncio.to_thread(
            self._llama.create_completion, tokens, max_tokens=MAX_TOKENS, temperature=0.0
        )
        return str(done["choices"][0]["text"])


def _standard(schema: Any) -> Any:
    """A tool's definition with the names of types that JSON schemas have, which models know."""
    if isinstance(schema, list):
        return [_standard(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _standard(each) for key, each in schema.items()}
    if isinstance(schema.get("type"), str):
        changed["type"] = standard_type(schema["type"])
    return changed


class Fimble:
    """The model as Fimble asks it."""

    def __init__(self, engine: ChatEngine, way: Way) -> None:
        self._engine = engine
        self._way = way

    def prompt(self, case: Case) -> str:
        """What answers depend on, besides the model."""
        return f"{self._way}\n{trial.system(case.tools, self._way).content}\n{case.messages}"

    async def ask(self, case: Case) -> str:
        """The answer, as text."""
        messages = [trial.system(case.tools, self._way), *case.messages]
        answered, _ = await trial.ask(self._engine, messages, case.tools, self._way, MAX_TOKENS)
        return answered.text


class Kept:
    """Answers in a folder, by what they depend on."""

    def __init__(self, folder: Path | None, model: str) -> None:
        self._folder = folder
        self._model = model
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    async def answer(self, asked: Native | Fimble, case: Case) -> str:
        """What was answered before, or is now."""
        if self._folder is None:
            return await asked.ask(case)
        facts = [self._model, type(asked).__name__, MAX_TOKENS, asked.prompt(case)]
        key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]
        file = self._folder / f"{key}.json"
        if not file.exists():
            text = json.dumps({"case": case.id, "answer": await asked.ask(case)})
            file.write_text(text, "utf-8")
        return str(json.loads(file.read_text("utf-8"))["answer"])


async def ask_all(
    model: Path, cases: Sequence[Case], kept: Kept, chosen: Way | None
) -> tuple[Way, dict[str, list[str]]]:
    """The way that Fimble asks in, and the answers to all cases each way."""
    engine = LocalEngine(
        lambda: model, LocalSettings(keep_state=False), lambda _status: None,
        chat=ChatSettings(context_tokens=CONTEXT_TOKENS),
    )  # fmt: skip
    try:
        way = chosen or await best_way(engine)
        asked: dict[str, Native | Fimble] = {
            "fimble": Fimble(engine, way),
            "native": Native(model),
        }
        answers: dict[str, list[str]] = {name: [] for name in asked}
        for number, case in enumerate(cases, 1):
            for name, each in asked.items():
                answers[name].append(await kept.answer(each, case))
            print(f"{number} of {len(cases)}", file=sys.stderr)
        return way, answers
    finally:
        await engine.close()


async def best_way(engine: ChatEngine) -> Way:
    """What the probe has found, which asks the model if it was not asked before."""
    folder, identity = remembered.default_folder(), (await engine.chat_info()).identity
    card = remembered.recall(folder, identity)
    if card is None:
        card = await measure(engine)
        remembered.remember(folder, identity, card)
    return card.way


def figures(cases: Sequence[Case], right: dict[str, list[float]]) -> dict[str, Any]:
    """How many are right each way, and by how much Fimble is ahead, with an interval of 95 %."""

    def of(chosen: Sequence[int]) -> dict[str, Any]:
        ours, theirs = ([right[name][at] for at in chosen] for name in NAMES[:2])
        return {
            "cases": len(chosen),
            "fimble": round(sum(ours)),
            "native": round(sum(theirs)),
            "native, our parser": round(sum(right[NAMES[2]][at] for at in chosen)),
            "fimble - native": asdict(scoring.difference(ours, theirs)),
            "fimble / native": scoring.paired(ours, theirs),
        }

    kinds = dict.fromkeys(case.kind for case in cases)
    result = {
        kind: of([at for at, case in enumerate(cases) if case.kind == kind]) for kind in kinds
    }
    return result | {"all": of(range(len(cases)))}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Calls of tools, by BFCL's questions.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--cases", type=int, default=100, help="of each kind")
    parser.add_argument("--kept", type=Path, help="a folder of what the model was asked before")
    parser.add_argument("--way", choices=WAYS, help="instead of what the probe has found")
    parser.add_argument("--texts", type=Path, help="a file for all answers, as JSON lines")
    options = parser.parse_args()
    model = resolve(options.model)
    each_kind = [load(options.data, kind, options.cases) for kind in KINDS]
    cases = [case for triple in zip(*each_kind, strict=True) for case in triple]
    kept = Kept(options.kept, model.name)
    way, answers = asyncio.run(ask_all(model, cases, kept, options.way))
    right: dict[str, list[float]] = {name: [] for name in NAMES}
    for at, case in enumerate(cases):
        native = answers["native"][at]
        made = (
            read_calls(case, answers["fimble"][at]),
            plain_calls(native),
            read_calls(case, native),
        )
        for name, calls in zip(NAMES, made, strict=True):
            right[name].append(float(are_right(calls, case.wanted, case.tools)))
    if options.texts:
        with options.texts.open("w", encoding="utf-8") as file:
            for at, case in enumerate(cases):
                each = {name: [answers[name][at], right[name][at]] for name in answers}
                file.write(json.dumps({"case": case.id, **each}) + "\n")
    print(json.dumps({"model": model.name, "way": way, **figures(cases, right)}, indent=2))


if __name__ == "__main__":
    main()
