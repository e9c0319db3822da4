"""A client that talks to the real server as an editor does: over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from lsp_server.core.text import Point
from lsp_server.edge import messages
from lsp_server.edge.chat import messages as chat_messages

_CODE_ACTION = types.CodeActionClientCapabilities(
    resolve_support=types.ClientCodeActionResolveOptions(["edit"]), data_support=True
)
"""Edits are asked for when an action is chosen."""
_EDIT = types.WorkspaceEditClientCapabilities(
    document_changes=True, resource_operations=[types.ResourceOperationKind.Create]
)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a server has counted since its start."""

    answers: dict[str, int]
    """Keys by where their answer came from; see `fimble/stats`."""
    typing_tokens: int
    """Of prompts, evaluated while a key waited."""
    idle_tokens: int
    """Of prompts, evaluated when nobody waited."""


@dataclass(slots=True)
class Engine:
    """What the server has said of its engine."""

    settled: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str = ""
    shown: list[str] = field(default_factory=list)
    """What the server has shown the user."""

    def heard(self, state: str, message: str) -> None:
        """Take in a `fimble/status`."""
        if state == "failed":
            print(message, file=sys.stderr)
            self.failure = message
        if state in ("ready", "failed"):
            self.settled.set()


class Editor:
    """One connection to a server; positions are in UTF-32 units, that is, in code points."""

    def __init__(self, client: LanguageClient, engine: Engine) -> None:
        self._client = client
        self._engine = engine
        self._version = 0

    def open(self, uri: str, language: str, text: str) -> None:
        """Open a document, or one of the same name anew."""
        self._version += 1
        item = types.TextDocumentItem(uri, language, self._version, text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def change(self, uri: str, start: Point, end: Point, text: str) -> None:
        """Put a text in the place of what stands from `start` to `end`."""
        self._version += 1
        place = types.Range(
            types.Position(start.row, start.column), types.Position(end.row, end.column)
        )
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._version, uri),
                [types.TextDocumentContentChangePartial(place, text)],
            )
        )

    def close(self, uri: str) -> None:
        """Close a document."""
        identifier = types.TextDocumentIdentifier(uri)
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))

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

    async def actions(
        self, uri: str, place: types.Range, told: Sequence[types.Diagnostic] = ()
    ) -> list[types.CodeAction]:
        """What is offered at a place, with diagnostics there."""
        answer = await self._client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(uri), place, types.CodeActionContext(told)
            )
        )
        return [each for each in answer or () if isinstance(each, types.CodeAction)]

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """An action with its edit."""
        return await self._client.code_action_resolve_async(action)

    async def trust(self) -> None:
        """Say that the folder's own files have a say."""
        params = {"trusted": True}
        await self._client.protocol.send_request_async(chat_messages.TRUST, params)

    @property
    def shown(self) -> Sequence[str]:
        """The messages that the user would have seen."""
        return self._engine.shown

    async def ready(self) -> None:
        """Wait until the engine is. Raises RuntimeError if it fails."""
        await self._engine.settled.wait()
        if self._engine.failure:
            raise RuntimeError(self._engine.failure)

    async def evaluated(self) -> Evaluated:
        """Ask for `fimble/stats`."""
        stats: Any = await self._client.protocol.send_request_async(messages.STATS, None)
        answers = {name: getattr(stats.answers, name) for name in stats.answers._fields}
        return Evaluated(answers, stats.typing.promptTokens, stats.idle.promptTokens)


@contextmanager
def apart() -> Iterator[dict[str, str]]:
    """An environment in which what servers keep lies in an empty folder, removed afterwards.

    So no run profits from one before, and none adds to the user's own statistics.
    """
    with tempfile.TemporaryDirectory() as folder:
        names = ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        yield dict.fromkeys(names, folder)


@asynccontextmanager
async def editor(
    arguments: Sequence[str],
    settings: dict[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    root: Path | None = None,
) -> AsyncGenerator[Editor, None]:
    """Start `fimble serve` with the given arguments, and end it afterwards.

    `environment` is what differs from this process's own, `root` the folder that is worked in.
    """
    client = LanguageClient("fimble-benchmark", "1")
    engine = Engine()

    def on_status(params: Any) -> None:
        engine.heard(params.state, params.message)

    def on_message(params: types.ShowMessageParams) -> None:
        engine.shown.append(params.message)

    client.feature(messages.STATUS)(on_status)
    client.feature(types.WINDOW_SHOW_MESSAGE)(on_message)
    command = (sys.executable, "-m", "lsp_server", "serve", *arguments)
    await client.start_io(*command, env={**os.environ, **(environment or {})})
    general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf32])
    await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                general=general,
                text_document=types.TextDocumentClientCapabilities(code_action=_CODE_ACTION),
                workspace=types.WorkspaceClientCapabilities(workspace_edit=_EDIT),
            ),
            initialization_options=settings,
            root_uri=root.as_uri() if root else None,
        )
    )
    client.initialized(types.InitializedParams())
    try:
        yield Editor(client, engine)
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()  # type: ignore[no-untyped-call]  # pygls has no types there
