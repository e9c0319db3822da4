"""An editor for tests: pytest-lsp's client with the capabilities of a real one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, client_capabilities

INVOKED = lsp.InlineCompletionTriggerKind.Invoked
AUTOMATIC = lsp.InlineCompletionTriggerKind.Automatic
URI = "file:///project/example.py"
PATIENCE = 20.0

PROFILES = {
    "visual-studio-code": lsp.PositionEncodingKind.Utf16,
    "neovim": lsp.PositionEncodingKind.Utf8,
}
"""The encoding that each prefers."""


def capabilities(profile: str) -> lsp.ClientCapabilities:
    """What today's editors announce. The bundled profiles are older than inline completion."""
    known = client_capabilities(profile)
    assert known.text_document is not None
    known.text_document.inline_completion = lsp.InlineCompletionClientCapabilities()
    known.window = known.window or lsp.WindowClientCapabilities()
    known.window.work_done_progress = True
    known.general = known.general or lsp.GeneralClientCapabilities()
    encodings = [PROFILES[profile], lsp.PositionEncodingKind.Utf16]
    known.general.position_encodings = list(dict.fromkeys(encodings))
    return known


@dataclass
class Editor:
    """One client, its server, and what the server told it."""

    client: Any  # pytest_lsp.LanguageClient: much of it has no types
    initialized: lsp.InitializeResult
    statuses: list[tuple[str, str]]
    """State and message of each `fimble/status`."""
    _versions: dict[str, int] = field(default_factory=dict)

    @property
    def shown(self) -> list[str]:
        """The texts of all `window/showMessage`."""
        return [message.message for message in self.client.messages]

    def has_shown(self, messages: list[str]) -> bool:
        return self.shown == messages

    @property
    def process(self) -> asyncio.subprocess.Process:
        server: asyncio.subprocess.Process | None = self.client._server
        assert server is not None
        return server

    async def end(self) -> None:
        """End the session, and the server with it."""
        if self.process.returncode is None:
            await self.client.shutdown_session()
        await self.client.stop()

    def open(self, text: str, uri: str = URI, language: str = "python") -> None:
        self._versions[uri] = 1
        item = lsp.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def edit(self, line: int, start: int, end: int, text: str, uri: str = URI) -> None:
        """Replace what stands between two columns, in the client's units."""
        self._versions[uri] += 1
        place = lsp.Range(lsp.Position(line, start), lsp.Position(line, end))
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self._versions[uri], uri),
                [lsp.TextDocumentContentChangePartial(place, text)],
            )
        )

    def close(self, uri: str = URI) -> None:
        identifier = lsp.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(identifier))

    async def items(
        self,
        line: int,
        character: int,
        trigger: lsp.InlineCompletionTriggerKind = INVOKED,
        uri: str = URI,
        msg_id: str | None = None,
    ) -> list[lsp.InlineCompletionItem]:
        params = lsp.InlineCompletionParams(
            context=lsp.InlineCompletionContext(trigger),
            text_document=lsp.TextDocumentIdentifier(uri),
            position=lsp.Position(line, character),
        )
        answer = await self.client.protocol.send_request_async(
            lsp.TEXT_DOCUMENT_INLINE_COMPLETION, params, msg_id
        )
        return list(answer.items)

    async def texts(
        self,
        line: int,
        character: int,
        trigger: lsp.InlineCompletionTriggerKind = INVOKED,
        uri: str = URI,
    ) -> list[str]:
        return [str(item.insert_text) for item in await self.items(line, character, trigger, uri)]

    def request(
        self,
        line: int,
        character: int,
        trigger: lsp.InlineCompletionTriggerKind = INVOKED,
        uri: str = URI,
        msg_id: str | None = None,
    ) -> asyncio.Task[list[lsp.InlineCompletionItem]]:
        """Like `items`, in the background."""
        return asyncio.create_task(self.items(line, character, trigger, uri, msg_id))

    def configure(self, settings: object) -> None:
        self.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(settings))

    async def until(self, met: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until the server has told what is waited for. Raises TimeoutError."""
        for _ in range(int(seconds * 100)):
            if met():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError


async def connect(
    arguments: Iterable[str],
    profile: str,
    options: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
    root_uri: str = "file:///project",
    change: Callable[[lsp.ClientCapabilities], None] = lambda _: None,
) -> Editor:
    """Start a server and initialize a session; the folder that it works in is not there.

    `change` makes another client of the profile's.
    """
    able = capabilities(profile)
    change(able)
    command = [sys.executable, "-m", "lsp_server", "serve", *arguments]
    client: Any = await ClientServerConfig(command, server_env=environment).start()
    statuses: list[tuple[str, str]] = []

    def on_status(params: Any) -> None:
        statuses.append((params.state, params.message))

    client.feature("fimble/status")(on_status)
    initialized = await client.initialize_session(
        lsp.InitializeParams(
            capabilities=able,
            root_uri=root_uri,
            initialization_options=options,
        )
    )
    return Editor(client, initialized, statuses)
