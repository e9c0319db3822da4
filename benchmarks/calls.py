"""How well calls are read from a model's text: the corpus of answers, changed, cut and surrounded.

Prints one JSON object. `--bfcl` takes a folder of the Berkeley Function Calling Leaderboard:
each call that it accepts is written in each protocol, and must be read as it was.

    python -m benchmarks.calls --bfcl gorilla/berkeley-function-call-leaderboard/bfcl_eval/data
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsp_server.agent.calls.parser import Parser
from lsp_server.agent.calls.render import PROTOCOLS, written
from lsp_server.agent.calls.schema import Call, Tool
from tests.unit.agent.corpus import Answer, Score, answers, read, surrounded, tools, variants

BFCL = ("simple_python", "multiple", "parallel", "live_simple")
CHUNK = 4
"""Characters: about a token."""
LONG_LINES = 400


def scored(corpus: Iterable[Answer]) -> dict[str, int]:
    """The figures of answers that come whole."""
    score = Score()
    for answer in corpus:
        score.add(answer, read(answer.text))
    return asdict(score)


def cut_differently(corpus: Iterable[Answer]) -> dict[str, int]:
    """How many answers there are if each is cut into two at every place, and how many differ."""
    cuts = different = 0
    for answer in corpus:
        whole = read(answer.text)
        for cut in range(1, len(answer.text)):
            cuts += 1
            different += read(answer.text, cut) != whole
    return {"answers": cuts, "different": different}


def timed() -> dict[str, float]:
    """What the parser costs while a long file is written in a call, chunk by chunk."""
    code = "".join(
        f'    rows.append({{"line": [{line}], "text": "a b c"}})\n' for line in range(LONG_LINES)
    )
    text = written(Call("write_file", {"path": "a.py", "content": code}), "json_tagged")
    parser = Parser(tools())
    took: list[float] = []
    for at in range(0, len(text), CHUNK):
        begin = time.perf_counter()
        parser.feed(text[at : at + CHUNK])
        took.append(1000 * (time.perf_counter() - begin))
    assert parser.finish() == []
    return {
        "characters": len(text),
        "chunks": len(took),
        "total_ms": round(sum(took), 1),
        "longest_ms": round(max(took), 2),
    }


def bfcl(folder: Path) -> dict[str, dict[str, int]]:
    """How many of BFCL's calls, written in each protocol, are read as they were."""
    figures: dict[str, dict[str, int]] = {
        protocol: {"answers": 0, "read": 0} for protocol in PROTOCOLS
    }
    for offered, calls in _bfcl_calls(folder):
        for protocol in PROTOCOLS:
            parser = Parser(offered)
            pieces = parser.feed("\n".join(written(call, protocol) for call in calls))
            pieces += parser.finish()
            found = [(each.name, each.arguments) for each in pieces if isinstance(each, Call)]
            figures[protocol]["answers"] += 1
            figures[protocol]["read"] += found == [(call.name, call.arguments) for call in calls]
    return figures


def _bfcl_calls(folder: Path) -> Iterator[tuple[list[Tool], list[Call]]]:
    for name in BFCL:
        entries = {entry["id"]: entry for entry in _lines(folder / f"BFCL_v4_{name}.json")}
        for answer in _lines(folder / "possible_answer" / f"BFCL_v4_{name}.json"):
            definitions = entries[answer["id"]]["function"]
            offered = [Tool(**{key: each[key] for key in Tool.__slots__}) for each in definitions]
            calls = [
                Call(tool, _first(arguments))
                for each in answer["ground_truth"]
                for tool, arguments in each.items()
            ]
            yield offered, calls


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _first(value: Any) -> Any:
    """The first of the values that are accepted; an empty text says that none need be given."""
    if isinstance(value, list):
        return [_first(each) if isinstance(each, dict) else each for each in value]
    if not isinstance(value, dict):
        return value
    accepted = {
        key: each[0] if isinstance(each, list) else each for key, each in value.items() if each
    }
    return {key: _first(each) for key, each in accepted.items() if each != ""}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="How well calls are read from a model's text.")
    parser.add_argument("--bfcl", type=Path)
    options = parser.parse_args()
    base = answers()
    figures: dict[str, Any] = {
        "as written": scored(base),
        "changed": scored(variants(base)),
        "prose around": scored(surrounded(base)),
        "cut in two": cut_differently(base),
        "long call": timed(),
    }
    if options.bfcl:
        figures["bfcl"] = bfcl(options.bfcl)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
