"""Cases cut from a git repository: whole, far apart, always the same, and of which files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from lsp_server.errors import UsageError
from lsp_server.evaluation.cases.case import Definition
from lsp_server.evaluation.cases.choice import APART
from lsp_server.evaluation.masks import CUTTERS, KINDS, mask
from lsp_server.evaluation.repository import LARGEST_BYTES, open_repository
from tests.git_repository import tracked, write

BRACES = """\
{head} {{
    {total}first + second;
    if (total > 100) {{
        report(first, second * 7, total);
        total = second * 99;
    }}
    return total;
}}
"""
C_HEAD = "int add_numbers(int first, int second)"
LANGUAGES = {
    "a.c": "#include <stdio.h>\n\n" + BRACES.format(head=C_HEAD, total="int total = "),
    "b.cpp": "#include <vector>\n\n" + BRACES.format(head=C_HEAD, total="auto total = "),
    "c.go": """\
package main

import "fmt"

func addNumbers(first int, second int) int {
	total := first + second
	if total > 100 {
		report(first, second*7, total)
		total = second * 99
	}
	return total
}
""",
    "D.java": (
        "import java.util.List;\n\nclass D {\n"
        + BRACES.format(head="int addNumbers(int first, int second)", total="int total = ")
        + "}\n"
    ),
    "e.rs": """\
use std::fmt::Debug;

fn add_numbers(first: i32, second: i32) -> i32 {
    let mut total = first + second;
    if total > 100 {
        report(first, second * 7, total);
        total = second * 99;
    }
    total * 555
}
""",
    "f.js": "import { x } from 'x';\n\n"
    + BRACES.format(head="function addNumbers(first, second)", total="let total = "),
    "g.ts": "import { x } from 'x';\n\n"
    + BRACES.format(head="function add(first: number, second: number)", total="let total = "),
    "h.tsx": "import { x } from 'x';\n\n"
    + BRACES.format(head="function add(first: number, second: number)", total="let total = "),
    "i.py": """\
import os

def add_numbers(first, second):
    total = first + second
    if total > 100:
        report(first, second * 7, total)
        total = second * 99
    return total
""",
}
SHOP = {
    "src/shop/__init__.py": "",
    "src/shop/prices.py": "def rounded(value: int, places: int) -> int:\n    return value\n",
    "src/shop/cart.py": (
        "from shop.prices import rounded\n\n\n"
        "def total(first: int) -> int:\n"
        "    return rounded(first + 12, places=first)\n"
    ),
    "web/tree.ts": "export class Tree {\n  prunedAt(limit: number) { return limit; }\n}\n",
    "web/walker.ts": (
        "import { Tree } from './tree';\n\n"
        "export function walked(tree: Tree) {\n  return tree.prunedAt(1234);\n}\n"
    ),
    "web/leaf.js": "export const grownFor = (years, rate) => years;\n",
    "web/branch.js": (
        "import { grownFor } from './leaf.js';\n\nexport const grown = grownFor(12, 3456);\n"
    ),
}


def lines(count: int, name: str = "value") -> str:
    return "".join(f"{name}_{i} = compute({name}, {i} * 7)\n" for i in range(count))


@pytest.mark.parametrize("path", LANGUAGES)
def test_every_language_is_cut_in_each_way(tmp_path: Path, path: str) -> None:
    repository = open_repository(tracked(tmp_path, {path: LANGUAGES[path]}))
    module = repository.package.modules[path]
    found = {kind: list(cut(repository.package, module)) for kind, cut in CUTTERS.items()}
    for kind, cases in found.items():
        for case in cases:
            assert case.kind == kind
            assert case.prefix + case.expected + case.suffix == LANGUAGES[path]
            assert case.prefix.count("\n") == case.row
    assert {len(case.expected.split("\n")) for case in found["line"]} == {1}
    assert not any("import" in case.expected or "<" in case.expected for case in found["line"])
    bodies = {len(case.expected.split("\n")) for case in found["block"]}
    assert {2, 6} - bodies == set() or (path == "i.py" and bodies == {2, 5})
    given = "first, second*7, total" if path == "c.go" else "first, second * 7, total"
    assert given in [case.expected for case in found["arguments"]]


def test_uses_of_other_files_have_their_definitions(tmp_path: Path) -> None:
    cases = mask(open_repository(tracked(tmp_path, SHOP)), ["cross-file"], 10)
    assert {(case.path, case.expected): case.gold for case in cases} == {
        ("src/shop/cart.py", "first + 12, places=first)"): Definition(
            "src/shop/prices.py", "rounded", 0
        ),
        ("web/walker.ts", "prunedAt(1234);"): Definition("web/tree.ts", "prunedAt", 1),
        ("web/branch.js", "12, 3456);"): Definition("web/leaf.js", "grownFor", 0),
    }


def test_the_same_code_gives_the_same_cases(tmp_path: Path) -> None:
    files = {f"m{number}.py": lines(60, f"name{number}") for number in range(4)}
    one = open_repository(tracked(tmp_path / "one", files))
    other = open_repository(tracked(tmp_path / "other", files))
    assert one.digest == other.digest
    assert mask(one, KINDS, 6) == mask(other, KINDS, 6)
    assert mask(one, KINDS, 6, seed=1) != mask(one, KINDS, 6)
    few, many = mask(one, ["line"], 3), mask(one, ["line"], 12)
    assert many[:3] == few and len({case.path for case in few}) == 3
    assert len(many) == 12


def test_cases_are_far_apart_and_there_may_be_fewer(tmp_path: Path) -> None:
    repository = open_repository(tracked(tmp_path, {"a.py": lines(120)}))
    rows = sorted(case.row for case in mask(repository, ["line"], 50))
    assert 5 < len(rows) <= 120 / APART + 1  # more than of one of many files
    assert all(below - above >= APART for above, below in pairwise(rows))


def test_only_code_that_people_wrote_is_cut(tmp_path: Path) -> None:
    key = "AKIA" + "Q7" * 8
    code = lines(3)
    tracked(
        tmp_path,
        {
            "good.py": code,
            ".gitignore": "ignored.py\n",
            "ignored.py": code,
            "vendor/a.py": code,
            "made.py": "# @generated\n" + code,
            "binary.py": b"\0" + code.encode(),
            "latin.py": b"name = '\xe9'\n" + code.encode(),
            "key.py": f"KEY = '{key}'\n" + code,
            ".env.py": code,
            "damaged.py": "def (:\n" + code,
            "old_mac.py": "x = 1\ry = 2\n" + code,
            "large.py": "#" + "\n" * LARGEST_BYTES + code,
            "notes.txt": code,
        },
    )
    write(tmp_path, {"untracked.py": code})
    assert {case.path for case in mask(open_repository(tmp_path), KINDS, 100)} == {"good.py"}


def test_a_deleted_file_is_no_trouble(tmp_path: Path) -> None:
    tracked(tmp_path, {"a.py": lines(3), "b.py": lines(3)})
    (tmp_path / "b.py").unlink()
    assert {case.path for case in mask(open_repository(tmp_path), KINDS, 100)} == {"a.py"}


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    text = LANGUAGES["i.py"].replace("\n", "\r\n")
    cases = mask(open_repository(tracked(tmp_path, {"a.py": text})), ["line", "block"], 5)
    assert {case.kind for case in cases} == {"line", "block"}
    for case in cases:
        assert case.prefix + case.expected + case.suffix == text
        assert not case.expected.endswith("\r")


def test_a_folder_of_a_repository_sees_the_others(tmp_path: Path) -> None:
    tracked(tmp_path, {**SHOP, "lib/a.py": "from src.shop.prices import rounded\n\n" + lines(2)})
    write(tmp_path, {"lib/b.py": lines(3)})
    repository = open_repository(tmp_path / "src")
    assert repository.root == tmp_path.resolve()
    assert {case.path for case in mask(repository, KINDS, 100)} == {
        "src/shop/cart.py",
        "src/shop/prices.py",
    }
    assert "web/tree.ts" in repository.package.modules
    assert open_repository(tmp_path).digest == repository.digest


def test_changed_code_has_another_digest(tmp_path: Path) -> None:
    before = open_repository(tracked(tmp_path, SHOP)).digest
    write(tmp_path, {"web/tree.ts": SHOP["web/tree.ts"] + "\n"})
    assert open_repository(tmp_path).digest != before


def test_what_is_no_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no repository"):
        open_repository(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        open_repository(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no repository"):
        open_repository(tracked(tmp_path, {"a.py": ""}) / ".git")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git can't be found"):
        open_repository(tmp_path)
