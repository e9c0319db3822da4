"""The window around the cursor."""

from __future__ import annotations

import pytest

from lsp_server.completion.window import MIN_TOKENS, Window, token_budget, window
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Point, Text
from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import EngineInfo


def snapshot(text: str, grammar: str | None = None) -> Snapshot:
    syntax = None if grammar is None else Syntax.parse(text, grammar)
    return Snapshot("file:///a", 1, "", Text.of(text), syntax)


def info(speed: float | None = 100.0, token: float | None = 0.05) -> EngineInfo:
    return EngineInfo("m", "local", "qwen", True, 4096, speed, token)


def at(of: Snapshot, cursor: Point, budget: int, count: Counter) -> Window:
    """The window around a cursor, with an empty gap."""
    return window(of, cursor, cursor, budget, count)


LINES = "".join(f"line number {number}\n" for number in range(1000))


def functions(count: int) -> str:
    """Definitions of four lines each, the last of them blank."""
    return "".join(
        f"def function_{number}(argument):\n    a = argument + {number}\n    return a\n\n"
        for number in range(count)
    )


def test_a_small_file_is_sent_whole() -> None:
    shown = at(snapshot("a\nbc\nd\n"), Point(1, 1), 1000, estimate)
    assert (shown.prefix, shown.suffix) == ("a\nb", "c\nd\n")


def test_the_ends_of_a_file() -> None:
    for text, cursor in (("", Point(0, 0)), ("a\n", Point(1, 0)), ("a", Point(0, 1))):
        shown = at(snapshot(text), cursor, 1000, estimate)
        assert (shown.prefix, shown.suffix) == (text, "")


@pytest.mark.parametrize("row", [0, 1, 17, 500, 998, 999, 1000])
@pytest.mark.parametrize("budget", [MIN_TOKENS, 400, 1500])
def test_it_stays_within_the_budget_and_uses_it(row: int, budget: int) -> None:
    shown = at(snapshot(LINES), Point(row, 0), budget, estimate)
    before, after = LINES.split(f"line number {row}\n")[0], "line number 500"
    assert before.endswith(shown.prefix)
    assert shown.suffix == "" or shown.suffix in LINES
    # The estimate rounds each line up, so whole texts count for a little less.
    used = estimate(shown.prefix) + estimate(shown.suffix)
    assert budget // 2 <= used <= budget, after


def test_the_suffix_gets_what_the_prefix_leaves() -> None:
    at_the_top = at(snapshot(LINES), Point(2, 0), 400, estimate)
    assert estimate(at_the_top.suffix) > 300
    in_the_middle = at(snapshot(LINES), Point(500, 0), 400, estimate)
    assert 60 <= estimate(in_the_middle.suffix) <= 100


def test_the_start_moves_in_steps() -> None:
    text = snapshot(LINES)
    starts = [
        at(text, Point(row, 0), 400, estimate).prefix.split("\n")[0] for row in range(300, 400)
    ]
    assert len(set(starts)) <= 100 / 8 + 1


def test_it_is_cut_where_definitions_begin() -> None:
    text = snapshot(functions(200), "python")
    for row in range(500, 520):
        shown = at(text, Point(row, 0), 600, estimate)
        assert shown.prefix.startswith("def function_")
        assert shown.suffix == "" or shown.suffix.endswith("\n\n")


def test_a_line_of_a_megabyte_costs_no_more_than_its_end() -> None:
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return estimate(text)

    shown = at(snapshot("x" * 500_000 + "y" * 500_000), Point(0, 500_000), 400, count)
    assert set(shown.prefix) == {"x"}
    assert set(shown.suffix) == {"y"}
    assert estimate(shown.prefix + shown.suffix) <= 400
    assert counted < 50_000


def test_lone_surrogates_are_joined_or_replaced() -> None:
    shown = at(snapshot("\ud83d\ude00 a \ud83d"), Point(0, 5), 400, estimate)
    assert shown.prefix == "😀 a "
    assert shown.suffix == "\ufffd"


def test_the_budget_is_time() -> None:
    assert token_budget(info(128, 0.05), seconds=2.6, max_tokens=128) == 256
    assert token_budget(info(128, 0.05), seconds=2.3, max_tokens=128) == 215
    assert token_budget(info(10, 0.05), seconds=1.5, max_tokens=128) == MIN_TOKENS
    assert token_budget(info(1e6, 0.001), seconds=1.5, max_tokens=128) == 4096 - 128 - 16
    assert token_budget(info(None, None), seconds=1.5, max_tokens=128) == 1024


def test_the_budget_does_not_follow_every_change_of_speed() -> None:
    speeds = [300 + step for step in range(60)]
    budgets = {token_budget(info(speed), seconds=1.5, max_tokens=128) for speed in speeds}
    assert len(budgets) <= 2


def test_what_stands_in_the_gap_is_no_part_of_the_window_and_is_paid_for() -> None:
    text = snapshot("a\nbb cc dd\ne\n")
    shown = window(text, Point(1, 0), Point(1, 5), 1000, estimate)
    assert (shown.prefix, shown.suffix) == ("a\n", " dd\ne\n")
    gap = snapshot(LINES.replace("number 500\n", "number 500" + "!" * 600 + "\n"))
    start, end = Point(500, 0), Point(500, 615)
    tokens = estimate(gap.text.slice(start, end))
    shown = window(gap, start, end, 400, estimate)
    assert estimate(shown.prefix + shown.suffix) <= 400 - tokens


@pytest.mark.parametrize("rows", range(3, 30))
def test_it_does_not_begin_within_a_docstring(rows: int) -> None:
    text = 'def f():\n    """\n' + "    (one line of it\n" * 40 + '    """\n' + "    x = 1\n" * rows
    of = snapshot(text, "python")
    end = Text.of(text).end
    shown = at(of, end, MIN_TOKENS + 4 * rows, estimate)
    assert "one line" not in shown.prefix
    assert shown.prefix.startswith("    x = 1\n")


def test_within_a_docstring_it_begins_there() -> None:
    text = 'def f():\n    """\n' + "    one line of it\n" * 80
    shown = at(snapshot(text + '    """\n', "python"), Point(82, 0), MIN_TOKENS, estimate)
    assert shown.prefix.endswith("one line of it\n")
