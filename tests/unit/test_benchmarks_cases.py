"""The case set: fetching as data, finding definitions, cutting, choosing."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmarks.cases import KINDS, Case, Definition
from benchmarks.cases.archives import FetchFailed, fetch
from benchmarks.cases.kinds import CUTTERS, MOST, chosen
from benchmarks.cases.sources import Source, pinned
from lsp_server.evaluation.cases.choice import APART, is_near
from lsp_server.evaluation.cases.crossfile import uses
from lsp_server.evaluation.cases.cut import Hole
from lsp_server.evaluation.cases.entities import reference
from lsp_server.evaluation.cases.package import Package

PYTHON = {
    "shop/__init__.py": "from .prices import Price as Price, rounded\n",
    "shop/base.py": """\
class Named:
    label_text = "x"

    def described(self, width: int) -> str:
        return self.label_text.rjust(width)
""",
    "shop/prices.py": """\
from .base import Named


class Price(Named):
    amount: int

    def __init__(self, amount: int, currency: str) -> None:
        self.amount_paid = amount
        self.rate = Rate(currency)


class Rate:
    def converted(self, amount: int) -> int:
        return amount


def rounded(value: int, places: int) -> int:
    return value


def cheapest(prices: list[Price]) -> "Price | None":
    return None
""",
    "shop/cart.py": """\
from shop import Price, rounded
from . import prices as p
from .prices import cheapest


class Offer(Price):
    def summary(self, width: int) -> str:
        return self.described(width + 17)


def total(first: Price, other, rounded_up: bool) -> int:
    # rounded(1, places=3)
    extra = Price(first.amount_paid + 3, currency="EUR")
    second = extra.rate.converted(amount=first.amount)
    third = p.Price(second, other.described(3)).described(second)
    best = cheapest([first, extra], limit=9)
    single = cheapest([first, second, third])
    print("rounded(2, places=4)", best.described(width=44))
    return rounded(second + third, places=2)


def shadowed(rounded) -> int:
    return rounded(11, places=12)
""",
    "tests/test_cart.py": "from shop import Price\n\nprice = Price(10, currency='abc')\n",
}

SCRIPT = {
    "src/index.js": """\
export * from './tree.js';
export { default as Walker } from './walker.js';
""",
    "src/tree.js": """\
export class Tree {
  constructor(depth, width) {
    this.depthSeen = depth;
  }
  static planted(depth, kind) { return new Tree(depth, 2); }
  pruned(limit) { return this; }
}
export const grown = (tree, years) => tree;
export const MODES = { strictMode: 1, looseMode: 2 };
""",
    "src/walker.js": """\
import { Tree, grown as older, MODES } from './index.js';
import * as trees from './tree.js';

export default class Walker {
  constructor() { this.tree = new Tree(12, 34); }

  step(count) {
    const first = this.tree.pruned(count + 1);
    const second = trees.Tree.planted(count, 'oak');
    if (older(second, count * 2)) {
      return MODES.looseMode + count;
    }
    return `${older(first, count * 9)}`;
  }
}
""",
    "src/typed.ts": """\
import type { Shape } from './shapes.js';

export function drawn(shape: Shape, scale: number): number {
  return shape.outlineWidth * scale;
}
""",
    "src/shapes.ts": "export interface Shape {\n  outlineWidth: number;\n}\n",
}


def package(folder: Path, files: dict[str, str]) -> Package:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return Package.read("shop", folder)


def used(found: Package, path: str) -> dict[tuple[str, str], Definition | None]:
    cases = uses(found, found.modules[path])
    return {(case.shape, case.expected): case.gold for case in cases}


def test_uses_of_python_have_their_definitions(tmp_path: Path) -> None:
    found = package(tmp_path, PYTHON)
    prices, base = "shop/prices.py", "shop/base.py"
    assert used(found, "shop/cart.py") == {
        ("member", "described(width + 17)"): Definition(base, "described", 3),
        ("call", 'first.amount_paid + 3, currency="EUR")'): Definition(prices, "Price", 3),
        ("member", 'amount_paid + 3, currency="EUR")'): Definition(prices, "amount_paid", 7),
        ("member", "converted(amount=first.amount)"): Definition(prices, "converted", 12),
        ("member", "rate.converted(amount=first.amount)"): Definition(prices, "rate", 8),
        ("member", "Price(second, other.described(3)).described(second)"): Definition(
            prices, "Price", 3
        ),
        ("call", "[first, extra], limit=9)"): Definition(prices, "cheapest", 20),
        ("member", "described(width=44))"): Definition(base, "described", 3),
        ("call", "second + third, places=2)"): Definition(prices, "rounded", 16),
    }


def test_uses_of_scripts_have_their_definitions(tmp_path: Path) -> None:
    found = package(tmp_path, SCRIPT)
    tree = "src/tree.js"
    assert used(found, "src/walker.js") == {
        ("call", "12, 34); }"): Definition(tree, "Tree", 0),
        ("member", "pruned(count + 1);"): Definition(tree, "pruned", 5),
        ("member", "Tree.planted(count, 'oak');"): Definition(tree, "Tree", 0),
        ("member", "planted(count, 'oak');"): Definition(tree, "planted", 4),
        ("call", "second, count * 2)) {"): Definition(tree, "grown", 7),
        ("member", "looseMode + count;"): Definition(tree, "looseMode", 8),
    }
    assert used(found, "src/typed.ts") == {
        ("member", "outlineWidth * scale;"): Definition("src/shapes.ts", "outlineWidth", 1)
    }


def test_a_case_is_its_file_and_tests_are_left_out(tmp_path: Path) -> None:
    found = package(tmp_path, PYTHON)
    assert "tests/test_cart.py" not in found.modules
    for kind, cut in CUTTERS.items():
        for module in found.modules.values():
            for case in cut(found, module):
                assert case.kind == kind
                assert case.prefix + case.expected + case.suffix == module.text
                assert case.prefix.count("\n") == case.row
                assert module.text.count(case.expected) == 1


def lines(count: int, name: str = "value") -> str:
    return "".join(f"{name}_{i} = compute({name}, {i} * 7)\n" for i in range(count))


def test_singles_are_cut_in_the_second_quarter(tmp_path: Path) -> None:
    text = lines(5) + 'note = """\nvalue = compute(quoted, 8)\n"""\n# value = compute(1, 22)\n'
    found = package(tmp_path, {"a.py": text})
    cases = list(CUTTERS["single"](found, found.modules["a.py"]))
    assert [case.row for case in cases] == [0, 1, 2, 3, 4]
    for case in cases:
        line = text.split("\n")[case.row]
        typed = len(case.prefix.rpartition("\n")[2])
        assert 0.25 <= typed / len(line) <= 0.5
        assert line[typed:] == case.expected
        assert case.suffix.startswith("\n")


def test_multis_are_bodies_without_comments(tmp_path: Path) -> None:
    text = """\
def f(first, second):
    total = first + second
    if total:
        total += first
    return total


def g(first):
    # explained
    return first * 7


def h(first):
    return first * 9
"""
    found = package(tmp_path, {"a.py": text})
    (case,) = CUTTERS["multi"](found, found.modules["a.py"])
    assert case.prefix == "def f(first, second):\n    "
    assert case.expected.startswith("total = first") and case.expected.endswith("return total")
    script = "function f(first) {\n  const a = first * 2;\n  return a + first;\n}\n"
    found = package(tmp_path, {"a.js": script})
    (case,) = CUTTERS["multi"](found, found.modules["a.js"])
    assert (case.expected, case.suffix) == ("const a = first * 2;\n  return a + first;", "\n}\n")


def test_arguments_stop_before_the_bracket(tmp_path: Path) -> None:
    found = package(tmp_path, {"a.py": "x = call(first, second)[0]\ny = call('a long text')\n"})
    (case,) = CUTTERS["arguments"](found, found.modules["a.py"])
    assert (case.expected, case.suffix[:4]) == ("first, second", ")[0]")


@pytest.mark.parametrize(
    ("line", "start", "fair"),
    [
        ("x = call(first, second)", "first", True),
        ("x = call(first, second", "first", False),  # unclosed: the file has an error
        ("x = call(first,\n  second)", "call", False),  # leaves a bracket open
        ("x = call(a)", "call", False),  # too short
        ("x = call('only words here')", "call", False),
        ("x = call(first)  # comment", "call", False),
        ("x = call(first)\ny = call(first)", "call", False),  # stands there twice
    ],
)
def test_fair_holes(tmp_path: Path, line: str, start: str, fair: bool) -> None:
    module = package(tmp_path, {"a.py": line + "\n"}).modules.get("a.py")
    assert (module is not None and Hole.rest_of_line(module, line.index(start)).is_fair()) is fair


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (": Price", "Price"),
        ("'Price'", "Price"),
        ("Price | None", "Price"),
        (": Price | undefined", "Price"),
        ("Optional[Price]", "Price"),
        ("Price | Rate", ""),
        ("list[Price]", ""),
        ("", ""),
    ],
)
def test_references(annotation: str, expected: str) -> None:
    assert reference(annotation) == expected


def test_the_choice_is_far_apart_limited_and_always_the_same(tmp_path: Path) -> None:
    files = {f"m{i}.py": lines(200, f"name{i}") for i in range(4)}
    found = package(tmp_path, files)
    taken = chosen(found, "single")
    assert len(taken) == MOST["single"]
    assert taken == chosen(Package.read("shop", tmp_path), "single")
    more = chosen(found, "single", times=2)
    assert more[: len(taken)] == taken
    assert len(more) == 2 * len(taken)
    for i, one in enumerate(taken):
        for other in taken[:i]:
            assert one.path != other.path or abs(one.row - other.row) >= APART
    longer = package(tmp_path, {"m0.py": "first_line = 1\n" + files["m0.py"]})
    kept = {case.expected for case in taken} & {c.expected for c in chosen(longer, "single")}
    assert len(kept) == len(taken)


def test_near_counts_from_the_last_line() -> None:
    one = Case("multi", "", "p", "a.py", "python", 10, "", "", "x\ny\nz")
    other = Case("multi", "", "p", "a.py", "python", 12 + APART, "", "", "v")
    assert not is_near(one, other) and not is_near(other, one)
    nearer = Case("multi", "", "p", "a.py", "python", 11 + APART, "", "", "v")
    assert is_near(one, nearer) and is_near(nearer, one)


def wheel(members: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return stream.getvalue()


def tarball(members: dict[str, str], link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return stream.getvalue()


def source(data: bytes) -> Source:
    return Source("shop", "pypi", "1.0", hashlib.sha256(data).hexdigest(), "MIT", "tested")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_only_source_files_below_the_folder_are_unpacked(tmp_path: Path) -> None:
    names = ("a/b.py", "../up.py", "/root.py", "a/../../c.py", "C:\\d.py", "a/data.bin", "a/t.d.ts")
    data = wheel(dict.fromkeys(names, "x = 1\n"))
    assert files(fetch(source(data), tmp_path, lambda *_: data)) == {"a/b.py"}
    assert files(tmp_path) == {f"shop-1.0-{source(data).sha256[:12]}/a/b.py"}


def test_a_tarball_loses_its_folder_and_links(tmp_path: Path) -> None:
    names = ("package/src/a.ts", "package/../../b.ts", "package//c.ts", "package/d.d.ts")
    data = tarball(dict.fromkeys(names, "let x = 1;\n"), link="package/link.ts")
    assert files(fetch(source(data), tmp_path, lambda *_: data)) == {"src/a.ts"}


def test_a_package_is_fetched_once(tmp_path: Path) -> None:
    data = wheel({"a.py": "x = 1\n"})
    folder = fetch(source(data), tmp_path, lambda *_: data)

    def never(_source: Source, _folder: Path) -> bytes:
        raise AssertionError("asked again")

    assert fetch(source(data), tmp_path, never) == folder


def test_another_archive_is_not_opened(tmp_path: Path) -> None:
    pinned_data = wheel({"a.py": "x = 1\n"})
    with pytest.raises(FetchFailed, match="not the archive"):
        fetch(source(pinned_data), tmp_path, lambda *_: pinned_data + b"\0")
    assert files(tmp_path) == set()


def test_a_damaged_archive_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match="damaged"):
        fetch(source(b"no archive"), tmp_path, lambda *_: b"no archive")
    assert list(tmp_path.iterdir()) == []


def test_the_table_pins_enough() -> None:
    sources = pinned()
    assert 8 <= len(sources) <= 20
    assert len({entry.sha256 for entry in sources}) == len(sources)
    assert {entry.licence for entry in sources} <= {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"}
    assert all(entry.first_release for entry in sources)
    assert set(CUTTERS) == set(MOST) == set(KINDS)
    with pytest.raises(ValueError, match="digest"):
        Source.parse("x", {**_table(), "sha256": "0"})
    with pytest.raises(TypeError):
        Source.parse("x", {**_table(), "colour": "red"})


def _table() -> dict[str, str]:
    return {
        "registry": "npm",
        "version": "1",
        "sha256": "0" * 64,
        "licence": "MIT",
        "first_release": "tested",
    }
