"""How much of an accepted text still stands, wherever its place has gone."""

from __future__ import annotations

import random
import time

import pytest

from lsp_server.completion.kept import kept_share, longest_common_subsequence, surroundings
from lsp_server.core.text import Point, Text

ABOVE = "import os\n\n\ndef f(path):\n    names = os.listdir(path)\n"
BELOW = "\n\n\ndef g():\n    return 2\n"
HEAD = "    total = "
ACCEPTED = "sum(len(name) for name in names)"


def share(
    now: str, accepted: str = ACCEPTED, before: str = ABOVE + HEAD, after: str = BELOW
) -> float | None:
    text = Text.of(before + after)
    cursor = Text.of(before).end
    around = surroundings(text, cursor, cursor)
    assert around is not None
    return kept_share(around, accepted, Text.of(now))


KEPT = ABOVE + HEAD + ACCEPTED + BELOW


@pytest.mark.parametrize(
    "now",
    [
        KEPT,
        "# a comment\nimport sys\n" + KEPT + "\n\nmore = 1\n",
        KEPT.replace("return 2", "return 3").replace("f(path)", "f(path: str)"),
        KEPT.replace(ACCEPTED, ACCEPTED.replace("(len", "(\n        len")),
        KEPT.replace("\n", "\r\n").replace("    ", "\t"),
        KEPT.replace(BELOW, "\n    print(total)\n    return total" + BELOW),
        KEPT.replace("    names =", "    first = 1\n    names ="),
        KEPT.replace("    total =", "    whole =").replace("    names =", "    entries ="),
    ],
    ids=["as it was", "moved", "edits around", "broken", "line ends", "goes on", "above", "names"],
)
def test_what_stands_is_kept_whatever_changes_around_it(now: str) -> None:
    assert share(now) == 1.0


def test_a_share_of_the_tokens() -> None:
    assert share(KEPT.replace(ACCEPTED, "sum(len(each) for each in names)")) == 9 / 11
    assert share(KEPT.replace(ACCEPTED, "0")) == 0
    assert share(KEPT.replace(HEAD + ACCEPTED, "")) == 0
    assert share(KEPT.replace(ACCEPTED, "names")) == 1 / 11


@pytest.mark.parametrize(
    "now",
    ["", "def g():\n    return 2\n", BELOW + ABOVE, KEPT + KEPT, ABOVE + HEAD + ACCEPTED],
    ids=["empty", "cut", "turned round", "twice", "the end is gone"],
)
def test_a_place_that_is_gone_or_unclear_is_not_judged(now: str) -> None:
    assert share(now) is None


def test_white_space_is_not_judged() -> None:
    assert share(KEPT, "\n    ") is None


def test_half_a_word_is_completed() -> None:
    now = "x = 1\ny = 2\ndef area(width):\n"
    before = "x = 1\ny = 2\ndef ar"
    assert share(now, "ea(width):", before, "") == 1.0
    assert share(now.replace("area", "zone"), "ea(width):", before, "") == 4 / 5


def test_only_what_was_put_between_counts() -> None:
    before, after = "a = 1\nb = 2\ncall(x, ", ", x)\nc = 3\nd = 4\n"
    assert share(before + "x" + after, "x", before, after) == 1.0
    assert share(before + after, "x", before, after) == 0


def test_at_the_ends_of_a_document() -> None:
    assert share("first = 1\n", "first = 1", "", "") == 1.0
    assert share("import a\nimport b\nx = 1\ny = 2\nz = 3\n", "x = 1", "", "\ny = 2\nz = 3\n") == 1
    lines = "".join(f"line{number} = {number}\n" for number in range(200))
    before = "a = 1\nb = 2\n"
    assert share(before + "x = 1\n" + lines, "x = 1", before, "") == 1.0
    assert share(before + lines + "x = 1\n", "x = 1", before, "") == 2 / 3


def test_a_lone_bracket_is_no_landmark() -> None:
    above = "int f() {\n  a();\n}\n"
    text = Text.of(above + "int g() { return 1; }\n}\nend();\n")
    around = surroundings(text, Point(3, 0), Point(3, 0))
    assert around is not None
    assert kept_share(around, "x", Text.of("h();\n}\nx\n}\nend();\n")) is None


def test_what_replaces_something() -> None:
    text = Text.of("a = 1\nb = 2\nf(old) + 1\nc = 3\nd = 4\n")
    around = surroundings(text, Point(2, 2), Point(2, 6))
    assert around is not None
    now = Text.of("a = 1\nb = 2\nf(new, 5) + 1\nc = 3\nd = 4\n")
    assert kept_share(around, "new, 5)", now) == 1.0


def test_a_line_that_is_no_code_is_not_looked_at() -> None:
    assert surroundings(Text.of("x" * 5000), Point(0, 5000), Point(0, 5000)) is None


def test_the_subsequence_is_that_of_the_textbook() -> None:
    chance = random.Random(1)
    for _ in range(300):
        first, second = (chance.choices("abcd", k=chance.randrange(12)) for _ in range(2))
        row = [0] * (len(second) + 1)
        for item in first:
            before = row
            row = [0]
            for column, other in enumerate(second):
                same = before[column] + 1 if item == other else 0
                row.append(max(same, before[column + 1], row[column]))
        assert longest_common_subsequence(first, second) == row[-1]


def test_a_large_document_takes_no_time() -> None:
    lines = "".join(f"    value{number % 50} = call({number % 7})\n" for number in range(50_000))
    accepted = "x = 1\n" * 1000
    began = time.process_time()
    assert share(lines + ABOVE + accepted + BELOW + lines, accepted, lines + ABOVE, BELOW + lines)
    assert time.process_time() - began < 2
