"""What is read of the outputs of tools."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lsp_server.core.reports import reports

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("reports.toml").read_text("utf-8")
)["case"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_output(case: dict[str, Any], line_end: str) -> None:
    found = reports(case["output"].replace("\n", line_end))
    told = [[*_place(each.frames), each.column, each.message] for each in found]
    assert told == case["reports"]
    assert [each.test for each in found if each.test] == case.get("tests", [])
    assert {each.was_run for each in found} <= {case.get("run", False)}


def _place(frames: tuple[Any, ...]) -> tuple[str, int]:
    return frames[-1].path, frames[-1].line


def test_the_same_trouble_on_another_line_is_the_same() -> None:
    [one] = reports("a.py:9:1: F811 Redefinition of unused `x` from line 3")
    [other] = reports("a.py:8:5: F811 Redefinition of unused `x` from line 2")
    assert one.identity == other.identity
    [another] = reports("b.py:8:5: F811 Redefinition of unused `x` from line 2")
    assert one.identity != another.identity


def test_a_test_that_fails_in_another_way_is_the_same() -> None:
    shape = "____ test_x ____\na.py:3: in test_x\n    assert f() == {0}\nE   assert 1 == {0}\n"
    [one], [other] = (reports(shape.format(number)) for number in (2, 3))
    assert one.identity == other.identity == ("a.py", "test_x")
    assert one.code == "assert f() == 2"


def test_much_output_is_read_in_time() -> None:
    parts = ["x" * 200_000, 'File "' * 20_000, "a b/" * 50_000, "a." * 50_000, "E   \n" * 9_000]
    assert reports("\n".join(parts)) == []
    assert reports('  File "a.py", line 1\n    f()\n' * 2_000 + "  ") == []
    assert len(reports("a.py:1:1: wrong\n" * 2_000)) == 500


SECTION = "____ a ____\nE   no\n"


@pytest.mark.parametrize(
    ("head", "piece", "tail"),
    [
        ("", "___ a1\n", ""),
        ("", "___ a1 ___ b\n", ""),
        ("", f"{SECTION}a.py:1: in f\n    x\n", ""),
        ("", "a.ts(1,5): error TS2304: Cannot find name 'x'.\n", ""),
        ("", "a.py:1:1: F401 wrong\n", ""),
        ("", "FAIL: test_a\n", ""),
        ("", '  File "a.py", line 1, in f\n    x\n', ""),
        ("", '  File "a.py", line 1, in f\n    x\nKeyError: 1\n', ""),
        ("", "wrong\n --> a.py:1:1\n", ""),
        ("", "Sorry: A: b (", ""),
        ("", "Sorry: A: b (a.py, line 1)\n", ""),
        ("", "\n", ""),
        ("", "a.b ", ""),
        ("a.py:1:", " ", ":"),
        ("a.py:", "1", ": no"),
        ('  File "a.py", line ', "1", ""),
        (SECTION, "_", ""),
        (f"{SECTION}E", " ", "x"),
        (f"{SECTION}a.py:1: ", "in ", "x"),
    ],
)
def test_work_grows_as_the_output_does(head: str, piece: str, tail: str) -> None:
    def seconds(size: int) -> float:
        output = head + piece * (size // len(piece)) + tail
        times = []
        for _ in range(3):
            begun = time.thread_time()
            reports(output)
            times.append(time.thread_time() - begun)
        return min(times)

    few, many = seconds(20_000), seconds(200_000)
    assert many < 40 * max(few, 0.001)  # of what grows with the square: 100 times


@pytest.mark.parametrize(
    "shape",
    [
        "a.py:{}: wrong",
        "a.py:1:{}: wrong",
        "a.py({},1): wrong",
        "wrong\n --> a.py:{}:1",
        "Sorry: SyntaxError: no (a.py, line {})",
        '  File "a.py", line {}\nKeyError: 1',
        '____ test_a ____\n  File "a.py", line {}\nE   no\n',
    ],
)
def test_what_is_no_number_of_a_line(shape: str) -> None:
    [fine] = reports(shape.format("7"))
    assert fine.frames
    found = reports(shape.format("7" * 5_000))
    assert [each for each in found if each.frames] == []
