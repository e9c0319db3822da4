"""Rules of ignore files match as git's do, and none takes for ever."""

from __future__ import annotations

import random
import time

import pytest
from pathspec import GitIgnoreSpec

from lsp_server.workspace.patterns import MAX_DEEP, spec, usable


def test_random_lines_match_as_they_did() -> None:
    chance = random.Random(5)
    pieces = ["a", "b", "*", "*", "?", "/", "**/", "[ab]", "[a-c]", ".", "\\*", "\\["]
    paths = ["".join(chance.choices("aab./[*", k=chance.randint(1, 9))) for _ in range(200)]
    paths = [path.strip("/") for path in paths if path.strip("/")]
    compared = 0
    for _ in range(2_000):
        line = "".join(chance.choices(pieces, k=chance.randint(1, 7)))
        if not usable(line):
            continue
        ours, theirs = spec([line]), GitIgnoreSpec.from_lines([line])
        for path in chance.sample(paths, 10):
            compared += 1
            assert ours.check_file(path).include == theirs.check_file(path).include, (line, path)
    assert compared > 10_000


@pytest.mark.parametrize(
    "line", ["**/" + "a*" * 20 + "b", "a*" * 30, "[a]*" * 20 + "b", "?*" * 20 + "b", "**/a/" * 30]
)
def test_no_line_takes_for_ever(line: str) -> None:
    started = time.monotonic()
    spec(usable(line)).match_file("a/" * 40 + "a" * 200 + ".py")
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("line", "path", "matches"),
    [
        ("*[!a]*b", "aacab", True),
        ("*[!a]*b", "aab", False),
        ("*a*b*c", "xaxbxbxc", True),
        ("*a*b*c", "xbxaxc", False),
        ("d*/*e*f*/g", "dd/xexfx/g", True),
        ("d*/*e*f*/g", "dd/xexx/g", False),
        ("*a*b", "a/b", False),
    ],
)
def test_stars_stay_in_their_part_of_a_path(line: str, path: str, matches: bool) -> None:
    assert spec([line]).match_file(path) == matches


def test_what_is_no_rule_is_left_out() -> None:
    deep = "**/" * (MAX_DEEP + 1) + "a"
    assert usable(f"a\n\n!\nb\\\n{deep}\nc\n") == ("a", "c")
