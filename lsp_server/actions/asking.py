"""The model that actions ask, for one version of a document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from lsp_server.actions.action import Request
from lsp_server.core.prompts import Prompts
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.uris import path_of
from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatEngine, ChatInfo, ChatRequest, Message
from lsp_server.errors import UsageError
from lsp_server.workspace.private import private

MAX_MESSAGE = 500
MAX_TITLE = 60
"""Characters of a diagnostic that are told, and shown."""


PROMPTS = Prompts("actions")
"""Ours alone."""


class NotMade(UsageError):
    """The model has answered, but with nothing that may be offered."""


@dataclass(frozen=True, slots=True)
class Model:
    """An engine, and what it may be asked about."""

    engine: ChatEngine
    root: Path | None
    """Of the workspace, resolved."""
    require_newest: Callable[[Snapshot], None]
    """Raises DocumentChanged if a document no longer has a text."""
    prompts: Prompts = PROMPTS

    async def ready(self, snapshot: Snapshot) -> ChatInfo:
        """Wait until it can be asked about a document; say how.

        Raises UsageError if that must not be sent away, and FimbleError if there is no engine.
        """
        return await self.ready_for(path_of(snapshot.uri), str(snapshot.text), "This file")

    async def ready_for(self, path: Path | None, text: str, name: str) -> ChatInfo:
        """The same for any text; `path`: where it is from, `name`: what the user is told it is."""
        info = await self.engine.chat_info()
        if info.is_remote:
            await asyncio.to_thread(require_sendable, self.root, path, text, name, info.model)
        return info

    async def messages(self, prompt: Callable[[], str]) -> tuple[Message, ...]:
        """A chat in which nothing was said before. The prompt is made in a thread."""
        render = self.prompts.render

        def made() -> tuple[Message, ...]:
            return Message("system", render("system")), Message("user", prompt())

        return await asyncio.to_thread(made)

    async def stream(
        self, request: ChatRequest, *, of: Snapshot | None = None
    ) -> AsyncGenerator[Delta | Finished, None]:
        """What is answered, as it comes.

        `of`: the version that the answer is of no use without; once the document has changed,
        DocumentChanged is raised.
        """
        async with aclosing(self.engine.chat(request)) as events:
            async for event in events:
                if of is not None:
                    self.require_newest(of)
                if isinstance(event, Delta | Finished):
                    yield event


def require_sendable(
    root: Path | None, path: Path | None, text: str, name: str, model: str
) -> None:
    """Raise UsageError if a text must not be sent away; see `private`. Reads ignore files.

    `name`: what the user is told it is, `model`: where it would go.
    """
    if reason := private(root, path, text):
        raise UsageError(f"{name} is not sent to {model}: {reason}. Use a local model for it.")


def titled(message: str) -> str:
    """A diagnostic's message as a title shows it."""
    message = " ".join(message.split())
    return message if len(message) <= MAX_TITLE else f"{message[: MAX_TITLE - 1].rstrip()}…"


def shown_path(request: Request) -> str:
    """A document as the model is told of it."""
    return request.around.path or request.snapshot.uri.rpartition("/")[2]


def line_at(data: bytes, offset: int) -> str:
    """The line that a byte is in, without the white space around."""
    first = data.rfind(b"\n", 0, offset) + 1
    last = data.find(b"\n", offset)
    return data[first : len(data) if last < 0 else last].decode(errors="replace").strip()
