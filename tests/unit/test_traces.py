"""Which places a printed error names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from lsp_server.core.traces import frames

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("traces.toml").read_text("utf-8")
)["case"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_an_error(case: dict[str, Any], line_end: str) -> None:
    found = frames(case["error"].replace("\n", line_end))
    assert [[each.path, each.line] for each in found] == case["frames"]


def test_much_text_is_read_in_time() -> None:
    parts = [
        "x" * 200_000,
        "   at " * 30_000,
        "panicked at '" * 20_000,
        "a.b/" * 50_000,
        " " * 90_000,
    ]
    assert frames("\n".join(parts)) == []
    assert len(frames("".join(f"  at f (/a.js:{n}:1)\n" for n in range(2_000)))) == 500


def test_a_number_that_no_line_has_is_read() -> None:
    frames(f'  File "a.py", line {"9" * 5_000}\na.py:{"9" * 5_000}:1: no')
