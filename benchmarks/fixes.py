"""Faults that are mended without a model: how many, and how quickly.

`--faults` single faults are made in code of the standard library and of installed packages, as
many of each kind: an import less, a slip in a name or an attribute, a bracket less, an import too
many, a required keyword argument less. Half of the time what pyright and ruff say is given,
as an editor would; the others are found by Fimble alone. Attributes and arguments are always told:
only such are taken that pyright finds, for without types nobody can say that they are wrong. The
argument that is missing is one whose value has the parameter's name.

At the place of the fault the first action is taken. It repairs the file `exactly` if it gives the
original text, `equivalently` if that is the same program but for where imports and arguments stand.
The workspace index has all files of the package, with the fault in them. Milliseconds are those of
offering and resolving together, in a file that is parsed already.

Prints one JSON object.

    python -m benchmarks.fixes --faults 100
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.checkers import everything
from benchmarks.figures import summary
from benchmarks.mutations import KINDS, Fault, equivalent, mutated
from lsp_server.actions.action import Diagnostic, Repair, Request, Surroundings
from lsp_server.actions.offer import offered
from lsp_server.actions.resolve import repaired
from lsp_server.actions.verify import edited
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Encoding, Text, decode
from lsp_server.workspace.extract import extract
from lsp_server.workspace.index import Index
from lsp_server.workspace.walk import Found

PACKAGES = (
    "asyncio", "email", "http", "importlib", "json", "logging", "multiprocessing", "unittest",
    "urllib", "xml", "_pytest", "anyio", "click", "hatchling", "httpcore", "httpx", "importlinter",
    "jinja2", "markdown_it", "packaging", "pygls", "requests", "rich", "starlette",
)  # fmt: skip
SMALLEST, LARGEST = 500, 60_000
"""Characters of a file that faults are made in."""
SPARE = {"argument": 25, "attribute": 5}
"""So many times more faults are made of these kinds, to have enough that a checker finds."""
ALWAYS_TOLD = ("argument", "attribute")
NEAR = 2
"""Lines around a bracket that is missing: what parsers say of it is said of what follows."""


def sources() -> list[tuple[str, str]]:
    """The files of the packages, each path with its text."""
    found = []
    for package in PACKAGES:
        folder = _folder(package)
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).parts
            if "test" in parts or "tests" in parts or "_vendor" in parts:
                continue
            text = file.read_bytes().decode("utf-8", "replace")
            if "\ufffd" not in text and "\f" not in text:
                found.append((f"{package}/{'/'.join(parts)}", text.replace("\r\n", "\n")))
    return found


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"The package {package} is not installed; run `make setup`.")
    return Path(next(iter(spec.submodule_search_locations)))


@dataclass(slots=True)
class Workspace:
    """One package, indexed."""

    index: Index
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, package: str, files: Sequence[tuple[str, str]]) -> Workspace:
        """An index of the files of a package."""
        space = cls(Index(folder, folder / f"{package}.sqlite"), dict(files))
        space.index.update([_entry(path, text) for path, text in files])
        return space

    def put(self, path: str, text: str) -> None:
        """A file was saved."""
        self.index.update([_entry(path, text)])


def _entry(path: str, text: str) -> Any:
    data = text.encode()
    return extract(Found(path, 1, len(data)), data)


def chosen(count: int, seed: int, root: Path) -> list[tuple[Fault, list[Diagnostic]]]:
    """Faults of all kinds, with what pyright and ruff say of them."""
    chance = random.Random(seed)
    files = [each for each in sources() if SMALLEST < len(each[1]) < LARGEST]
    wanted = dict.fromkeys(KINDS, count // len(KINDS))
    for kind in list(KINDS)[: count % len(KINDS)]:
        wanted[kind] += 1
    made = [
        fault
        for kind, number in wanted.items()
        for fault in islice(mutated(kind, files, chance), number * SPARE.get(kind, 1))
    ]
    said = diagnosed(made, root)
    taken, left = [], Counter(wanted)
    for fault, diagnostics in zip(made, said, strict=True):
        is_fit = diagnostics or fault.kind not in ALWAYS_TOLD
        if fault.kind == "argument":
            is_fit = any("missing for parameter" in each.message for each in diagnostics)
        if left[fault.kind] and is_fit:
            left[fault.kind] -= 1
            is_told = left[fault.kind] % 2 or fault.kind in ALWAYS_TOLD
            taken.append((fault, diagnostics if is_told else []))
    return taken


def diagnosed(faults: Sequence[Fault], root: Path) -> list[list[Diagnostic]]:
    """What pyright and ruff say near each fault and not of the original. Raises CheckerFailed."""
    files: list[Path] = []
    for number, fault in enumerate(faults):
        package = fault.path.partition("/")[0]
        if not (root / package / package).is_dir():
            shutil.copytree(_folder(package), root / package / package)
        path = root / package / fault.path
        file = path.with_name(f"fimble_fix_{number}_{path.name}")
        file.write_text(fault.text, "utf-8")
        files.append(file)
    roots = sorted({file.relative_to(root).parts[0] for file in files})
    heard: dict[Path, list[tuple[int, int, int, int, str]]] = defaultdict(list)
    for name, *rest in (*everything.pyright(root, files, roots), *_ruff(files)):
        heard[Path(name)].append(rest)  # type: ignore[arg-type]
    result = []
    for fault, file in zip(faults, files, strict=True):
        text = Text.of(fault.text)
        row = fault.text.count("\n", 0, fault.at)
        near = NEAR if fault.kind == "bracket" else 0
        result.append(
            [
                Diagnostic(
                    text.byte_offset(text.point(first, column, Encoding.UTF32)),
                    text.byte_offset(text.point(last, end, Encoding.UTF32)),
                    message,
                )
                for first, column, last, end, message in heard[file]
                if first - near <= row <= last + near
            ]
        )
    return result


Heard = tuple[str, int, int, int, int, str]


def _ruff(files: Sequence[Path]) -> Iterator[Heard]:
    command = (sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F401,F821")
    done = subprocess.run(
        (*command, "--output-format", "json", *map(str, files)),
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    for each in json.loads(done.stdout):
        start, end = each["location"], each["end_location"]
        place = start["row"] - 1, start["column"] - 1, end["row"] - 1, end["column"] - 1
        yield (each["filename"], *place, each["message"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault."""

    fault: Fault
    verdict: str
    """`exactly`, `equivalently`, `otherwise`, or `nothing` where nothing was offered."""
    later: bool
    """Another of the actions would have repaired it."""
    told: bool
    is_preferred: bool
    title: str
    milliseconds: float


def outcome(fault: Fault, diagnostics: Sequence[Diagnostic], space: Workspace) -> Outcome:
    """Ask at the fault, take the first action, and compare."""
    space.put(fault.path, fault.text)
    syntax = Syntax.parse(fault.text, "python")
    assert syntax is not None
    snapshot = Snapshot(f"file:///{fault.path}", 1, "python", Text.of(fault.text), syntax)
    at = len(fault.text[: fault.at].encode())
    around = Surroundings(fault.path, space.index, space.index)
    request = Request(snapshot, at, at, tuple(diagnostics), around)
    began = time.perf_counter()
    actions = offered(request)
    tasks = [action.task for action in actions if isinstance(action.task, Repair)]
    change = repaired(tasks[0], snapshot) if tasks else None
    took = 1000 * (time.perf_counter() - began)
    verdict, title, later = "nothing", "", False
    if change is not None:
        title = actions[0].title
        verdict = _verdict(fault, syntax, change.edits)
        later = verdict == "otherwise" and any(
            _verdict(fault, syntax, each.edits) != "otherwise" for each in tasks[1:]
        )
    space.put(fault.path, fault.original)
    is_preferred = bool(actions) and actions[0].is_preferred
    return Outcome(fault, verdict, later, bool(diagnostics), is_preferred, title, took)


def _verdict(fault: Fault, syntax: Syntax, edits: Any) -> str:
    after = edited(syntax, edits)
    text = "" if after is None else decode(after.data)
    if text == fault.original:
        return "exactly"
    return "equivalently" if equivalent(text, fault.original, fault.path) else "otherwise"


def measure(count: int, seed: int, examples: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve()
        taken = chosen(count, seed, root)
        by_package: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for path, text in sources():
            by_package[path.partition("/")[0]].append((path, text))
        spaces: dict[str, Workspace] = {}
        outcomes = []
        for fault, diagnostics in taken:
            package = fault.path.partition("/")[0]
            if package not in spaces:
                spaces[package] = Workspace.of(root, package, by_package[package])
            outcomes.append(outcome(fault, diagnostics, spaces[package]))
    result = _figures(outcomes) | {
        "by_kind": {k: _figures([o for o in outcomes if o.fault.kind == k]) for k in KINDS},
        "told": _figures([each for each in outcomes if each.told]),
        "found_alone": _figures([each for each in outcomes if not each.told]),
    }
    if examples:
        wrong = [o for o in outcomes if o.verdict in ("otherwise", "nothing")]
        result["examples"] = [_example(each) for each in wrong[:examples]]
    return result


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    counts = Counter(each.verdict for each in outcomes)
    sure = [each for each in outcomes if each.is_preferred]
    return {
        "faults": len(outcomes),
        "repaired": counts["exactly"] + counts["equivalently"],
        **{name: counts[name] for name in ("exactly", "equivalently", "otherwise", "nothing")},
        "repaired_by_another": sum(each.later for each in outcomes),
        "preferred": len(sure),
        "preferred_and_wrong": sum(each.verdict == "otherwise" for each in sure),
        "milliseconds": summary([each.milliseconds for each in outcomes]),
    }


def _example(each: Outcome) -> dict[str, Any]:
    fault = each.fault
    start = fault.text.rfind("\n", 0, fault.at) + 1
    first = fault.original.count("\n", 0, start)
    return {
        "kind": fault.kind,
        "path": fault.path,
        "fault": fault.text[start:].partition("\n")[0],
        "original": fault.original.split("\n")[first],
        "title": each.title,
        "told": each.told,
        "repaired_by_another": each.later,
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Faults that are mended without a model.")
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=0, help="of what was not mended, to show")
    options = parser.parse_args()
    print(json.dumps(measure(options.faults, options.seed, options.examples), indent=2))


if __name__ == "__main__":
    main()
