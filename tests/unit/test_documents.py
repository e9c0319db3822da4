from __future__ import annotations

import asyncio

import pytest
from lsprotocol import types as lsp

from lsp_server.core.text import Encoding
from lsp_server.edge.documents import PARSE_ON_LOOP_BYTES, Documents
from lsp_server.errors import UsageError

URI = "file:///a.py"
LARGE = "def f(x):\n    return g(x)\n" * (PARSE_ON_LOOP_BYTES // 20)


def typed(line: int, character: int, text: str) -> lsp.TextDocumentContentChangePartial:
    position = lsp.Position(line, character)
    return lsp.TextDocumentContentChangePartial(lsp.Range(position, position), text)


def opened(text: str, language: str = "python", uri: str = URI) -> Documents:
    documents = Documents()
    documents.open(uri, language, 1, text)
    return documents


async def test_a_document_that_is_not_open_is_named() -> None:
    documents = opened("x\n")
    documents.close(URI)
    documents.close(URI)
    with pytest.raises(UsageError, match=r"a\.py is not open"):
        documents.get(URI)
    with pytest.raises(UsageError, match=r"a\.py is not open"):
        await documents.with_syntax(URI)
    with pytest.raises(UsageError, match=r"a\.py is not open"):
        documents.change(URI, 2, [], Encoding.UTF16)


def test_changes_are_applied_in_order() -> None:
    documents = opened("int a;\n\fint b;\n")
    before = documents.get(URI)
    whole = lsp.TextDocumentContentChangeWholeDocument("new\n")
    documents.change(URI, 7, [typed(0, 0, "lost"), whole, typed(1, 0, "x")], Encoding.UTF16)
    after = documents.get(URI)
    assert (str(after.text), after.version, after.language) == ("new\nx", 7, "python")
    assert (str(before.text), before.version) == ("int a;\n\fint b;\n", 1)


async def test_syntax_is_parsed_when_asked_for_and_follows_the_edits() -> None:
    documents = opened("x = 1\n")
    assert documents.get(URI).syntax is None
    first = await documents.with_syntax(URI)
    assert documents.get(URI) is first
    documents.change(URI, 2, [typed(0, 5, "0")], Encoding.UTF16)
    assert documents.get(URI).syntax is None
    second = await documents.with_syntax(URI)
    assert first.syntax and first.syntax.data == b"x = 1\n"
    assert second.syntax and second.syntax.data == b"x = 10\n"


@pytest.mark.parametrize(
    ("uri", "text"), [("file:///a.txt", "x = 1\n"), (URI, "x\n" * 600_000), (URI, "é" * 600_000)]
)
async def test_plain_and_large_text_has_no_syntax(uri: str, text: str) -> None:
    documents = opened(text, "", uri)
    assert (await documents.with_syntax(uri)).syntax is None
    small = lsp.TextDocumentContentChangeWholeDocument("x = 1\n")
    documents.change(uri, 2, [small], Encoding.UTF8)
    assert ((await documents.with_syntax(uri)).syntax is not None) == (uri == URI)


async def test_edits_during_a_parse_are_not_lost() -> None:
    documents = opened(LARGE)
    parsing = asyncio.create_task(documents.with_syntax(URI))
    await asyncio.sleep(0)  # the parse has started in its thread
    documents.change(URI, 2, [typed(0, 0, "y = 2\n")], Encoding.UTF16)
    snapshot = await parsing
    assert snapshot.version == 1
    assert snapshot.syntax and snapshot.syntax.data.decode() == LARGE
    assert documents.get(URI).syntax is None
    newest = await documents.with_syntax(URI)
    assert newest.version == 2
    assert newest.syntax and newest.syntax.data.decode() == "y = 2\n" + LARGE
    assert newest.syntax.tree.root_node.children[0].end_byte == 5
