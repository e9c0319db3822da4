"""How a fault is told, kept, and put before a real server by the benchmarks of actions."""

from __future__ import annotations

import ast
import json
from functools import partial
from pathlib import Path

import pytest

from benchmarks.actions import choosing, running
from benchmarks.actions.case import Case, Told, cached
from benchmarks.actions.python_cases import Place, told_by_checker, told_by_test
from benchmarks.actions.session import session
from benchmarks.checkers.everything import Said
from lsp_server.agent.workflows.verify import Outcome

TEXT = """import os


def half(n):
    found = n / 0
    return found


def one():
    return 1
"""
TESTS = "from shop import half, one\n\n\ndef test_half():\n    assert half(4) == 2\n"


def place(text: str = TEXT) -> Place:
    function = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
    return Place("toolz", "shop.py", text, function, ("test_shop.py",))


def run(folder: Path, text: str) -> Outcome:
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (folder / "shop.py").write_text(text)
    (folder / "test_shop.py").write_text(TESTS)
    return running.run_tests(folder, ["test_shop.py"])


def test_a_failing_test_is_told_at_the_line_of_the_function_that_fails(tmp_path: Path) -> None:
    told = told_by_test(place(), run(tmp_path, TEXT))
    message = "ZeroDivisionError: division by zero\ntest_shop.py::test_half"
    assert told == Told(4, 4, 4, 17, message)


def test_or_at_its_header(tmp_path: Path) -> None:
    text = TEXT.replace("n / 0", "n / 4")
    told = told_by_test(place(text), run(tmp_path, text))
    assert told is not None
    assert (told.row, told.column, told.end) == (3, 0, 12)
    assert told.message.startswith("assert 1.0 == 2\n")
    assert told_by_test(place(), run(tmp_path, TEXT.replace("n / 0", "n / 2"))) is None


def test_tests_that_hang_have_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS", 2)
    outcome = run(tmp_path, TEXT.replace("found = n / 0", "while True: found = 0"))
    assert outcome.failed == {"test_shop.py"}


@pytest.mark.parametrize(
    ("row", "message", "is_told"),
    [(4, '"m" is not defined', True), (9, '"m" is not defined', False), (4, "Odd", False)],
)
def test_a_checker_tells_of_the_function_only(row: int, message: str, is_told: bool) -> None:
    told = told_by_checker(place(), [Said("shop.py", row, 4, row, 6, message)])
    assert told == (Told(row, 4, row, 6, message) if is_told else None)


def test_the_nearest_tests_name_the_function(tmp_path: Path) -> None:
    for name in ("test_a.py", "test_shop.py", "test_other.py"):
        (tmp_path / name).write_text("" if name == "test_other.py" else "x = half(2)\n")
    assert running.nearest(tmp_path, "src/_shop.py", "half") == ["test_shop.py", "test_a.py"]
    assert running.nearest(tmp_path, "src/_shop.py", "hal") == []


def test_cases_are_made_once_for_what_they_are_made_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.actions.case.user_cache_path", lambda _: tmp_path)
    case = Case("a", "name", "toolz", "a.py", "f", 1, "b", "c", Told(0, 1, 0, 2, "m"), "test",
                ("t.py",), said=("x",))  # fmt: skip
    made = 0

    def make() -> list[Case]:
        nonlocal made
        made += 1
        return [case]

    maker = tmp_path / "maker.py"
    for text, times in (("1", 1), ("1", 1), ("2", 2), ("1", 2)):
        maker.write_text(text)
        assert cached("python", [maker], make) == [case]
        assert made == times


async def test_an_action_is_taken_over_the_protocol(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"chat": 'Halve it."""'}]))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text(TEXT)
    at = Told(3, 4, 3, 8, "")
    async with session(["--script", str(script)], None, folder) as server:
        take = partial(server.take, "shop.py", "python", TEXT)
        choose = partial(choosing.titled, beginning=choosing.DOCUMENTS)
        taken = await take([], at, choose)
        nothing = await take([], at, choose)
        none = await take([], at, lambda _: None)
        told = Told(4, 12, 4, 13, '"n" is not defined')
        sure = await take([told], told, choosing.fix)
    assert taken.title == "Document `half`"
    assert taken.texts == {"shop.py": TEXT.replace("(n):", '(n):\n    """Halve it."""')}
    assert taken.seconds > 0
    assert (nothing.title, nothing.texts) == (taken.title, {})
    assert "nothing was changed" in nothing.message
    assert (none.title, none.texts) == ("", {})
    assert sure.title.startswith("Fix: ")
    assert (folder / "shop.py").read_text() == TEXT
