from __future__ import annotations

import random
from collections import Counter

import pytest

from lsp_server.agent.edits.check import new_errors
from lsp_server.agent.edits.ladder import apply
from lsp_server.agent.edits.merge import merge
from lsp_server.agent.edits.result import Applied, Refused
from lsp_server.core.syntax import Syntax
from tests.unit.agent.imperfect import Case, cases

CODE = """\
class A:
    def f(self):
        x = 1
        return x

    def g(self):
        x = 1
        return x + 1
"""


def applied(text: str, old: str, new: str, near_line: int | None = None) -> Applied:
    result = apply(text, old, new, near_line=near_line)
    assert isinstance(result, Applied), result
    return result


def refused(text: str, old: str, new: str, near_line: int | None = None) -> Refused:
    result = apply(text, old, new, near_line=near_line)
    assert isinstance(result, Refused), result
    return result


def _right(case: Case, text: str) -> bool:
    if case.name == "no blank lines":  # nobody says on which side of the new line they are
        return text.split() == case.wanted.split()
    return text == case.wanted


def _code(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_300_imperfect_blocks() -> None:
    right, clear = Counter[str](), Counter[str]()
    for case in cases(300, seed=20):
        result = apply(case.text, case.old, case.new)
        if not case.is_clear:
            assert isinstance(result, Refused), case
            assert len(result.places) > 1
            continue
        clear[case.name] += 1
        if isinstance(result, Applied):
            assert _code(result.text) == _code(case.wanted), case  # the right place
            assert result.text.count("\r") == case.wanted.count("\r")
            right[case.name] += _right(case, result.text)
    assert clear.total() >= 270
    assert right.total() >= 0.9 * clear.total(), (right, clear)
    for name, count in clear.items():
        assert right[name] >= 0.5 * count, name


@pytest.mark.parametrize(
    ("old", "new", "how", "line", "wanted"),
    [
        ("        return x\n", "        return y\n", "exact", 3, "        return y\n"),
        ("return x", "return y", "indentation", 3, "        return y\n"),
        ("x + 1", "x + 2", "inline", 7, "        return x + 2\n"),
        ("    def  g( self ):\n", "    def h(self):\n", "white space", 5, "    def h(self):\n"),
        ("\tdef f(self):  \n", "\tdef h(self):\n", "indentation", 1, "    def h(self):\n"),
        ("    def g(self):  ", "    def h(self):", "trailing space", 5, "    def h(self):\n"),
    ],
)
def test_each_matcher(old: str, new: str, how: str, line: int, wanted: str) -> None:
    result = applied(CODE, old, new)
    lines = result.text.splitlines(keepends=True)
    assert (result.how, lines[line]) == (how, wanted)
    before = CODE.splitlines(keepends=True)
    assert lines[:line] + lines[line + 1 :] == before[:line] + before[line + 1 :]
    assert (result.first_row, result.last_row) == (line, line)


def test_two_places_are_shown_and_not_guessed() -> None:
    result = refused(CODE, "x = 1", "x = 2")
    assert [place.first_row for place in result.places] == [0, 4]
    assert result.places[1].lines[-1] == "        x = 1"
    assert applied(CODE, "x = 1", "x = 2", near_line=7).first_row == 6
    assert applied(CODE, "x = 1", "x = 2", near_line=8).first_row == 6  # one line off
    refused(CODE, "x = 1", "x = 2", near_line=5)  # in the middle
    refused(CODE, "x = 1", "x = 2", near_line=400)


def test_flush_left_may_have_lost_its_indentation() -> None:
    refused("x = 1\n\ndef f():\n    x = 1\n", "x = 1\n", "x = 2\n")


def test_a_part_of_a_word_is_no_place() -> None:
    refused("x = 10\nxx = 1\n", "x = 1", "x = 2")


def test_the_file_keeps_its_form() -> None:
    text = "\ufeffa = 1\r\nb = 2\r\nc = 3"
    result = applied(text, "a = 1\nb = 2\n", "a = 1\nb = 5\nd = 6\n")
    assert result.text == "\ufeffa = 1\r\nb = 5\r\nd = 6\r\nc = 3"
    assert applied(text, "c = 3\n", "c = 4\n").text.endswith("\r\nc = 4")
    tabbed = "if a:\n\tb()\n\tif c:\n\t\td()\n"
    result = applied(
        tabbed, "    if c:\n        d()\n", "    if c:\n        if e:\n            d()\n"
    )
    assert result.text == "if a:\n\tb()\n\tif c:\n\t\tif e:\n\t\t\td()\n"


def test_space_at_the_end_of_lines_that_were_quoted_right_is_meant() -> None:
    assert applied("a  \nb\n", "a  \nb\n", "a  \nc  \n").text == "a  \nc  \n"
    assert applied("a  \nb\n", "a\nb\n", "a\nc\n").text == "a  \nc\n"


def test_only_what_the_edit_changes_is_changed() -> None:
    """A comment that the model left out of a line stays, also on the line that it changes."""
    text = "def f(a):\n    b = a * 2  # twice\n    c = b + 1  # next\n    return c\n"
    old = "def f(a):\n    b = a * 2\n    c = b + 1\n    return c\n"
    new = "def f(a):\n    b = a * 2\n    c = b + 3\n    return c\n"
    result = applied(text, old, new)
    assert result.text == text.replace("c = b + 1", "c = b + 3")
    assert result.how == "similar"
    assert result.confidence < 0.8


def test_lines_left_out_by_dots() -> None:
    old = "    def f(self):\n        ...\n        return x\n"
    result = applied(CODE, old, "    def f(self, y):\n        ...\n        return y\n")
    assert result.text == CODE.replace("f(self)", "f(self, y)").replace("return x\n", "return y\n")
    refused(CODE, "    def g(self):\n    ...\n    def f(self):\n", "    def a():\n    ...\n    b\n")


def test_nothing_to_do() -> None:
    assert "same" in refused(CODE, "x = 1", "x = 1").reason
    assert "changes nothing" in refused(CODE, "        return x \n", "        return x\n").reason
    done = refused(CODE, "        y = 1\n        return y\n", "        x = 1\n        return x\n")
    assert "done already" in done.reason
    assert applied("", "", "new\n").text == "new\n"
    assert "not empty" in refused("text\n", "", "new\n").reason


def test_the_closest_lines_are_shown() -> None:
    result = refused(
        CODE, "    def f(self, other):\n        y = compute(other)\n        return x\n", "a"
    )
    assert any("def f(self):" in line for place in result.places for line in place.lines)
    assert not refused(CODE, "something else that is nowhere to be found", "a").places


def test_a_change_beside_a_difference_is_refused() -> None:
    text = "a = one()\nb = two()\nc = three()\nd = four()\n"
    old = "a = one()\nc = three()\nd = four()\n"  # without b
    refused(text, old, "a = one()\nnew()\nc = three()\nd = four()\n")


def test_merge_keeps_both_or_says_no() -> None:
    chance = random.Random(4)
    merged_count = 0
    for number in range(3_000):
        base = [f"{chance.randrange(30)}" for _ in range(chance.randrange(1, 12))]
        ours, theirs = _changed(base, chance, "o"), _changed(base, chance, "t")
        merged = merge(base, ours, theirs)
        assert merge(base, base, theirs) == theirs, number
        assert merge(base, ours, base) == ours, number
        if merged is not None:
            merged_count += 1
            new = Counter(item for item in ours + theirs if item[0] in "ot")
            assert Counter(item for item in merged if item[0] in "ot") == new, number
    assert merged_count > 1_000


def _changed(base: list[str], chance: random.Random, mark: str) -> list[str]:
    side = list(base)
    for number in range(chance.randrange(3)):
        row = chance.randrange(len(side) + 1)
        side[row : row + chance.randrange(3)] = [f"{mark}{number}"] * chance.randrange(2)
    return side


def test_only_new_errors_are_told() -> None:
    def parse(code: str) -> Syntax:
        syntax = Syntax.parse(code, "python")
        assert syntax
        return syntax

    broken = "def f(:\n    pass\n\n\nx = 1\n"
    before = parse(broken)
    assert new_errors(before, before) == []
    assert new_errors(before, parse("# more\n" + broken)) == []
    assert new_errors(before, parse(broken + "y = (\n"))[0].startswith("6:")
    assert new_errors(None, parse("x = (1\n")) != []
    assert new_errors(None, parse("x = 1\n")) == []
