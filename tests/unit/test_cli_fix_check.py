"""Which of two outcomes of a check is better, and which places of a file it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.cli.fix_check import Seen, checked_line
from lsp_server.cli.fix_file import Target
from lsp_server.cli.fix_places import Finder
from lsp_server.core.reports import Report, reports
from lsp_server.core.traces import Frame
from lsp_server.errors import UsageError


def report(message: str, line: int = 1, path: str = "a.py", test: str = "") -> Report:
    return Report((Frame(path, line),), message, test=test)


A, B = report("a"), report("b")
TEST, FURTHER = report("KeyError", test="test_x"), report("assert 1", test="test_x")


@pytest.mark.parametrize(
    ("now", "before", "is_better"),
    [
        (Seen(True), Seen(False, (A,), 0, 1), True),
        (Seen(False, (A,), 0, 1), Seen(False, (A, B), 0, 1), True),
        (Seen(False, (report("a", 9),), 0, 1), Seen(False, (A, A), 0, 1), True),
        (Seen(False, (A,), 0, 1), Seen(False, (A,), 0, 1), False),
        (Seen(False, (B,), 0, 1), Seen(False, (A, A), 0, 1), False),  # a new one
        (Seen(False, (report("a", 1, "b.py"),), 0, 1), Seen(False, (A, A), 0, 1), False),
        (Seen(False, (A,), 0, 2), Seen(False, (A, B), 0, 1), False),  # the tool itself failed
        (Seen(False, (), 0, 1), Seen(False, (A,), 0, 1), False),  # it fails, and nobody knows why
        (Seen(False, (A, B), 0, 1), Seen(False, (A,), 1, 1), True),  # now it parses
        (Seen(False, (), 1, 1), Seen(False, (A,), 0, 1), False),
        (Seen(False, (FURTHER,), 0, 1), Seen(False, (TEST,), 0, 1), False),
        (Seen(False, (A, B), 0, 1, 2), Seen(False, (TEST,), 0, 2, 1), True),  # the next command
        (Seen(False, (), 0, 1, 1), Seen(False, (A, B), 0, 1, 2), False),
    ],
)
def test_what_is_better(now: Seen, before: Seen, is_better: bool) -> None:
    assert now.is_better(before) == is_better


@pytest.mark.parametrize(
    ("now", "is_further"),
    [
        ((FURTHER,), True),
        ((TEST,), False),
        ((FURTHER, A), False),
        ((), False),
    ],
)
def test_a_test_that_gets_further(now: tuple[Report, ...], is_further: bool) -> None:
    assert Seen(False, now, 0, 1).is_further(Seen(False, (TEST,), 0, 1), TEST) == is_further


@pytest.mark.parametrize(
    ("told", "is_it"),
    [
        ("shop.py", True),
        ("./shop.py", True),
        ("{root}/sub/shop.py", True),
        ("../sub/shop.py", True),
        ("link.py", True),
        ("sub/shop.py", True),  # told from the folder above
        ("other/shop.py", False),
        ("../shop.py", False),  # another one
        ("/elsewhere/shop.py", False),
        ("there.py", False),
        ("op.py", False),
        ("", False),
        ("a\0b", False),
    ],
)
def test_which_paths_mean_the_file(tmp_path: Path, told: str, is_it: bool) -> None:
    here = tmp_path.resolve() / "sub"
    here.mkdir()
    for path in (here / "shop.py", here / "there.py", tmp_path / "shop.py"):
        path.write_text("")
    (here / "link.py").symlink_to("shop.py")
    finder = Finder(here / "shop.py", here)
    assert finder.is_file(told.format(root=tmp_path.resolve())) == is_it


FAILED = """\
____ test_a ____
test.py:3: in test_a
    assert {} == 2
E   assert 1 == 2
"""
CODE = '''\
class Shop:
    def total(self):
        """All."""
        return self.sum()

    def sum(self):
        return 1


def other():
    return é.x + 1
'''


@pytest.mark.parametrize(
    ("output", "places"),
    [
        ("shop.py:11:14: wrong\n", [(11, "x")]),
        ("shop.py:11: wrong\n", [(11, "return é.x + 1")]),
        ("shop.py:99:1: wrong\n", [(12, "")]),
        ("shop.py:11:99: wrong\n", [(11, "return é.x + 1")]),
        ("test.py:1: wrong\n", []),
        (
            'Traceback (most recent call last):\n  File "test.py", line 1, in f\n'
            '  File "shop.py", line 7, in sum\n  File "lib.py", line 1, in g\nKeyError: 1\n',
            [(7, "return 1")],
        ),
        (  # what the test calls, and what that calls
            FAILED.format("Shop().total()"),
            [(4, "return self.sum()"), (7, "return 1")],
        ),
        (  # the line that failed does not say it, the test does
            FAILED.format("x"),
            [(11, "return é.x + 1")],
        ),
    ],
)
def test_which_places_are_meant(tmp_path: Path, output: str, places: list[tuple[int, str]]) -> None:
    (tmp_path / "test.py").write_text("def test_a():\n    x = other()\n    assert x == 2\n")
    (tmp_path / "shop.py").write_text(CODE)
    target = Target.read(tmp_path / "shop.py")
    snapshot = target.snapshot(target.text)
    assert snapshot is not None
    found = Finder(target.path, tmp_path.resolve()).places(reports(output), snapshot)
    data = CODE.encode()
    told = [(p.line, data[p.diagnostic.start : p.diagnostic.end].decode()) for p in found]
    assert told == places


def test_what_is_no_command() -> None:
    assert checked_line("a 'b c' && d") == "a 'b c' && d"
    for line in ("", "# only", "a 'b"):
        with pytest.raises(UsageError):
            checked_line(line)
