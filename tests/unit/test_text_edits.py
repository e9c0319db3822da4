"""Edits for a client: applied as the protocol says, they make exactly the text that was meant."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding, Text
from lsp_server.edge.buffers import text_edits
from lsp_server.edge.diagnostics import Diagnostics, described

LINES = st.lists(
    st.sampled_from(["", "a", "b", "ö𝄞", "\f", "\u2028x"]).flatmap(
        lambda line: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: line + end)
    )
)
TEXTS = st.tuples(LINES, st.sampled_from(["", "end", "𝄞"])).map(lambda t: "".join(t[0]) + t[1])


@given(TEXTS, TEXTS, st.sampled_from(list(Encoding)))
def test_they_make_the_new_text(before: str, after: str, units: Encoding) -> None:
    snapshot = Snapshot("file:///a.py", 1, "python", Text.of(before))
    text = snapshot.text
    for edit in reversed(text_edits(snapshot, after, units)):
        start, end = (
            text.point(place.line, place.character, units)
            for place in (edit.range.start, edit.range.end)
        )
        text = text.replace(start, end, edit.new_text)
    assert str(text) == after


def test_only_lines_that_differ_are_replaced() -> None:
    snapshot = Snapshot("file:///a.py", 1, "python", Text.of("a\nb\nc\nd"))
    (edit,) = text_edits(snapshot, "a\nB\nc\nd", Encoding.UTF16)
    assert (edit.range.start.line, edit.range.end.line, edit.new_text) == (1, 2, "B\n")


def test_problems_are_described_by_their_line() -> None:
    text = Text.of("x = 1\n    return y\n")
    line = {"start": {"line": 1, "character": 11}}
    assert described(
        [
            {"message": "undefined name 'y'", "severity": 1, "range": line},
            {"message": "too long", "severity": 3, "range": line},
            {"message": "odd", "range": {"start": {"line": 99}}},
            {"range": line},
            "nonsense",
        ],
        "a.py",
        text,
    ) == ["a.py: undefined name 'y': return y", "a.py: odd: ?"]


async def test_news_are_waited_for_after_an_edit() -> None:
    diagnostics = Diagnostics()
    assert await diagnostics.of("a") is None
    diagnostics.publish("a", ["old"])
    assert await diagnostics.of("a") == ["old"]
    diagnostics.expect("a")
    asking = asyncio.ensure_future(diagnostics.of("a"))
    diagnostics.publish("a", ["new"])
    assert await asking == ["new"]
    diagnostics.forget("a")
    assert await diagnostics.of("a") is None
