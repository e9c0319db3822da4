"""The verdicts of the agent's benchmark, on projects that are made here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.agent.tasks import Task, git, tasks
from benchmarks.agent.verdicts import verdict
from benchmarks.agent.ways import apply

CODE = 'def one():\n    """One."""\n    return 1\n\n\ndef two():\n    return one() + one()\n'
TEST = "from m import one, two\n\n\ndef test_two():\n    assert two() == 2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.py").write_text(CODE)
    (tmp_path / "test_m.py").write_text(TEST)
    settings = '[tool.pytest.ini_options]\nasyncio_default_fixture_loop_scope = "function"\n'
    (tmp_path / "pyproject.toml").write_text(settings)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(tmp_path, *who, "commit", "--quiet", "--message", "x")
    return tmp_path


def task(kind: str, **fields: Any) -> Task:
    return Task("id", "m", kind, "request", "m.py", **fields)


def test_there_are_forty_tasks_of_six_kinds() -> None:
    found = tasks()
    assert len({each.id for each in found}) == len(found) == 40
    assert Counter(each.kind for each in found) == {
        "question": 8, "repair": 10, "parameter": 6, "rename": 8, "write_test": 5, "change": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "solved"),
    [
        ("`two` at m.py:6", True),
        ("see `m.py`, line 7", True),
        ("m.py:5-7", True),
        ("it is at m.py:9", False),
        ("in `two`", False),
        ("a.py:6", False),
        ("x.py:1, x.py:2, x.py:3 or m.py:6", False),
    ],
)
def test_an_answer_must_name_the_line(folder: Path, answer: str, solved: bool) -> None:
    assert (not verdict(task("question", anchor="def two"), folder, answer)) == solved


def test_a_change_must_pass_the_hidden_test_and_all_others(folder: Path) -> None:
    check = "from m import one\n\n\ndef test_it():\n    assert one() == 1.0\n"
    assert verdict(task("change", check=check), folder, "") == "nothing was changed"
    (folder / "m.py").write_text(CODE.replace("return 1", "return 3"))
    assert "failed" in verdict(task("change", check=check), folder, "")
    (folder / "test_hidden.py").unlink()
    (folder / "m.py").write_text(CODE.replace("return 1", "return 1.0"))
    assert verdict(task("change", check=check), folder, "") == ""


def test_tests_must_not_be_changed(folder: Path) -> None:
    (folder / "test_m.py").write_text(TEST.replace("== 2", ""))
    assert verdict(task("repair"), folder, "").startswith("changed")


def test_a_rename_must_be_everywhere(folder: Path) -> None:
    wanted = task("rename", gone=r"\bone\b")
    (folder / "m.py").write_text(CODE.replace("one", "uno"))
    assert "test_m.py still has one" in verdict(wanted, folder, "")
    (folder / "test_m.py").write_text(TEST.replace("one", "uno"))
    assert verdict(wanted, folder, "") == ""


@pytest.mark.parametrize(
    ("check", "solved"), [("one() == 1", True), ("callable(one)", False), ("one() == 2", False)]
)
def test_a_test_must_fail_without_what_it_tests(folder: Path, check: str, solved: bool) -> None:
    (folder / "test_m.py").write_text(f"{TEST}\n\ndef test_one():\n    assert {check}\n")
    assert (not verdict(task("write_test", subject="one"), folder, "")) == solved


def test_functions_of_a_plain_answer_replace_those_of_the_file(folder: Path) -> None:
    apply(folder / "m.py", "def one():\n    return 2\n")
    assert (folder / "m.py").read_text() == CODE.replace(
        '    """One."""\n    return 1', "    return 2"
    )
    apply(folder / "m.py", "def one(:\n")
    assert "return 2" in (folder / "m.py").read_text()
