"""What tools say, what is near a name, and what is sound: the parts that fixes are made of."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_server.actions.action import Diagnostic, Edit, Repair
from lsp_server.actions.nearest import nearest, neighbours
from lsp_server.actions.troubles import told
from lsp_server.actions.verify import compiles, holds
from lsp_server.core.standard import exporters, exports, is_common, is_standard
from lsp_server.core.syntax import Syntax

MESSAGES = tomllib.loads(Path(__file__).with_name("messages.toml").read_text("utf-8"))["message"]


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: case["says"][:50])
def test_what_a_tool_says_is_understood(case: dict[str, Any]) -> None:
    syntax = Syntax.parse(case["text"], "python")
    assert syntax is not None
    start = case["text"].index(case["at"])
    trouble = told(3, Diagnostic(start, start + len(case["at"]), case["says"]), syntax)
    if "sort" not in case:
        assert trouble is None
        return
    assert trouble is not None
    assert (trouble.sort, trouble.diagnostic) == (case["sort"], 3)
    assert trouble.owner == case.get("owner", "")
    assert list(trouble.names) == case.get("names", [])
    if "name" in case:
        assert syntax.data[trouble.start : trouble.end].decode() == case["name"]


@pytest.mark.parametrize(
    ("name", "candidates", "found"),
    [
        ("lenght", "length height len", ["length"]),
        ("valu", "value vals other", ["vals", "value"]),
        ("myList", "my_list mylists", ["my_list"]),
        ("cable", "table Table", ["table"]),
        ("ab", "abc ac", []),
        ("connexion", "connection", ["connection"]),
        ("conexon", "connection", []),
        ("path", "__path__ paths", ["paths"]),
        ("__itre__", "__iter__ iter", ["__iter__"]),
        ("name", "name", []),
    ],
)
def test_the_nearest_names(name: str, candidates: str, found: list[str]) -> None:
    assert nearest(name, candidates.split()) == found


def test_neighbours_are_one_slip_away() -> None:
    around = set(neighbours("abcd"))
    assert {"abc", "bacd", "abxd", "abcde", "xabcd"} <= around
    assert all(each == "abcd" or nearest("abcd", [each]) for each in around if len(each) > 2)


@pytest.mark.parametrize(
    ("before", "start", "end", "new", "sound"),
    [
        ("x = f(1\n", 7, 7, ")", True),
        ("x = f(1\n", 0, 1, "y", False),  # it mends nothing
        ("x = f(1)\n", 7, 8, "", False),
        ("x = f((1\ny = 2\n", 8, 8, ")", False),  # one of two
        ("def f():\n    return a\n", 20, 21, "b", True),
        ("x = 1\n", 4, 5, "1 = 2", False),  # tree-sitter takes it
        ("x = 1\n", 0, 0, "", True),
    ],
)
def test_what_is_sound(before: str, start: int, end: int, new: str, sound: bool) -> None:
    syntax = Syntax.parse(before, "python")
    assert syntax is not None
    mends = "(" in before
    assert holds(syntax, Repair((Edit(start, end, new),), mends_syntax=mends)) is sound
    assert not holds(syntax, Repair(()))


def test_only_lines_of_a_long_text_are_compiled() -> None:
    long = "def f():\n" + "    x = 1\n" * 3_000 + "    return a\n"
    syntax = Syntax.parse(long + "print 1 2\n", "python")
    assert syntax is not None
    place = long.index("return a") + 7
    renamed = Repair((Edit(place, place + 1, "b"),))
    assert holds(syntax, renamed)  # it is broken elsewhere, and no more than before
    assert not holds(syntax, replace(renamed, mends_syntax=True))
    sound = Syntax.parse(long, "python")
    assert sound is not None
    assert holds(sound, renamed)
    assert not holds(sound, Repair((Edit(place, place + 1, "b("),)))


def test_a_line_between_others_is_compiled_alone() -> None:
    """What stands below it may go on for many lines."""
    below = "from b import (\n" + "    name,\n" * 2_000 + ")\n"
    syntax = Syntax.parse("import a\n" + below, "python")
    assert syntax is not None
    assert holds(syntax, Repair((Edit(9, 9, "import aa\n"),)))
    assert not holds(syntax, Repair((Edit(9, 9, "import aa = 1\n"),)))


@pytest.mark.parametrize(
    "code", [b"x = (\n", b"\xff", b"x = '\0'\n", b"(" * 5_000, b"return =\n"], ids=len
)
def test_what_is_no_code_does_not_compile(code: bytes) -> None:
    assert not compiles(code)


def test_the_standard_library() -> None:
    assert exporters("Path")[0] == "pathlib"
    assert is_common("pathlib")
    assert not is_common("zipfile")
    assert "path" in (exports("os") or ())
    assert "dom" not in (exports("xml") or ())
    assert exports("numpy") is None
    assert is_standard("xml.dom.minidom")
    assert not is_standard("numpy")
