"""TypeScript cases: faults in sources of real packages that TypeScript found nothing wrong with."""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

from tree_sitter import Node

from benchmarks import mutations
from benchmarks.actions.case import Case, Told, cached
from benchmarks.actions.python_faults import Change
from benchmarks.cases import folder as fetched
from benchmarks.cases import sources
from benchmarks.checkers import HERE
from benchmarks.checkers.everything import Said, typescript
from benchmarks.mutations import slip
from lsp_server.core.definitions.base import text_of
from lsp_server.core.symbols import definitions
from lsp_server.core.syntax import Syntax

PACKAGES = ("@aliou/pi-processes", "@jiggai/recipes")
SORTS = ("property", "call", "return", "name", "type")
WANTED = 4
"""Of each sort."""
TRIED = 10
"""Functions for each case that is wanted, since not all that is changed is wrong."""
SEED = 20261126
FEWEST_LINES, MOST_BYTES = 4, 5_000
Nodes = list[Node]


def load() -> list[Case]:
    """The cases, the same ones every time."""
    makers = [Path(__file__), sources.TABLE, HERE / "package-lock.json", HERE / "typescript.cjs"]
    return cached("typescript", [*makers, Path(mutations.__file__)], _make)


def lay_out(package: str, folder: Path) -> None:
    """Copy a package's sources to a new folder. Raises FetchFailed."""
    shutil.copytree(fetched(package), folder)


def _property(nodes: Nodes, data: bytes, chance: random.Random) -> Iterator[tuple[Node, str]]:
    for node in nodes:
        if node.type == "property_identifier" and node.parent is not None:
            name = text_of(node, data)
            if node.parent.type == "member_expression" and len(name) > 3:
                yield node, slip(name, chance)


def _call(nodes: Nodes, data: bytes, _: random.Random) -> Iterator[tuple[Node, str]]:
    """An argument less, one too many, or one of another type."""
    for node in nodes:
        if node.type == "arguments" and node.named_child_count:
            given = [text_of(each, data) for each in node.named_children]
            yield node, f"({', '.join(given[:-1])})"
            yield node, f"({', '.join([*given, given[-1]])})"
            yield node, f"({', '.join([*given[:-1], '{}'])})"


def _return(nodes: Nodes, data: bytes, _: random.Random) -> Iterator[tuple[Node, str]]:
    for node in nodes:
        value = text_of(node, data).removeprefix("return").lstrip()
        if node.type == "return_statement" and value[:1] not in ("{", ";"):  # not a block
            yield node, value


def _name(nodes: Nodes, data: bytes, chance: random.Random) -> Iterator[tuple[Node, str]]:
    for node in nodes:
        name = text_of(node, data)
        if node.type == "identifier" and len(name) > 3:
            yield node, slip(name, chance)


def _type(nodes: Nodes, data: bytes, _: random.Random) -> Iterator[tuple[Node, str]]:
    for node in nodes:
        name = text_of(node, data)
        if node.type == "predefined_type" and name in _TYPES:
            yield node, _TYPES[name]


_TYPES = {"string": "number", "number": "string", "boolean": "string"}
Maker = Callable[[Nodes, bytes, random.Random], Iterator[tuple[Node, str]]]
MAKERS: Mapping[str, Maker] = {
    "property": _property, "call": _call, "return": _return, "name": _name, "type": _type,
}  # fmt: skip


def functions(text: str) -> list[Node]:
    """The functions and methods of a file, none that is too short or too long."""
    syntax = Syntax.parse(text, "typescript")
    if syntax is None or syntax.tree.root_node.has_error:
        return []
    return [
        declared.whole
        for symbol, declared in definitions(syntax)
        if symbol.kind in ("function", "method")
        and declared.whole.end_byte - declared.whole.start_byte <= MOST_BYTES
        and symbol.last_row - symbol.first_row + 1 >= FEWEST_LINES
    ]


def changes(sort: str, function: Node, data: bytes, chance: random.Random) -> list[Change]:
    """What can be done to a function, in an order by chance; the text must be ASCII."""
    nodes, waiting = list[Node](), [function]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        waiting.extend(reversed(node.children))
    found = [
        Change(node.start_byte, node.end_byte, new)
        for node, new in MAKERS[sort](nodes, data, chance)
        if new != text_of(node, data) and (new[:1] in "({" or re.match(r"\S", new))
    ]
    chance.shuffle(found)
    return found


def _make() -> list[Case]:
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve()
        groups: list[list[tuple[str, str, str, Node]]] = []
        for package in PACKAGES:
            folder = root / package.replace("/", "+")
            lay_out(package, folder)
            files = sorted(folder.rglob("*.ts"))
            wrong = {each.file for each in typescript(files)}
            sound = [(f, f.read_text("utf-8")) for f in files if str(f) not in wrong]
            places = [
                (package, file.relative_to(folder).as_posix(), text, node)
                for file, text in sound
                if text.isascii()
                for node in functions(text)
            ]
            random.Random(SEED).shuffle(places)
            groups.append(places)
        order = [place for turn in zip_longest(*groups) for place in turn if place]
        return [case for sort in SORTS for case in _of_sort(sort, order, root)]


def _of_sort(sort: str, order: list[tuple[str, str, str, Node]], root: Path) -> list[Case]:
    chance = random.Random(f"{SEED} {sort}")
    made: list[tuple[Case, Path]] = []
    # Each sort begins elsewhere, so that they don't all take the same functions.
    start = SORTS.index(sort) * len(order) // len(SORTS)
    for package, path, text, function in order[start:] + order[:start]:
        found = changes(sort, function, text.encode(), chance)
        if not found or len(made) == WANTED * TRIED:
            continue
        change = found[0]
        digest = hashlib.sha256(change.of(text).encode()).hexdigest()[:6]
        row = function.start_point.row
        told = Told(row, 0, function.end_point.row, 0, "")
        case = Case(
            f"{sort}-{package.rpartition('/')[2]}-{Path(path).stem}-{row + 1}-{digest}", sort,
            package, path, "", change.start, text[change.start : change.end], change.new, told,
            "checker",
        )  # fmt: skip
        file = root / package.replace("/", "+") / path
        file = file.with_name(f"fimble_case_{len(made)}_{file.name}")
        file.write_text(change.of(text), "utf-8")
        made.append((case, file))
    try:
        heard = typescript([file for _, file in made])
    finally:
        for _, file in made:
            file.unlink()
    taken: list[Case] = []
    seen: Counter[str] = Counter()
    for case, file in made:
        said = [each for each in heard if Path(each.file) == file]
        if len(taken) < WANTED and seen[case.path] < 2 and (place := _told(case, said)) is not None:
            messages = tuple(sorted(each.message for each in said))
            taken.append(replace(case, told=place, said=messages))
            seen[case.path] += 1
    return taken


def _told(case: Case, said: list[Said]) -> Told | None:
    """The first message, if it is about the function that was changed."""
    for each in said[:1]:
        if case.told.row <= each.row and each.last_row <= case.told.last_row:
            return Told(each.row, each.column, each.last_row, each.end, each.message)
    return None
