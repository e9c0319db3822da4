"""The benchmark of half-typed lines: its cases, its figures, its comparison."""

from __future__ import annotations

from benchmarks.halftyped import HalfTyped, compare, own_lines
from lsp_server.engines.fake import FakeEngine, Reply

LINE = "    total = price * count  \n"


def test_a_line_is_cut_in_what_follows_its_indentation() -> None:
    half = HalfTyped.cut("n", "a\n", LINE, "\nb\n", 0.5)
    assert (half.typed, half.rest) == ("    total = pr", "ice * count")
    assert HalfTyped.cut("n", "a\n", LINE, "\nb\n", 0.0).typed == "    "
    middle, prefix = half.request("middle"), half.request("prefix")
    assert (middle.prefix, middle.middle) == ("a\n", half.typed)
    assert (prefix.prefix, prefix.middle) == ("a\n" + half.typed, "")
    assert middle.suffix == prefix.suffix == "\nb\n"


def test_own_lines_are_code_and_always_the_same() -> None:
    cases = own_lines(60, 0.5)
    assert len({case.name for case in cases}) == 60
    assert cases[:20] == own_lines(20, 0.5)
    for case in cases:
        line = case.typed + case.rest
        assert len(line.strip()) >= 20
        assert not line.strip().startswith(("#", '"""', "import ", "from "))
        assert case.after.startswith("\n")


async def test_each_case_is_asked_both_ways() -> None:
    engine = FakeEngine([Reply("x = va", "lue  \nmore"), Reply("= ", "1")])
    cases = [
        HalfTyped("one", "a\n", "x = va", "lue", "\n"),
        HalfTyped("two", "b\n", "y = ", "22", "\n"),
    ]
    report = await compare(engine, cases)
    assert [(request.prefix, request.middle) for request in engine.requests] == [
        ("a\n", "x = va"),
        ("a\nx = va", ""),
        ("b\n", "y = "),
        ("b\ny = ", ""),
    ]
    assert report["middle"] == report["prefix"] == {"exact": 1, "editSimilarity": 0.5}
    assert report["unlike"] == []
