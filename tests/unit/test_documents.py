from __future__ import annotations

import asyncio
import threading

import pytest
from lsprotocol import types as lsp

from lsp_server.core import syntax
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding
from lsp_server.edge.documents import PARSE_ON_LOOP_BYTES, Documents
from lsp_server.errors import UsageError

URI = "file:///a.py"
LARGE = "def f(x):\n    return g(x)\n" * (PARSE_ON_LOOP_BYTES // 20)


def typed(line: int, character: int, text: str) -> lsp.TextDocumentContentChangePartial:
    position = lsp.Position(line, character)
    return lsp.TextDocumentContentChangePartial(lsp.Range(position, position), text)


async def parsed(documents: Documents, uri: str = URI) -> Snapshot:
    return await documents.with_syntax(documents.get(uri))


def opened(text: str, language: str = "python", uri: str = URI) -> Documents:
    documents = Documents()
    documents.open(uri, language, 1, text)
    return documents


def test_a_document_that_is_not_open_is_named() -> None:
    documents = opened("x\n")
    documents.close(URI)
    documents.close(URI)
    with pytest.raises(UsageError, match=r"a\.py is not open"):
        documents.get(URI)
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
    first = await parsed(documents)
    assert documents.get(URI) is first
    documents.change(URI, 2, [typed(0, 5, "0")], Encoding.UTF16)
    assert documents.get(URI).syntax is None
    second = await parsed(documents)
    assert first.syntax and first.syntax.data == b"x = 1\n"
    assert second.syntax and second.syntax.data == b"x = 10\n"


@pytest.mark.parametrize(
    ("uri", "text"), [("file:///a.txt", "x = 1\n"), (URI, "x\n" * 600_000), (URI, "é" * 600_000)]
)
async def test_plain_and_large_text_has_no_syntax(uri: str, text: str) -> None:
    documents = opened(text, "", uri)
    assert (await parsed(documents, uri)).syntax is None
    small = lsp.TextDocumentContentChangeWholeDocument("x = 1\n")
    documents.change(uri, 2, [small], Encoding.UTF8)
    assert ((await parsed(documents, uri)).syntax is not None) == (uri == URI)


async def test_edits_during_a_parse_are_not_lost() -> None:
    documents = opened(LARGE)
    parsing = asyncio.create_task(parsed(documents))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the parse has started in its thread
    documents.change(URI, 2, [typed(0, 0, "y = 2\n")], Encoding.UTF16)
    snapshot = await parsing
    assert snapshot.version == 1
    assert snapshot.syntax and snapshot.syntax.data.decode() == LARGE
    assert documents.get(URI).syntax is None
    newest = await parsed(documents)
    assert newest.version == 2
    assert newest.syntax and newest.syntax.data.decode() == "y = 2\n" + LARGE
    assert newest.syntax.tree.root_node.children[0].end_byte == 5


class Parses:
    """The parses that took place, and how many of them at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[bytes] = []
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()
        parse = syntax.Draft.parse

        def counted(draft: syntax.Draft) -> syntax.Syntax | None:
            with self._lock:
                self.texts.append(draft.data)
                self._running += 1
                self.most = max(self.most, self._running)
            try:
                return parse(draft)
            finally:
                with self._lock:
                    self._running -= 1

        monkeypatch.setattr(syntax.Draft, "parse", counted)


async def test_a_version_is_parsed_once_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    parses = Parses(monkeypatch)
    documents = opened(LARGE)
    first, second = await asyncio.gather(parsed(documents), parsed(documents))
    assert first is second is documents.get(URI)
    assert first.syntax
    assert len(parses.texts) == 1


async def test_of_many_versions_the_one_that_runs_and_the_newest_are_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parses = Parses(monkeypatch)
    documents = opened(LARGE * 20)
    asked = []
    for version in range(2, 12):
        asked.append(asyncio.create_task(parsed(documents)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        documents.change(URI, version, [typed(0, 0, "#")], Encoding.UTF16)
        asked[-1].cancel()
    newest = await parsed(documents)
    assert newest.syntax
    assert [text[:11].count(b"#") for text in parses.texts] == [0, 10]
    assert parses.most == 1


async def test_a_version_that_is_gone_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parses = Parses(monkeypatch)
    documents = opened("x = 1\n")
    before = documents.get(URI)
    documents.change(URI, 2, [typed(0, 0, "y")], Encoding.UTF16)
    assert await documents.with_syntax(before) is before
    documents.close(URI)
    assert await documents.with_syntax(before) is before
    assert parses.texts == []


async def test_what_took_too_long_is_tried_again_when_much_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parses = Parses(monkeypatch)
    documents = opened(LARGE * 8)
    with monkeypatch.context() as patch:
        patch.setattr(syntax, "MAX_PARSE_SECONDS", 0.0)
        assert (await parsed(documents)).syntax is None
    documents.change(URI, 2, [typed(0, 0, "#")], Encoding.UTF16)
    assert (await parsed(documents)).syntax is None
    assert len(parses.texts) == 1
    start, end = lsp.Position(0, 0), lsp.Position(8 * LARGE.count("\n") // 2, 0)
    half = lsp.TextDocumentContentChangePartial(lsp.Range(start, end), "")
    documents.change(URI, 3, [half], Encoding.UTF16)
    assert (await parsed(documents)).syntax is not None
    assert len(parses.texts) == 2
