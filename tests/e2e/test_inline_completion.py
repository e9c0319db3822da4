"""`textDocument/inlineCompletion` over a real connection, with a scripted engine."""

from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.editor import AUTOMATIC, INVOKED, URI, Editor

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADD = "def add(a, b):\n    return a\n"


def units(editor: Editor, text: str) -> int:
    """Length of a text as the editor counts."""
    encoding = editor.initialized.capabilities.position_encoding
    return len(text.encode()) if encoding == "utf-8" else len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("trigger", [INVOKED, AUTOMATIC])
async def test_the_item_says_what_to_insert_and_where(
    shared: Editor, trigger: lsp.InlineCompletionTriggerKind
) -> None:
    shared.open(ADD)
    cursor = lsp.Position(1, 12)
    [item] = await shared.items(1, 12, trigger)
    assert item.command is not None
    assert item == lsp.InlineCompletionItem(
        insert_text=" + 1", range=lsp.Range(cursor, cursor), command=item.command
    )


async def test_nothing_is_suggested_where_the_script_is_silent(shared: Editor) -> None:
    shared.open(ADD)
    assert await shared.items(0, 3) == []


@pytest.mark.parametrize(
    "line", ["é = first(", "😀 = first(", 'x = "é😀é"; first(', "\ufeffe\u0301😀; first("]
)
async def test_columns_are_counted_in_the_units_agreed_on(shared: Editor, line: str) -> None:
    """The suggestion replaces the closing bracket, so both ends of the range show the units."""
    shared.open(f"x = 0\n{line})\n")
    column = units(shared, line)
    [item] = await shared.items(1, column)
    assert item.insert_text == "int, str"
    assert item.range is not None
    assert (item.range.start.line, item.range.end.line) == (1, 1)
    assert item.range.start.character == column
    shared.edit(1, 0, units(shared, line), "return a")
    assert await shared.texts(1, 8) == [" + 1"]


@pytest.mark.parametrize("separator", ["\f", "\u2028", "\u0085", "\x0b", "\x1c"])
async def test_what_is_no_line_end_for_the_protocol_is_none_here(
    shared: Editor, separator: str
) -> None:
    shared.open(f"x = 1{separator}\ny = 2 #{separator}\nfirst()\n")
    assert await shared.texts(2, 6) == ["int, str"]
    shared.edit(2, 0, 7, "return a")
    assert await shared.texts(2, 8) == [" + 1"]


async def test_edits_are_followed_in_their_order(shared: Editor) -> None:
    shared.open("")
    for column, character in enumerate("return a"):
        shared.edit(0, column, column, character)
    assert await shared.texts(0, 8) == [" + 1"]
    shared.edit(0, 7, 8, "")
    assert await shared.texts(0, 7) == []


async def test_a_position_beyond_the_text_is_its_end(shared: Editor) -> None:
    shared.open("return a")
    assert await shared.texts(0, 9999) == [" + 1"]
    assert await shared.texts(9999, 0) == [" + 1"]


async def test_a_document_that_is_not_open_is_named(shared: Editor) -> None:
    shared.open(ADD)
    shared.close()
    with pytest.raises(JsonRpcException, match=r"example\.py is not open in this server") as caught:
        await shared.items(1, 12)
    assert caught.value.code == lsp.LSPErrorCodes.RequestFailed
    shared.open(ADD)
    assert await shared.texts(1, 12) == [" + 1"]


@pytest.mark.parametrize("change", ["edit", "close", "reopen"])
async def test_nothing_is_suggested_for_a_text_that_is_gone(shared: Editor, change: str) -> None:
    shared.open(f"slow()  # {change}\n")
    request = shared.request(0, 5)
    await asyncio.sleep(0.1)
    if change == "edit":
        shared.edit(0, 0, 0, "x")
    else:
        shared.close()
    if change == "reopen":
        shared.open("fast()\n")  # with the version that the other text had
    assert await request == []


async def test_a_newer_automatic_request_ends_the_older(shared: Editor) -> None:
    shared.open("slow()\n")
    shared.open("slow()\n", "file:///other.py")
    older = shared.request(0, 5, AUTOMATIC)
    elsewhere = shared.request(0, 5, AUTOMATIC, "file:///other.py")
    invoked = shared.request(0, 5, INVOKED)
    await asyncio.sleep(0.1)
    newer = shared.request(0, 5, AUTOMATIC)
    assert await older == []
    assert not (newer.done() or elsewhere.done() or invoked.done())
    assert all(len(items) == 1 for items in await asyncio.gather(newer, elsewhere, invoked))


async def test_a_cancelled_request_is_answered_as_cancelled(shared: Editor) -> None:
    shared.open("slow()\nreturn a\n")
    request = shared.request(0, 5, msg_id="to-cancel")
    await asyncio.sleep(0.1)
    shared.client.cancel_request(lsp.CancelParams("to-cancel"))
    with pytest.raises(JsonRpcException) as caught:
        async with asyncio.timeout(1):
            await request
    assert caught.value.code == lsp.LSPErrorCodes.RequestCancelled
    assert await shared.texts(1, 8) == [" + 1"]


async def test_a_crash_of_the_engine_is_told_to_whom_asked(shared: Editor) -> None:
    shared.open("crash()\n")
    with pytest.raises(JsonRpcException, match="The scripted engine crashed") as caught:
        await shared.items(0, 6)
    assert caught.value.code == lsp.LSPErrorCodes.RequestFailed
    assert await shared.items(0, 6, AUTOMATIC) == []


async def test_two_documents_are_kept_apart(shared: Editor) -> None:
    shared.open("return a", URI)
    shared.open("first()", "file:///other.py")
    assert await shared.texts(0, 8, uri=URI) == [" + 1"]
    assert await shared.texts(0, 6, uri="file:///other.py") == ["int, str"]
