"""Verdicts on edits that should mend a fault, and what is shared to have such edits made."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from benchmarks.actions import judging, plain
from benchmarks.actions.case import Case, Told, spread
from benchmarks.actions.choosing import fix
from benchmarks.actions.session import applied
from benchmarks.checkers.everything import Said
from benchmarks.mends import Outcome, report

SOUND = '''"""A shop."""


def total(prices, limit):
    found = 0
    for price in prices:
        if price < limit:
            found += price
    return found


def first(prices):
    return prices[0]
'''
TEST = """from shop import first, total


def test_total():
    assert total([1, 2, 5], 5) == 3


def test_first():
    assert first([4, 5]) == 4


def test_that_fails_anyway():
    assert first([]) is None
"""
MESSAGE = '"pricse" is not defined'


def case(old: str, new: str, by: str = "test", said: tuple[str, ...] = ()) -> Case:
    start = SOUND.index(old)
    row = SOUND.count("\n", 0, start)
    line = SOUND.split("\n")[row]
    return Case(
        "x", "name", "toolz", "shop.py", "total", start, old, new,
        Told(row, len(line) - len(line.lstrip()), row, len(line), "E\ntest_shop.py::test_total"),
        by, ("test_shop.py",), ("test_shop.py::test_that_fails_anyway",),
        ("test_shop.py::test_total",), ("odd",), ("odd", *said),
    )  # fmt: skip


OPERATOR = case("price < limit", "price > limit")
NAME = case("in prices:", "in pricse:", "checker", (MESSAGE,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "test_shop.py").write_text(TEST)
    (folder / "shop.py").write_text(OPERATOR.faulty(SOUND))
    return folder


class Checker:
    """Says what a file has to be told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said = ["odd"]
        monkeypatch.setattr(judging, "pyright", lambda *_: self._answer())
        monkeypatch.setattr(judging, "typescript", lambda *_: self._answer())

    def _answer(self) -> list[Said]:
        return [Said("shop.py", 0, 0, 0, 1, message) for message in self.said]


@pytest.fixture
def checker(monkeypatch: pytest.MonkeyPatch) -> Checker:
    return Checker(monkeypatch)


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (None, "none"),
        (SOUND, "repaired"),
        (SOUND.replace("price < limit", "limit > price"), "repaired"),
        (OPERATOR.faulty(SOUND), "unchanged"),
        (SOUND.replace("price < limit", "price == limit"), "unchanged"),
        (SOUND.replace("prices[0]", "prices[1]"), "worse"),
        (SOUND.replace("price < limit", "price > limit").replace("prices[0]", "0"), "worse"),
        (SOUND.replace("price < limit:", "price < limit"), "worse"),
        (SOUND.replace("def first", "def last"), "worse"),
    ],
)
@pytest.mark.usefixtures("checker")
def test_tests_judge(folder: Path, after: str | None, verdict: str) -> None:
    assert judging.python(OPERATOR, folder, SOUND, after) == verdict


@pytest.mark.parametrize(
    ("by", "said", "verdict"),
    [
        (NAME, ["odd"], "repaired"),
        (NAME, [], "repaired"),
        (NAME, ["odd", MESSAGE], "unchanged"),
        (NAME, ["odd", "another"], "worse"),
        (NAME, ["odd", "odd"], "worse"),
        (OPERATOR, ["odd", "another"], "worse"),
    ],
)
def test_so_does_the_checker(
    folder: Path, checker: Checker, by: Case, said: list[str], verdict: str
) -> None:
    checker.said = said
    after = SOUND.replace("found += price", "found = found + price")
    assert judging.python(by, folder, SOUND, after) == verdict


def test_who_breaks_a_test_while_the_checker_is_content_does_not_repair(
    folder: Path, checker: Checker
) -> None:
    checker.said = []
    after = SOUND.replace("found += price", "found = price")
    assert judging.python(NAME, folder, SOUND, after) == "unchanged"


@pytest.mark.parametrize(
    ("said", "verdict"), [([], "repaired"), (["odd", MESSAGE], "unchanged"), (["x"], "worse")]
)
def test_typescript_alone_judges_its_code(
    folder: Path, checker: Checker, said: list[str], verdict: str
) -> None:
    checker.said = said
    assert judging.script(NAME, folder, SOUND, f"{SOUND}\n\n\n# more\n") == verdict
    assert judging.script(NAME, folder, SOUND, None) == "none"


def test_a_case_is_of_one_file_only() -> None:
    with pytest.raises(ValueError, match="not the file"):
        OPERATOR.faulty(f"# {SOUND}")


def action(title: str, *, preferred: bool = False) -> types.CodeAction:
    return types.CodeAction(title, is_preferred=preferred or None)


@pytest.mark.parametrize(
    ("titles", "prefer", "by", "chosen"),
    [
        (["Fix: a", "Fix: b"], "fix", "test", "Fix: a"),
        (["Make `f` pass", "Fix: a"], "fix", "test", "Fix: a"),
        (["Fix: a", "Make `f` pass"], "tests", "test", "Make `f` pass"),
        (["Fix: a", "Make `f` pass"], "tests", "checker", "Fix: a"),
        (["Explain", "Make its tests pass"], "fix", "test", "Make its tests pass"),
        (["Explain", "Make it red"], "tests", "test", None),
    ],
)
def test_an_action_is_chosen(titles: list[str], prefer: str, by: str, chosen: str | None) -> None:
    taken = fix([action(title) for title in titles], prefer=prefer, by=by)
    assert (taken and taken.title) == chosen
    sure = fix([*map(action, titles), action("Change", preferred=True)], prefer=prefer, by=by)
    assert sure is not None
    assert sure.title == "Change"


def text_edit(row: int, start: int, end: int, new: str) -> types.TextEdit:
    return types.TextEdit(types.Range(types.Position(row, start), types.Position(row, end)), new)


def test_an_edit_is_made_as_an_editor_makes_it(tmp_path: Path) -> None:
    (tmp_path / "on_disk.py").write_text("a\nb\n")
    edits = {
        "open.py": [text_edit(0, 0, 1, "xx"), text_edit(0, 2, 2, "!"), text_edit(0, 2, 2, "?")],
        "on_disk.py": [text_edit(1, 0, 1, "c")],
        "new.py": [text_edit(0, 0, 0, "n\n")],
    }
    changes: list[
        types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile
    ] = [types.CreateFile((tmp_path / "new.py").as_uri())]
    for name, each in edits.items():
        uri = (tmp_path / name).as_uri()
        changes.append(
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, 1), [*each])
        )
    made = applied(types.WorkspaceEdit(document_changes=changes), tmp_path, {"open.py": "😀b\n"})
    assert made == {"open.py": "xxb!?\n", "on_disk.py": "a\nc\n", "new.py": "n\n"}
    assert (tmp_path / "on_disk.py").read_text() == "a\nb\n"
    outside = types.WorkspaceEdit(changes={"file:///elsewhere.py": [text_edit(0, 0, 0, "x")]})
    with pytest.raises(ValueError, match="elsewhere"):
        applied(outside, tmp_path, {})


CLASS = "class A:\n    def f(self):\n        return self.b\n\n    c = 1\n"


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ("It is so:\n```python\ndef f(self):\n    return self.c\n```\nand ```x```",
         CLASS.replace("self.b", "self.c")),
        ("```\n    def f(self):\n        return 2\n```", CLASS.replace("self.b", "2")),
        ("It can't be mended.", None),
    ],
)  # fmt: skip
def test_a_plain_answer_stands_in_for_the_function(answer: str, after: str | None) -> None:
    asked = []

    def ask(question: str, tokens: int) -> str:
        asked.append((question, tokens))
        return answer

    told = Told(2, 8, 2, 21, "no b\nanywhere")
    assert plain.mended("a.py", "python", CLASS, told, ask) == (after, answer)
    [(question, tokens)] = asked
    assert "a.py" in question
    assert "    def f(self):\n        return self.b\n```" in question
    assert "c = 1" not in question
    assert told.message in question
    assert tokens > plain.SPARE_TOKENS


def test_sorts_are_spread_evenly() -> None:
    cases = [
        Case(f"{sort}{n}", sort, "toolz", "a.py", "f", 0, "", "", NAME.told, "test")
        for sort in ("name", "call", "return")
        for n in range(3)
    ]
    assert [each.id for each in spread(cases, 4)] == ["name0", "call0", "return0", "name1"]
    assert len(spread(cases, None)) == 9


def outcome(number: int, way: str, verdict: judging.Verdict) -> Outcome:
    return Outcome(str(number), "name" if number % 2 else "return", "test", way, verdict, number)


def test_figures_are_those_of_the_same_cases() -> None:
    verdicts: list[tuple[judging.Verdict, judging.Verdict]] = [
        ("repaired", "worse"), ("repaired", "repaired"), ("none", "unchanged"), ("repaired", "none")
    ]  # fmt: skip
    outcomes = [
        outcome(number, way, verdict)
        for number, pair in enumerate(verdicts)
        for way, verdict in zip(("fimble", "plain"), pair, strict=True)
    ]
    told = report([*outcomes, outcome(9, "fimble", "worse")])
    assert told["fimble"]["all"] == {
        "of": 5, "repaired": 3, "none": 1, "unchanged": 0, "worse": 1, "median_seconds": 2
    }  # fmt: skip
    assert told["plain"]["sort name"]["repaired"] == 1
    beside = told["fimble / plain"]
    assert beside["cases"] == 4
    assert beside["ratio"]["value"] == 3
    assert (beside["wins"], beside["losses"]) == (2, 0)
