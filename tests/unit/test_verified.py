"""Suggestions as the completer gives them: verified, mended, priced, with others beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lsp_server.completion.suggest import Completer, Suggestion
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import Text
from lsp_server.engines.base import EngineInfo
from lsp_server.engines.fake import FakeEngine, Reply
from lsp_server.settings import CompletionSettings

HEAD = "def connect(url, retries=0): ...\n\n\nclass A:\n    def f(self): ...\n\n\n"


async def suggested(
    engine: FakeEngine, text: str, *, invoked: bool = True, completer: Completer | None = None
) -> Suggestion | None:
    """What is suggested at the bar."""
    before, after = text.split("|")
    whole = Text.of(before + after)
    syntax = Syntax.parse(whole, "python")
    snapshot = Snapshot("file:///a.py", 1, "python", whole, syntax)
    completer = completer or Completer(engine, CompletionSettings())
    found = await completer.suggest(snapshot, Text.of(before).end, invoked=invoked)
    completer.close()
    return found


async def text_at(engine: FakeEngine, text: str) -> str:
    found = await suggested(engine, text)
    return "" if found is None else found.text


class Mute(FakeEngine):
    """Can't be held to names."""

    async def info(self) -> EngineInfo:
        return replace(await super().info(), chooses_names=False)


WRONG = Reply("x = ", "connekt('u')")
RIGHT = Reply("x = ", "connect('u')", names="connect")


async def test_a_wrong_name_is_asked_for_again_with_those_that_exist() -> None:
    engine = FakeEngine([WRONG, RIGHT])
    assert await text_at(engine, HEAD + "x = |\n") == "connect('u')"
    assert "connect" in engine.requests[1].names
    assert engine.requests[1].middle == "x = "


async def test_it_is_asked_for_from_the_wrong_name_on() -> None:
    replies = [
        Reply("x = ", "connect('u', delay=1)"),
        Reply("'u', ", "retries=1)", names="retries"),
    ]
    assert await text_at(FakeEngine(replies), HEAD + "x = |\n") == "connect('u', retries=1)"


async def test_half_a_name_is_completed_to_one_that_exists() -> None:
    replies = [Reply("x = conn", "ekt('u')"), Reply("x = conn", "ect('u')", names="ect")]
    engine = FakeEngine(replies)
    assert await text_at(engine, HEAD + "x = conn|\n") == "ect('u')"
    assert engine.requests[1].names == ("ect",)


@pytest.mark.parametrize("logprob", [-9.0, None])
async def test_where_no_name_is_likely_something_else_is_asked_for(logprob: float | None) -> None:
    forced = [] if logprob is None else [Reply("(", "A)", names="A", logprob=logprob)]
    replies = [Reply("x = ", "connect(missing)"), *forced, Reply("(", "'u')", choice=1)]
    assert await text_at(FakeEngine(replies), HEAD + "x = |\n") == "connect('u')"


async def test_an_argument_too_many_is_left_out() -> None:
    replies = [Reply("x = ", "connect('u', 1, 2)"), Reply(", 1", ")", choice=1)]
    assert await text_at(FakeEngine(replies), HEAD + "x = |\n") == "connect('u', 1)"


@pytest.mark.parametrize("engine", [FakeEngine([WRONG]), Mute([WRONG, RIGHT])])
async def test_what_can_not_be_mended_is_not_shown(engine: FakeEngine) -> None:
    assert await text_at(engine, HEAD + "x = |\n") == ""


async def test_the_lines_before_it_are() -> None:
    block = Reply("def g():\n    ", "if 1:\n        x = connect('u')\n        y = missing\n")
    shown = await text_at(Mute([block]), HEAD + "def g():\n    |\n")
    assert shown == "if 1:\n        x = connect('u')"


async def test_of_a_long_text_the_first_line_is_left() -> None:
    words = ["ant", "bee", "cow", "dog", "elk", "fox", "gnu", "hen", "ibis", "jay", "kid", "lynx"]
    lines = ["a = 1", "b = ]", *(f"{word} = {word!r}.upper()" for word in words)]
    block = Reply("def g():\n    ", "if 1:\n" + "".join(f"        {line}\n" for line in lines))
    shown = await text_at(Mute([block]), HEAD + "def g():\n    |\n")
    assert shown == "if 1:"


async def test_what_it_defines_itself_exists() -> None:
    block = Reply("def g():\n    ", "for n in range(3):\n        later = n\n        print(later)\n")
    shown = await text_at(FakeEngine([block]), HEAD + "def g():\n    |\n")
    assert shown == block.text.rstrip()


async def test_a_text_that_breaks_the_program_is_not_shown() -> None:
    assert await text_at(FakeEngine([Reply("x = ", "connect(1, ]")]), HEAD + "x = |\n") == ""
    # A line that is broken as it stands may be completed.
    assert await text_at(FakeEngine([Reply("(1, ", "2)")]), HEAD + "x = connect(1, |\n") == "2)"


async def test_brackets_too_many_at_its_end_are_left_out() -> None:
    block = "if 1:\n        connect(\n            'u'))"
    assert (
        await text_at(FakeEngine([Reply("    ", block)]), HEAD + "def g():\n    |\n") == block[:-1]
    )


async def test_who_asks_is_given_another_where_the_first_does_not_fit() -> None:
    replies = [Reply("x = ", "connect(1, ]"), Reply("x = ", "A()", choice=1)]
    assert await text_at(FakeEngine(replies), HEAD + "x = |\n") == "A()"
    assert await suggested(FakeEngine(replies), HEAD + "x = |\n", invoked=False) is None


async def test_what_was_judged_is_not_judged_again() -> None:
    engine = FakeEngine([WRONG, RIGHT])
    completer = Completer(engine, CompletionSettings())
    await suggested(engine, HEAD + "x = |\n", completer=completer)
    asked = len(engine.requests)
    found = await suggested(engine, HEAD + "x = conn|\n", completer=completer)
    assert found is not None
    assert found.text == "ect('u')"
    assert all(not request.names for request in list(engine.requests)[asked:])


async def test_an_unlikely_text_is_shown_to_who_asks() -> None:
    engine = FakeEngine([Reply("x = ", "connect('u')", logprob=-20.0)])
    assert await suggested(engine, HEAD + "x = |\n", invoked=False) is None
    assert await text_at(engine, HEAD + "x = |\n") == "connect('u')"


async def test_who_asks_is_given_others_too() -> None:
    replies = [
        Reply("x = ", "connect('u')"),
        Reply("x = ", "A()", choice=1),
        Reply("x = ", "connect('u')", choice=2),  # as the first; not again
    ]
    engine = FakeEngine(replies)
    completer = Completer(engine, CompletionSettings())
    before = HEAD + "x = "
    whole = Text.of(before + "\n")
    snapshot = Snapshot("file:///a.py", 1, "python", whole, Syntax.parse(whole, "python"))
    first = await completer.suggest(snapshot, Text.of(before).end, invoked=True)
    assert first is not None
    others = await completer.others(snapshot, first)
    completer.close()
    assert [first.text, *(each.text for each in others)] == ["connect('u')", "A()"]
    assert len({first.identity, *(each.identity for each in others)}) == 2
