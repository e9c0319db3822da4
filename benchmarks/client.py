"""A client that talks to the real server as an editor does: over standard input and output."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from lsp_server.edge import messages


class Editor:
    """One connection to a server; positions are in UTF-32 units, that is, in code points."""

    def __init__(self, client: LanguageClient) -> None:
        self._client = client
        self._version = 0

    def open(self, uri: str, language: str, text: str) -> None:
        """Open a document, or one of the same name anew."""
        self._version += 1
        item = types.TextDocumentItem(uri, language, self._version, text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    async def complete(
        self, uri: str, line: int, character: int, *, invoked: bool
    ) -> types.InlineCompletionItem | None:
        """Ask for a suggestion; line and character are counted from 0."""
        kind = types.InlineCompletionTriggerKind
        answer = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(
                    trigger_kind=kind.Invoked if invoked else kind.Automatic
                ),
                text_document=types.TextDocumentIdentifier(uri),
                position=types.Position(line, character),
            )
        )
        items = answer.items if isinstance(answer, types.InlineCompletionList) else answer
        return items[0] if items else None


@asynccontextmanager
async def editor(
    arguments: Sequence[str], settings: dict[str, Any] | None = None
) -> AsyncGenerator[Editor, None]:
    """Start `fimble serve` with the given arguments, and end it afterwards."""
    client = LanguageClient("fimble-benchmark", "1")

    def on_status(params: Any) -> None:
        if params.state == "failed":
            print(params.message, file=sys.stderr)

    client.feature(messages.STATUS)(on_status)
    await client.start_io(sys.executable, "-m", "lsp_server", "serve", *arguments)
    general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf32])
    await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(general=general),
            initialization_options=settings,
        )
    )
    client.initialized(types.InitializedParams())
    try:
        yield Editor(client)
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call]  # pygls has no types there
