"""How long it takes to find what may be done at a place of a long file.

A file of `--lines` lines of the standard library is edited somewhere, each time anew, and asked
about there: half of the times with the cursor on sound code, half on a fault with the diagnostic
that a checker would give (a slip in a name, or an import that is missing). What is measured, in
milliseconds, is the look itself in a text that has been parsed; parsing what was typed is measured
apart, since every feature shares it. A model is there, so what it could do is offered. The first
look, which reads all of the document, counts too. Of the processor's time a busy machine takes
nothing away.

Prints one JSON object.

    python -m benchmarks.lightbulb --looks 200
"""

from __future__ import annotations

import argparse
import argparse as first_source
import json
import random
import re
import subprocess as second_source
import tarfile as third_source
import time
import typing as fourth_source
import unittest.mock as fifth_source
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.figures import summary
from lsp_server.actions.action import Diagnostic, Repair, Request, Surroundings
from lsp_server.actions.lightbulb import Lightbulb
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text

SOURCES: tuple[ModuleType, ...] = (
    first_source, second_source, third_source, fourth_source, fifth_source,
)  # fmt: skip
URI = "file:///project/long.py"


def long_text(lines: int) -> str:
    """So many lines of real code, that still parse together."""
    text = "\n".join(Path(module.__file__ or "").read_text("utf-8") for module in SOURCES)
    text = text.replace("from __future__", "# from __future__")
    while text.count("\n") < lines:
        text += text
    rows = text.split("\n")
    end = next(row for row in range(lines, 0, -1) if re.match(r"(def|class|@)", rows[row]))
    return "\n".join(rows[:end]) + "\n"


def places(text: str, chance: random.Random) -> Iterator[int]:
    """Where names are read within indented lines, as offsets of an ASCII text."""
    found = [match.start(1) for match in re.finditer(r"\n +(?:return|if) ([a-z_]{4,})\b", text)]
    while True:
        yield chance.choice(found)


def measure(lines: int, looks: int, seed: int) -> dict[str, Any]:
    """All figures."""
    chance = random.Random(seed)
    text = long_text(lines).encode("ascii", "replace").decode()
    sound = Syntax.parse(text, "python")
    assert sound is not None
    lightbulb = Lightbulb()
    taken: dict[str, list[float]] = defaultdict(list)
    parsing, worked, offers = list[float](), list[float](), 0
    for number, at in zip(range(looks), places(text, chance), strict=False):
        kind = ("sound", "misspelt", "sound", "no import")[number % 4]
        word = re.compile(r"\w+").match(text, at)
        assert word is not None
        new = {"sound": word[0], "misspelt": f"{word[0]}x", "no import": "OrderedDict"}[kind]
        began = time.perf_counter()
        # With a number at the line's end, so that no version is known from before.
        end = text.index("\n", at)
        draft = sound.draft().edit(end, end, f"  # {number}".encode())
        syntax = draft.edit(at, word.end(), new.encode()).parse()
        parsing.append(1000 * (time.perf_counter() - began))
        if syntax is None or syntax.tree.root_node.has_error:
            continue
        snapshot = Snapshot(URI, number, "python", Text.of(syntax.data.decode()), syntax)
        told = (Diagnostic(at, at + len(new), f'"{new}" is not defined'),)
        shown = () if kind == "sound" else told
        around = Surroundings("long.py")
        request = Request(snapshot, at, at, shown, around, has_model=True, can_test=True)
        began, busy = time.perf_counter(), time.thread_time()
        actions = lightbulb.look(request)
        taken[kind].append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.thread_time() - busy))
        offers += any(isinstance(each.task, Repair) for each in actions) == (kind != "sound")
        lightbulb.learn(request)
    every = [each for kind in taken.values() for each in kind]
    return {
        "lines": text.count("\n"),
        "offered_as_expected": offers,
        "milliseconds": summary(every, 2),
        "processor_milliseconds": summary(worked, 2),
        **{kind: summary(values, 2) for kind, values in taken.items()},
        "parse_milliseconds": summary(parsing, 2),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="How quickly actions are found in a long file.")
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(json.dumps(measure(options.lines, options.looks, options.seed), indent=2))


if __name__ == "__main__":
    main()
