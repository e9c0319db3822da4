"""Keys, one after the other, with the scripted engine: what is asked of the model, what is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lsp_server.completion import spare
from lsp_server.completion.suggest import Completer
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point, Text
from lsp_server.engines.base import InfillRequest, Priority
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.settings import CompletionSettings

ABOVE = "import os\n\n\ndef f(path):\n"
BELOW = "\n\n\ndef g():\n    return 2\n"


class Typist:
    """Somebody who edits one document, asks after each key, and sees the suggestion's text."""

    def __init__(self, replies: list[Reply], above: str = ABOVE, below: str = BELOW) -> None:
        self.engine = FakeEngine(replies)
        self.completer = Completer(self.engine, CompletionSettings())
        self.left, self.right = above, below

    async def sees(self, *, uri: str = "file:///a.py", invoked: bool = False) -> str:
        text = Text.of(self.left + self.right)
        cursor = Text.of(self.left).end
        found = await self.completer.suggest(
            Snapshot(uri, 1, "python", text), cursor, invoked=invoked
        )
        assert found is None or found.start == cursor
        return "" if found is None else found.text

    async def types(self, text: str) -> list[str]:
        seen = []
        for character in text:
            self.left += character
            seen.append(await self.sees())
        return seen

    def waited_for(self) -> list[InfillRequest]:
        """The requests that a key waited for."""
        return [asked for asked in self.engine.requests if asked.priority is Priority.TYPING]


INDENT = "    "
RETURN = Reply(after=INDENT, text="return os.listdir(path)\n")


async def test_what_is_typed_through_costs_nothing() -> None:
    typist = Typist([RETURN])
    typist.left += "    "
    assert await typist.sees() == "return os.listdir(path)"
    assert await typist.types("return") == [
        "return os.listdir(path)"[count:] for count in range(1, 7)
    ]
    assert len(typist.waited_for()) == 1


async def test_prefix_and_suffix_stay_while_the_middle_grows() -> None:
    typist = Typist([Reply(after="", text="?")])
    typist.left += INDENT
    await typist.sees()
    await typist.types("x = os.")
    asked = typist.waited_for()
    assert {(request.prefix, request.suffix) for request in asked} == {(ABOVE + INDENT, BELOW)}
    assert asked[-1].middle == "x = os."


async def test_a_key_that_disagrees_asks_anew_and_a_backspace_finds_what_was_known() -> None:
    typist = Typist([Reply(after="    ", text="return 1\n"), Reply(after="p", text="ass\n")])
    typist.left += "    "
    assert await typist.sees() == "return 1"
    assert await typist.types("p") == ["ass"]
    typist.left = typist.left[:-1]
    assert await typist.sees() == "return 1"
    assert len(typist.waited_for()) == 2


async def test_what_the_user_has_deleted_is_not_offered_again() -> None:
    typist = Typist([Reply(after="x = one", text="_more\n"), Reply(after="x = ", text="two\n")])
    typist.left += "    x = one"
    assert await typist.sees() == "_more"
    typist.left = typist.left.removesuffix("one")
    assert await typist.sees() == "two"


async def test_a_generation_under_way_is_kept_as_long_as_it_agrees() -> None:
    slow = replace(RETURN, seconds_per_token=0.05)
    typist = Typist([slow])
    typist.left += "    "
    older = asyncio.create_task(typist.sees())
    await asyncio.sleep(0.02)
    typist.left += "ret"
    assert await typist.sees() == "urn os.listdir(path)"
    assert await older == ""
    assert len(typist.waited_for()) == 1


async def test_a_generation_under_way_that_turns_out_to_disagree_is_dropped() -> None:
    slow = replace(RETURN, seconds_per_token=0.05)
    typist = Typist([Reply(after="raise", text=" ValueError\n"), slow])
    typist.left += "    "
    older = asyncio.create_task(typist.sees())
    await asyncio.sleep(0.02)
    typist.left += "raise"
    assert await typist.sees() == " ValueError"
    assert await older == ""


@pytest.mark.parametrize(("accepted", "left"), [("all", ""), ("word", " os.listdir(path)")])
async def test_after_accepting_the_next_suggestion_is_there(accepted: str, left: str) -> None:
    text = "return os.listdir(path)\n\n\ndef h():\n    pass\n"
    typist = Typist([replace(RETURN, text=text)])
    typist.left += "    "
    shown = await typist.sees()
    await asyncio.sleep(0.05)
    typist.left += shown if accepted == "all" else "return"
    assert await typist.sees() == (left or "\n\n\ndef h():\n    pass")
    assert len(typist.waited_for()) == 1


async def test_lines_below_each_other_are_one_gap() -> None:
    typist = Typist([Reply(after="a = ", text="1\n"), Reply(after="b = ", text="2\n")])
    typist.left += "    a = "
    assert await typist.sees() == "1"
    typist.left += "3\n    b = "
    assert await typist.sees() == "2"
    assert {request.prefix for request in typist.waited_for()} == {ABOVE + INDENT}


async def test_a_bracket_that_the_editor_closes_changes_nothing_frozen() -> None:
    typist = Typist([Reply(after="(", text="path)\n"), Reply(after="", text="!")])
    await typist.types("    print")
    typist.left, typist.right = typist.left + "(", ")" + typist.right
    assert await typist.sees() == "path"
    typist.left += "path"
    assert await typist.sees() == ""
    typist.left, typist.right = typist.left + ")", typist.right.removeprefix(")")
    await typist.sees()
    assert {request.suffix for request in typist.waited_for()} == {BELOW}


async def test_a_cursor_that_jumps_away_and_back_finds_its_suggestion() -> None:
    typist = Typist([Reply(after="x = ", text="1\n"), Reply(after="return ", text="3\n")])
    typist.left += "    x = "
    assert await typist.sees() == "1"
    here = typist.left, typist.right
    typist.left, typist.right = typist.left + "\n\n\ndef g():\n    return ", "\n"
    assert await typist.sees() == "3"
    typist.left, typist.right = here
    assert await typist.sees() == "1"
    assert len(typist.waited_for()) == 2


async def test_an_edit_elsewhere_does_not_disturb() -> None:
    typist = Typist([Reply(after="x = ", text="1\n")])
    typist.left += "    x = "
    assert await typist.sees() == "1"
    typist.right += "# a line far below\n" * 3
    assert await typist.sees() == "1"


async def test_a_change_within_what_is_frozen_asks_anew() -> None:
    typist = Typist([Reply(after="x = ", text="1\n")])
    typist.left += "    x = "
    assert await typist.sees() == "1"
    typist.left = typist.left.replace("path", "name")
    assert await typist.sees() == "1"
    typist.right = typist.right.replace("2", "3")
    assert await typist.sees() == "1"
    asked = [(request.prefix, request.suffix) for request in typist.waited_for()]
    assert asked == [
        (ABOVE + INDENT, BELOW),
        (ABOVE.replace("path", "name") + INDENT, BELOW),
        (ABOVE.replace("path", "name") + INDENT, BELOW.replace("2", "3")),
    ]


async def test_the_end_of_the_document_is_no_gap_that_goes_on() -> None:
    """Above what was typed at the end, the lines that were typed stand in the suffix."""
    typist = Typist([Reply(after="", text="!")], below="")
    await typist.types("    a = 1\n    b = 2\n")
    typist.left, typist.right = ABOVE + "    a = ", "\n    b = 2\n"
    await typist.sees()
    assert typist.waited_for()[-1].suffix == "\n    b = 2\n"


async def test_a_pause_brings_a_new_anchor_that_keeps_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spare, "PAUSE_SECONDS", 0.05)
    typist = Typist([Reply(after="e = ", text="5\n"), Reply(after="", text="1\n")])
    typist.left += "    a = 1\n    b = 2\n    c = 3\n    d = 4\n    e = "
    middle_rows = typist.left
    typist.left = ABOVE + "    a = "
    await typist.sees()
    typist.left = middle_rows
    assert await typist.sees() == "5"
    await asyncio.sleep(0.15)
    warm = typist.engine.requests[-1]
    assert (warm.max_tokens, warm.priority, warm.middle) == (0, Priority.IDLE, "e = ")
    assert warm.prefix == middle_rows.removesuffix("e = ")
    asked = len(typist.waited_for())
    typist.left += "5"
    await typist.sees()
    assert len(typist.waited_for()) == asked


async def test_on_battery_nothing_is_computed_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare, "on_battery", lambda: True)
    monkeypatch.setattr(spare, "PAUSE_SECONDS", 0.01)
    typist = Typist([replace(RETURN, text="return 1\n" * 3)])
    typist.left += "    "
    assert await typist.sees() == "return 1"
    await asyncio.sleep(0.1)
    assert [request.priority for request in typist.engine.requests] == [Priority.TYPING]


async def test_going_to_a_place_gets_the_engine_ready_for_it() -> None:
    typist = Typist([RETURN])
    typist.left += "    "
    text = Snapshot("file:///a.py", 1, "python", Text.of(typist.left + typist.right))
    typist.completer.warm_up(text, Text.of(typist.left).end)
    await asyncio.sleep(0.05)
    [warm] = typist.engine.requests
    assert (warm.max_tokens, warm.prefix, warm.middle) == (0, ABOVE + INDENT, "")
    assert await typist.sees() == "return os.listdir(path)"
    assert typist.waited_for()[0].prefix == ABOVE + INDENT


async def test_a_line_without_an_end_has_no_gap_of_its_own() -> None:
    typist = Typist([Reply(after="x", text="y")], above="x" * 50_000, below="")
    assert await typist.sees(invoked=True) == "y"
    assert typist.waited_for()[0].middle == ""
    assert Point(0, 50_000) == Text.of(typist.left).end


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("return os.path. join( path, one, two)\n", "return os.path. join("),
        ("return\n", "return"),
    ],
)
async def test_when_the_time_is_over_whole_words_must_do(text: str, shown: str) -> None:
    typist = Typist([replace(RETURN, text=text, seconds_per_token=0.08)])
    typist.completer.settings = replace(typist.completer.settings, latency_budget_ms=300)
    typist.left += "    "
    assert await typist.sees() == shown
