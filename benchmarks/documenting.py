"""What "Document" writes: 40 functions of four languages, asked over LSP.

The functions are those of real files: packages with tests (`benchmarks/agent`), packages of npm
(`benchmarks/cases`), and the Rust and Go code that two Python packages ship as source. What
documents a function is taken away first; other functions of its file keep their documentation.

A result must parse, and be the file as it was with one comment put in. Prints one JSON object.

    python -m benchmarks.documenting --model qwen2.5-coder-1.5b --kept DIR
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks.actions import choosing, typescript_cases
from benchmarks.actions.case import Told
from benchmarks.actions.comments import Bare, bare, only_comment_is_new, parses
from benchmarks.actions.models import Engine, add_options, opened
from benchmarks.actions.session import Taken, session
from benchmarks.agent.tasks import archive, lay_out_package, packages
from benchmarks.cases.archives import cache, fetch
from benchmarks.cases.sources import Source
from lsp_server.core.syntax import grammar_for

SEED = 20261126
PER_LANGUAGE = 10
SHIPPED = {
    "rust": Source(
        "tiktoken", "pypi", "0.14.0",
        "231dec90efcdccf1b565a1416107736f1e09b1a08fe736ef9d6363e626d03874", "MIT", "",
    ),
    "go": Source(
        "gojsonnet", "pypi", "0.22.0",
        "b00f09e019d403fc5fb0e691e043115dd84548e055c018638e22b6b7e9829d09", "Apache-2.0", "",
    ),
}  # fmt: skip
SUFFIXES = {"python": (".py",), "script": (".ts", ".js"), "rust": (".rs",), "go": (".go",)}
"""Of each of the four languages; TypeScript and JavaScript are one, by turns."""
JAVASCRIPT = ("@git-stunts/alfred", "@git-stunts/git-warp")


@dataclass(frozen=True, slots=True)
class Place:
    """A function to be documented."""

    language: str
    project: str
    path: str
    function: Bare

    @property
    def grammar(self) -> str:
        """Of its file."""
        return grammar_for("", self.path) or ""

    @property
    def id(self) -> str:
        """Tells it from all others, and fits in a file's name."""
        stem = Path(self.path).stem
        return f"{self.language}-{stem}-{self.function.name}-{self.function.row + 1}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a function."""

    id: str
    language: str
    wrote: bool
    parses: bool
    """Of what was written."""
    only_comment: bool
    """No byte outside of the new comment is another."""
    seconds: float
    message: str


def lay_out(root: Path) -> dict[str, list[str]]:
    """Copy all projects to folders of their own; those of each language."""
    found: dict[str, list[str]] = {"python": list(packages()), "script": [], "rust": [], "go": []}
    for package in packages():
        lay_out_package(package, root / package)
    for package in (*typescript_cases.PACKAGES, *JAVASCRIPT):
        name = package.replace("/", "+")
        typescript_cases.lay_out(package, root / name)
        found["script"].append(name)
    for language, source in SHIPPED.items():
        packed = fetch(source, cache().parent / "agent", archive)
        shutil.copytree(packed, root / source.name)
        found[language].append(source.name)
    return found


def places(root: Path, projects: dict[str, list[str]]) -> list[Place]:
    """The functions, the same ones every time; the projects of a language by turns."""
    taken: list[list[Place]] = []
    for language, names in projects.items():
        groups = []
        for name in names:
            found = list(_in_project(language, name, root / name))
            random.Random(SEED).shuffle(found)
            groups.append(found)
        order = [each for turn in zip_longest(*groups) for each in turn if each is not None]
        taken.append(order[:PER_LANGUAGE])
    return [place for turn in zip_longest(*taken) for place in turn if place is not None]


def _in_project(language: str, name: str, folder: Path) -> Iterator[Place]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if file.suffix not in SUFFIXES[language] or "test" in path or "/dist/" in f"/{path}":
            continue
        text = file.read_bytes().decode("utf-8")
        grammar = grammar_for("", path) or ""
        yield from (Place(language, name, path, each) for each in bare(text, grammar))


def judged(place: Place, taken: Taken) -> Outcome:
    """Judge what was written."""
    text = taken.texts.get(place.path)
    wrote = text is not None and text != place.function.text
    is_alone = set(taken.texts) <= {place.path}
    return Outcome(
        place.id,
        place.language,
        wrote,
        wrote and parses(text or "", place.grammar),
        wrote and is_alone and only_comment_is_new(place.function.text, text or "", place.grammar),
        round(taken.seconds, 2),
        taken.message,
    )


async def run(engine: Engine, root: Path, wanted: Sequence[Place], kept: Path) -> list[Outcome]:
    """Have the functions documented that have not been before, a server for each project."""
    for project in dict.fromkeys(place.project for place in wanted):
        mine = [place for place in wanted if place.project == project]
        mine = [place for place in mine if not (kept / f"{place.id}.json").exists()]
        if not mine:
            continue
        async with session(engine.arguments, engine.settings, (root / project).resolve()) as server:
            for place in mine:
                function = place.function
                at = Told(function.row, function.column, function.row, function.column, "")
                choose = partial(choosing.titled, beginning=choosing.DOCUMENTS)
                taken = await server.take(place.path, place.grammar, function.text, [], at, choose)
                outcome = judged(place, taken)
                (kept / f"{place.id}.txt").write_text(taken.texts.get(place.path, ""), "utf-8")
                (kept / f"{place.id}.json").write_text(json.dumps(asdict(outcome)), "utf-8")
                print(f"{place.id} {outcome.seconds} s: {outcome}", file=sys.stderr, flush=True)
    return [Outcome(**json.loads((kept / f"{each.id}.json").read_text("utf-8"))) for each in wanted]


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Figures of all, and of each language."""
    groups = {"all": list(outcomes)}
    for each in outcomes:
        groups.setdefault(each.language, []).append(each)
    return {name: _counted(group) for name, group in groups.items()}


def _counted(group: Sequence[Outcome]) -> dict[str, Any]:
    wrote = sum(each.wrote for each in group)
    return {
        "of": len(group),
        "wrote": wrote,
        "written_and_parses": sum(each.parses for each in group),
        "written_and_only_comment": sum(each.only_comment for each in group),
        "median_seconds": round(statistics.median(each.seconds for each in group), 2),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Comments that a model writes.")
    add_options(parser)
    options = parser.parse_args()
    with ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        wanted = places(temporary, lay_out(temporary))[: options.cases]
        engine = stack.enter_context(opened(options))
        kept = (options.kept or temporary / "kept") / engine.name / "documenting"
        kept.mkdir(parents=True, exist_ok=True)
        outcomes = asyncio.run(run(engine, temporary, wanted, kept))
    print(json.dumps({"model": engine.name} | report(outcomes), indent=2))


if __name__ == "__main__":
    main()
