"""Python cases: faults in functions of real packages, each found by their tests or by pyright."""

from __future__ import annotations

import ast
import hashlib
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, zip_longest
from pathlib import Path

from benchmarks import mutations
from benchmarks.actions import python_faults, running
from benchmarks.actions.case import Case, Told, cached
from benchmarks.actions.python_faults import MAKERS, Change, Function, changes
from benchmarks.agent import tasks
from benchmarks.agent.tasks import lay_out_package, packages
from benchmarks.checkers.everything import Said, pyright
from lsp_server.agent.workflows.verify import Outcome
from lsp_server.core.text import Text

SEED = 20261126
WANTED = {
    ("name", "checker"): 6, ("name", "test"): 6, ("operator", "test"): 12, ("return", "test"): 12,
    ("off-by-one", "test"): 12, ("argument", "checker"): 6, ("argument", "test"): 6,
}  # fmt: skip
MOST_PER_FUNCTION = 2
TURNS = 3
"""Faults of a function that are tried, of one sort."""
SPARE = 4
"""So many times more faults are made where a checker must find them."""
FEWEST_LINES, MOST_BYTES = 4, 5_000
"""Of a function. The largest one that Fimble writes anew has 6,000."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function of a package that tests name."""

    package: str
    path: str
    text: str = field(repr=False)
    """Of the file."""
    function: Function
    tests: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, int]:
        """Tells it from all others."""
        return self.package, self.path, self.function.lineno


def load() -> list[Case]:
    """The cases, the same ones every time. The first time they are made, which takes minutes."""
    makers = [tasks.HERE / "packages.toml", Path(__file__), Path(running.__file__)]
    makers += [Path(python_faults.__file__), Path(mutations.__file__)]
    return cached("python", makers, _make)


def places(root: Path) -> list[Place]:
    """Functions of all packages, which are laid out below a folder; the packages by turns."""
    chance = random.Random(SEED)
    groups = []
    for package in packages():
        folder = root / package
        if not folder.exists():
            lay_out_package(package, folder)
        found = list(_in_package(package, folder))
        chance.shuffle(found)
        groups.append(found)
    return [place for turn in zip_longest(*groups) for place in turn if place is not None]


def _in_package(package: str, folder: Path) -> Iterator[Place]:
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder).as_posix()
        text = file.read_bytes().decode("utf-8")
        if "test" in path or "\r" in text:
            continue
        for node in _functions(ast.parse(text)):
            source = ast.get_source_segment(text, node) or ""
            is_fit = source.count("\n") + 1 >= FEWEST_LINES and len(source) <= MOST_BYTES
            if not is_fit or not source.isascii() or node.name.startswith("__"):
                continue
            if tests := running.nearest(folder, path, node.name):
                yield Place(package, path, text, node, tuple(tests))


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (each for each in node.body if isinstance(each, Function))


@dataclass(slots=True)
class _Maker:
    root: Path
    """Where each package has its project."""
    used: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    sound: dict[tuple[str, tuple[str, ...]], Outcome] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def baseline(self, place: Place) -> Outcome:
        key = place.package, place.tests
        if key not in self.sound:
            self.sound[key] = running.run_tests(self.root / place.package, place.tests)
        return self.sound[key]

    def tried(self, place: Place, change: Change, *more: str) -> Outcome:
        """The tests, with a change made."""
        folder = self.root / place.package
        file = folder / place.path
        file.write_text(change.of(place.text), "utf-8")
        try:
            return running.run_tests(folder, place.tests, *more)
        finally:
            file.write_text(place.text, "utf-8")

    def add(self, sort: str, by: str, place: Place, change: Change, said: Sequence[Said]) -> bool:
        """Take a case, if tests or the checker find it."""
        before = self.baseline(place)
        if not before.ran:
            return False
        after = self.tried(place, change)
        failing = after.failed - before.failed
        told = told_by_checker(place, said) if by == "checker" else None
        if by == "test" and failing and not after.failed >= set(place.tests):
            # The first of them that fails, by itself.
            told = told_by_test(place, self.tried(place, change, "-x"))
        if told is None or not after.ran:
            return False
        old = place.text[change.start : change.end]
        digest = hashlib.sha256(change.of(place.text).encode()).hexdigest()[:6]
        self.cases.append(
            Case(
                f"{sort}-{by}-{place.package}-{place.function.name}-{digest}",
                sort, place.package, place.path, place.function.name, change.start, old,
                change.new, told, by, place.tests, tuple(sorted(before.failed)),
                tuple(sorted(failing)),
            )
        )  # fmt: skip
        self.used[place.key] += 1
        return True


def _make() -> list[Case]:
    with tempfile.TemporaryDirectory() as temporary:
        maker = _Maker(Path(temporary).resolve())
        found = places(maker.root)
        for (sort, by), wanted in WANTED.items():
            chance = random.Random(f"{SEED} {sort} {by}")
            mutants = _mutants(sort, by, found, maker.used, chance)
            if by == "checker":
                mutants = mutants[: SPARE * wanted]
                heard = diagnosed(maker.root, [(p, c.of(p.text)) for p, c in mutants])
            else:
                heard = [[] for _ in mutants]
            taken, functions = 0, set[tuple[str, str, int]]()
            for (place, change), said in zip(mutants, heard, strict=True):
                if taken == wanted:
                    break
                if place.key not in functions and maker.add(sort, by, place, change, said):
                    functions.add(place.key)
                    taken += 1
                    print(f"{len(maker.cases)} cases are made", file=sys.stderr, flush=True)
        return _with_said(maker, found)


def _mutants(
    sort: str, by: str, found: Iterable[Place], used: Counter[tuple[str, str, int]],
    chance: random.Random,
) -> list[tuple[Place, Change]]:  # fmt: skip
    """One of each function, then a second one of each, and so on."""
    turns: list[list[tuple[Place, Change]]] = []
    for place in found:
        if used[place.key] < MOST_PER_FUNCTION:
            made = changes(MAKERS[sort, by], place.text, place.function, chance)
            turns.append([(place, change) for change in islice(made, TURNS)])
    return [each for turn in zip_longest(*turns) for each in turn if each is not None]


def diagnosed(root: Path, files: Sequence[tuple[Place, str]]) -> list[list[Said]]:
    """What pyright says of texts in the places of files, in the projects below a folder.

    Raises CheckerFailed.
    """
    written: list[Path] = []
    for number, (place, text) in enumerate(files):
        file = root / place.package / place.path
        file = file.with_name(f"fimble_case_{number}_{file.name}")
        file.write_text(text, "utf-8")
        written.append(file)
    try:
        heard = pyright(root, written, roots(place.package for place, _ in files))
    finally:
        for file in written:
            file.unlink()
    return [[each for each in heard if Path(each.file) == file] for file in written]


def roots(names: Iterable[str]) -> list[str]:
    """Where the modules of packages are imported from, in the folder with their projects."""
    return [f"{name}/{packages()[name].get('root', '')}".strip("/") for name in sorted({*names})]


def told_by_checker(place: Place, said: Sequence[Said]) -> Told | None:
    """What pyright says of the function, if it is of a name or of arguments."""
    first, last = place.function.lineno - 1, (place.function.end_lineno or 0) - 1
    for each in said:
        is_about_it = any(word in each.message for word in _ABOUT)
        if first <= each.row and each.last_row <= last and is_about_it:
            return Told(each.row, each.column, each.last_row, each.end, each.message)
    return None


_ABOUT = ("is not defined", "Expected", "missing for parameter", "No parameter named")


def told_by_test(place: Place, outcome: Outcome) -> Told | None:
    """As a test runner shows it: at the deepest line of the function, or else at its header."""
    if not outcome.failed:
        return None
    first, last = place.function.lineno, place.function.end_lineno or 0
    lines = [
        frame.line
        for frame in outcome.frames
        if frame.path == place.path and first <= frame.line <= last
    ]
    row = (lines[-1] if lines else first) - 1
    line = Text.of(place.text).lines[row].rstrip("\n")
    errors = [each[1:].strip() for each in outcome.error.splitlines() if each.startswith("E")]
    message = _ADDRESS.sub("0x7f0000000000", "\n".join([*errors, sorted(outcome.failed)[0]]))
    return Told(row, len(line) - len(line.lstrip()), row, len(line), message)


_ADDRESS = re.compile(r"\b0x[0-9A-Fa-f]{6,}\b")
"""Those of objects, which are others each time."""


def _with_said(maker: _Maker, found: Sequence[Place]) -> list[Case]:
    """The cases with what pyright says of their files."""
    places = {(place.package, place.path): place for place in found}
    files: list[tuple[Place, str]] = []
    for case in maker.cases:
        place = places[case.package, case.path]
        files += [(place, place.text), (place, case.faulty(place.text))]
    messages = [
        tuple(sorted(each.message for each in said)) for said in diagnosed(maker.root, files)
    ]
    return [
        replace(case, said_before=messages[2 * number], said=messages[2 * number + 1])
        for number, case in enumerate(maker.cases)
    ]
