"""Names in answers that do not exist, as pyright and TypeScript see it.

An answer is put in its place in a copy of its package, and so is what really stood there. What
counts is a name, an attribute, a keyword argument or a number of arguments that the checker finds
wrong in the answer and not in the expected text. Attributes are only judged where the checker knows
the type; what third parties define is unknown, and right.

    python -m benchmarks.names TEXTS.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from benchmarks.cases import Case, folder, load
from benchmarks.checkers import Diagnostic, pyright, typescript
from lsp_server.core.text import Encoding, Text

Pair = tuple[Case, str]
"""A case and what is put in its place."""
_WORD = re.compile(r"[\w$]*\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text lies in a file; rows and columns from 0, columns in UTF-16 units."""

    line: tuple[int, int]
    """The start of its first line."""
    start: tuple[int, int]
    """The text's start, or that of the word which it goes on with."""
    end: tuple[int, int]

    @classmethod
    def of(cls, before: str, text: str) -> Place:
        """A text behind another one."""
        word = _WORD.search(before)
        start = _point(before[: word.start()] if word else before)
        return cls((start[0], 0), start, _point(before + text))

    def holds(self, each: Diagnostic) -> bool:
        """Whether a diagnostic is about the text."""
        # Of a call with too few arguments checkers show the name, which stands before them.
        first = self.line if each.sort == "arity" else self.start
        return first <= (each.row, each.column) < self.end


def _point(text: str) -> tuple[int, int]:
    lines = Text.of(text)
    return lines.end.row, lines.character(lines.end, Encoding.UTF16)


def judge(pairs: Sequence[Pair]) -> list[int]:
    """How many things each text names that do not exist. Raises CheckerFailed."""
    return [len(each) for each in faults(pairs)]


def faults(pairs: Sequence[Pair]) -> list[list[Diagnostic]]:
    """What each text names that does not exist, and the expected text does not name.

    The same name again does not count. Each checker runs once for all texts, and once for what
    stood where it found something. Raises CheckerFailed.
    """
    wanted = [pair for pair in pairs if pair[1].strip() and pair[1] != pair[0].expected]
    found = said(wanted)
    right = said([(case, case.expected) for (case, _), wrong in found.items() if wrong])
    return [
        _beyond(wrong, right[case, case.expected]) if (wrong := found.get((case, text))) else []
        for case, text in pairs
    ]


def said(pairs: Iterable[Pair]) -> dict[Pair, list[Diagnostic]]:
    """What the checkers say of texts in their places. Raises CheckerFailed."""
    found: dict[Pair, list[Diagnostic]] = {pair: [] for pair in pairs}
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor() as pool:
        root = Path(temporary).resolve()
        files = {_place(root, number, *pair): pair for number, pair in enumerate(found)}
        python = [file for file in files if file.suffix == ".py"]
        script = [file for file in files if file.suffix != ".py"]
        running = pool.submit(typescript, root, script)
        heard = pyright(root, python) + running.result()
    for each in heard:
        case, text = files[Path(each.file)]
        if Place.of(case.prefix, text).holds(each):
            found[case, text].append(each)
    return found


def _place(root: Path, number: int, case: Case, text: str) -> Path:
    """Write a case's file with a text in its place, in a copy of its package below a folder."""
    copy = root / case.package.replace("/", "+")
    if not copy.is_dir():
        shutil.copytree(folder(case.package), copy)
    path = PurePosixPath(case.path)
    # Beside its original, so that what it imports is found.
    file = copy / path.with_name(f"fimble_names_{number}{path.suffix}")
    file.write_text(case.prefix + text + case.suffix, "utf-8", "surrogatepass", "")
    return file


def _beyond(those: Iterable[Diagnostic], right: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The first diagnostic of each sort and name but for those of the expected text."""
    known = {(each.sort, each.name) for each in right}
    first: dict[tuple[str, str], Diagnostic] = {}
    for each in sorted(those, key=lambda each: (each.row, each.column, each.sort, each.name)):
        first.setdefault((each.sort, each.name), each)
    return [each for key, each in first.items() if key not in known]


def figures(
    cases: Sequence[Case], texts: Mapping[str, Sequence[str]], examples: int = 0
) -> dict[str, dict[str, Any]]:
    """Of each way's texts, in the order of the cases, how many name what does not exist."""
    pairs = [
        (case, text) for said in texts.values() for case, text in zip(cases, said, strict=True)
    ]
    found = faults(pairs)
    result = {}
    for number, way in enumerate(texts):
        part = slice(number * len(cases), (number + 1) * len(cases))
        shown = [(c, t, f) for (c, t), f in zip(pairs[part], found[part], strict=True) if t.strip()]
        grammars = sorted({case.grammar for case, _, _ in shown})
        result[way] = _counted([f for _, _, f in shown]) | {
            "by_language": {
                grammar: _counted([f for c, _, f in shown if c.grammar == grammar])
                for grammar in grammars
            },
        }
        if examples:
            result[way]["examples"] = [
                {
                    "case": case.name,
                    "answer": text,
                    "expected": case.expected,
                    "says": [each.message for each in wrong],
                }
                for case, text, wrong in shown
                if wrong
            ][:examples]
    return result


def _counted(found: Sequence[Sequence[Diagnostic]]) -> dict[str, Any]:
    wrong = sum(map(bool, found))
    percent = round(100 * wrong / len(found), 1) if found else None
    return {"shown": len(found), "with_unknown_names": wrong, "percent": percent}


_ABOUT = ("case", "kind", "expected")


def read(file: Path) -> tuple[list[Case], dict[str, list[str]]]:
    """The cases and each way's texts of what `benchmarks.quality --texts` wrote.

    Raises KeyError for a case that there is not.
    """
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    kinds = {line["kind"] for line in lines}
    known = {(case.name, case.expected): case for kind in kinds for case in load(kind)}
    ways = [key for key, said in lines[0].items() if isinstance(said, str) and key not in _ABOUT]
    cases = [known[line["case"], line["expected"]] for line in lines]
    return cases, {way: [line[way] for line in lines] for way in ways}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Names in answers that do not exist.")
    parser.add_argument("texts", type=Path, help="what `benchmarks.quality --texts` wrote")
    parser.add_argument("--examples", type=int, default=0, help="to show of each way")
    options = parser.parse_args()
    print(json.dumps(figures(*read(options.texts), options.examples), indent=2))


if __name__ == "__main__":
    main()
