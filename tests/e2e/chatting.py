"""A client's side of `fimble/chat/*`: it keeps events, answers questions and makes edits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp

from lsp_server.core.text import Encoding, Text
from lsp_server.edge.params import plain
from tests.e2e.editor import Editor

PATIENCE = 20.0


@dataclass
class Chat:
    """Beside an editor that is connected."""

    editor: Editor
    answers: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """What open documents say, by URI."""
    edits: list[lsp.WorkspaceEdit] = field(default_factory=list)
    declines: bool = False
    """Says that it could not make an edit."""

    def __post_init__(self) -> None:
        self._news = asyncio.Event()
        client = self.editor.client

        async def on_ask(params: Any) -> dict[str, Any]:
            return await self._on_ask(params)

        client.feature("fimble/chat/event")(lambda params: self._on_event(params))
        client.feature("fimble/chat/ask")(on_ask)
        client.feature(lsp.WORKSPACE_APPLY_EDIT)(lambda params: self._on_edit(params))

    def _on_event(self, params: Any) -> None:
        self.events.append(plain(params))
        self._news.set()

    async def _on_ask(self, params: Any) -> dict[str, Any]:
        self.asked.append(plain(params))
        self._news.set()
        if not self.answers:
            await asyncio.Event().wait()
        return {"outcome": {"outcome": "selected", "optionId": self.answers.pop(0)}}

    def _on_edit(self, params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
        self.edits.append(params.edit)
        if self.declines:
            return lsp.ApplyWorkspaceEditResult(applied=False)
        for each in params.edit.document_changes or ():
            assert isinstance(each, lsp.TextDocumentEdit)
            assert each.text_document.version == self.editor._versions[each.text_document.uri]
            self._edit(each.text_document.uri, list(each.edits))
        return lsp.ApplyWorkspaceEditResult(applied=True)

    def _edit(self, uri: str, edits: list[Any]) -> None:
        text = Text.of(self.texts[uri])
        for edit in reversed(edits):
            start, end = (
                text.point(place.line, place.character, Encoding.UTF16)
                for place in (edit.range.start, edit.range.end)
            )
            text = text.replace(start, end, edit.new_text)
        self.change(uri, str(text))

    def open(self, path: Path, text: str) -> str:
        uri = path.as_uri()
        self.texts[uri] = text
        self.editor.open(text, uri)
        return uri

    def change(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self.editor._versions[uri] += 1
        self.editor.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.editor._versions[uri], uri),
                [lsp.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def request(self, method: str, **params: Any) -> Any:
        answer = self.editor.client.protocol.send_request_async(f"fimble/chat/{method}", params)
        async with asyncio.timeout(PATIENCE):
            return plain(await answer)

    async def begin(self, mode: str = "ask") -> str:
        return str((await self.request("begin", mode=mode))["sessionId"])

    async def prompt(self, session: str, text: str) -> dict[str, Any]:
        answer = await self.request("prompt", session=session, text=text)
        assert isinstance(answer, dict)
        return answer

    async def until(self, met: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not met():
                self._news.clear()
                await self._news.wait()

    def kinds(self) -> list[str]:
        return [each["event"].get("sessionUpdate", "ended") for each in self.events]
