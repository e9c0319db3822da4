"""Names that do not exist: what is read from the checkers' output, and where it counts.

The output is what pyright 1.1.414 and TypeScript 5.9.3 said of such code. The checkers themselves
run in the benchmark only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks import names
from benchmarks.cases import Case
from benchmarks.checkers import Diagnostic, read_pyright, read_typescript

PREFIX = "from .base import Store\n\n\ndef fill(store: Store) -> None:\n    store."
SUFFIX = "\n    return None\n"
PYRIGHT = [
    (
        'Cannot access attribute "putt" for class "Store"\n\xa0\xa0Attribute "putt" is unknown',
        "Attri",
    ),
    ('"size" is not a known attribute of module "base"', "Attri"),
    ('"Stor" is unknown import symbol', "Attri"),
    ('No parameter named "wait"', "Call"),
    ('Argument missing for parameter "key"', "Call"),
    ('Arguments missing for parameters "key", "value"', "Call"),
    ("Expected 1 positional argument", "Call"),
    ('"unknown" is not defined', "Undefined"),
    ('Type "int" is not assignable to attribute "size" of class "Store"', "Attri"),
    ('No overloads for "get" match the provided arguments', "Call"),
]
RULES = {
    "Attri": "reportAttributeAccessIssue",
    "Call": "reportCallIssue",
    "Undefined": "reportUndefinedVariable",
}
TYPESCRIPT = [
    (2304, "Cannot find name 'unknown'."),
    (2552, "Cannot find name 'Stor'. Did you mean 'Store'?"),
    (18004, "No value exists in scope for the shorthand property 'foo'. Either declare one or ..."),
    (2339, "Property 'y' does not exist on type 'Store'."),
    (2551, "Property 'putt' does not exist on type 'Store'. Did you mean 'put'?"),
    (
        2353,
        "Object literal may only specify known properties, and 'wait' does not exist in type ...",
    ),
    (2554, "Expected 2 arguments, but got 3."),
    (2322, "Type 'string' is not assignable to type 'number'."),
]


def case(path: str = "shop/use.py", grammar: str = "python", expected: str = "put('a')") -> Case:
    row = PREFIX.count("\n")
    return Case("cross-file", "member", "shop", path, grammar, row, PREFIX, SUFFIX, expected)


def found(file: str, row: int, column: int, sort: str, name: str) -> Diagnostic:
    return Diagnostic(file, row, column, sort, name, f"{name}?")


def test_of_pyright_only_what_does_not_exist_is_read() -> None:
    place = {"start": {"line": 3, "character": 5}, "end": {"line": 3, "character": 9}}
    said = [
        {"file": "/a.py", "severity": "error", "message": text, "range": place, "rule": RULES[rule]}
        for text, rule in PYRIGHT
    ]
    syntax = {"file": "/a.py", "severity": "error", "message": '"(" was not closed', "range": place}
    read = list(read_pyright(json.dumps({"generalDiagnostics": [*said, syntax]})))
    assert [(each.sort, each.name) for each in read] == [
        ("attribute", "putt"),
        ("attribute", "size"),
        ("name", "Stor"),
        ("keyword", "wait"),
        ("arity", 'Argument missing for parameter "key"'),
        ("arity", 'Arguments missing for parameters "key", "value"'),
        ("arity", "Expected 1 positional argument"),
        ("name", "unknown"),
    ]
    assert {(each.file, each.row, each.column) for each in read} == {("/a.py", 3, 5)}


def typescript(file: str) -> list[tuple[str, str]]:
    lines = [
        json.dumps({"file": file, "line": 1, "character": 2, "code": code, "message": message})
        for code, message in TYPESCRIPT
    ]
    return [(each.sort, each.name) for each in read_typescript("\n".join(lines))]


def test_of_typescript_only_what_does_not_exist_is_read() -> None:
    assert typescript("/a.ts") == [
        ("name", "unknown"),
        ("name", "Stor"),
        ("name", "foo"),
        ("attribute", "y"),
        ("attribute", "putt"),
        ("keyword", "wait"),
        ("arity", "Expected 2 arguments, but got 3."),
    ]


def test_of_javascript_only_names_are_believed() -> None:
    assert typescript("/a.mjs") == [("name", "unknown"), ("name", "Stor"), ("name", "foo")]


@pytest.mark.parametrize(
    ("row", "column", "sort", "counts"),
    [
        (4, 10, "attribute", True),
        (4, 9, "name", False),  # before the dot
        (4, 4, "arity", True),  # the call whose arguments these are
        (3, 4, "arity", False),
        (5, 3, "name", True),
        (5, 4, "name", False),  # what stands behind the answer
    ],
)
def test_what_counts_begins_in_the_answer(row: int, column: int, sort: str, counts: bool) -> None:
    place = names.Place.of(PREFIX, "put(\n   )")
    assert place.holds(found("", row, column, sort, "x")) is counts


def test_a_word_that_the_answer_goes_on_with_is_the_answers() -> None:
    assert names.Place.of("é = \N{WHITE SMILING FACE}🙂 + ba", "r").start == (0, 10)
    assert names.Place.of("x = ba", "r").start == (0, 4)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package, and checkers that find each `bad...` in a file, and `odd` in each."""

    def check(sort: str) -> Callable[[Path, Sequence[Path]], list[Diagnostic]]:
        def checked(root: Path, files: Sequence[Path]) -> list[Diagnostic]:
            assert all(file.parent == root / "shop" / "shop" for file in files)
            assert not files or (root / "shop/shop/base.py").read_text() == "class Store: ..."
            return [
                found(str(file), row, line.index(word), sort, word)
                for file in files
                for row, line in enumerate(file.read_text().split("\n"))
                for word in line.replace("(", " ").replace(".", " ").split()
                if word.startswith(("bad", "odd"))
            ]

        return checked

    package = tmp_path / "package"
    (package / "shop").mkdir(parents=True)
    (package / "shop" / "base.py").write_text("class Store: ...")
    monkeypatch.setattr(names, "folder", lambda _name: package)
    monkeypatch.setattr(names, "pyright", check("name"))
    monkeypatch.setattr(names, "typescript", check("attribute"))
    return package


def test_faults_are_counted_beyond_those_of_what_stood_there(shop: Path) -> None:
    pairs = [
        (case(), "put(1)"),
        (case(), "bad_one(bad_two )\n    bad_one("),
        (case(expected="odd_one(1)"), "odd_one( bad_one )"),
        (case("shop/use.ts", "typescript"), "bad_one()"),
        (case(expected="bad_one()"), "bad_one()"),
        (case(), ""),
    ]
    assert names.judge(pairs) == [0, 2, 1, 1, 0, 0]
    assert [file.name for file in (shop / "shop").iterdir()] == ["base.py"]


def test_figures_are_of_what_is_shown(shop: Path) -> None:
    cases = [case(), case("shop/use.ts", "typescript"), case(expected="get()")]
    result = names.figures(cases, {"bare": ["bad()", "bad()", "x"], "fimble": ["x", "", "x"]}, 1)
    assert result["bare"] == {
        "shown": 3,
        "with_unknown_names": 2,
        "percent": 66.7,
        "by_language": {
            "python": {"shown": 2, "with_unknown_names": 1, "percent": 50.0},
            "typescript": {"shown": 1, "with_unknown_names": 1, "percent": 100.0},
        },
        "examples": [
            {
                "case": "shop/shop/use.py:5",
                "answer": "bad()",
                "expected": "put('a')",
                "says": ["bad?"],
            }
        ],
    }
    assert result["fimble"]["shown"] == 2
    assert result["fimble"]["with_unknown_names"] == 0
    assert result["fimble"]["examples"] == []


def test_texts_are_read_with_their_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [case(expected="put()"), case(expected="get()")]
    monkeypatch.setattr(names, "load", lambda kind: known if kind == "in-file" else [])
    file = tmp_path / "texts.jsonl"
    line = {"case": known[1].name, "kind": "in-file", "expected": "get()", "bare": "x", "file": ""}
    file.write_text(json.dumps(line | {"gold_shown": None}) + "\n")
    assert names.read(file) == ([known[1]], {"bare": ["x"], "file": [""]})
