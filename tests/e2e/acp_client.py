"""A client of the Agent Client Protocol for tests: the official SDK's, over a real process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import acp
from acp.schema import ClientCapabilities

PATIENCE = 20.0
FILES = ClientCapabilities.model_validate({"fs": {"readTextFile": True, "writeTextFile": True}})


def call(name: str, **arguments: object) -> str:
    """A call as small models write it."""
    return f"```json\n{json.dumps({'name': name, 'arguments': arguments})}\n```\n"


@dataclass
class Client:
    """What an editor does: it shows updates, answers questions and has files open."""

    answers: list[str | None] = field(default_factory=list)
    """Options to choose, one a question; None cancels, and without any it never answers."""
    updates: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)
    connection: Any = None
    process: Any = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        told = update.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.updates.append(told | {"session": session_id})
        self._news.set()

    async def request_permission(
        self, session_id: str, tool_call: Any, options: list[Any], **_: Any
    ) -> dict[str, Any]:
        asked = tool_call.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.asked.append(asked | {"options": [option.option_id for option in options]})
        self._news.set()
        if not self.answers:
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if answer is None:
            return {"outcome": {"outcome": "cancelled"}}
        return {"outcome": {"outcome": "selected", "optionId": answer}}

    async def read_text_file(self, path: str, **_: Any) -> dict[str, Any]:
        if path in self.open:
            return {"content": self.open[path]}
        try:
            return {"content": await asyncio.to_thread(Path(path).read_text)}
        except OSError:
            raise acp.RequestError.resource_not_found(path) from None

    async def write_text_file(self, path: str, content: str, **_: Any) -> None:
        self.open[path] = content

    def on_connect(self, conn: Any) -> None:
        pass

    async def until(self, met: Callable[[], object]) -> None:
        """Wait for what the agent tells. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while not met():
                self._news.clear()
                await self._news.wait()

    def kinds(self) -> list[str]:
        return [update["sessionUpdate"] for update in self.updates]

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [update for update in self.updates if update["sessionUpdate"] == kind]

    def prose(self) -> str:
        return "".join(each["content"]["text"] for each in self.told("agent_message_chunk"))

    async def begin(self, root: Path) -> str:
        session = await self.connection.new_session(cwd=str(root), mcp_servers=[])
        return str(session.session_id)

    async def prompt(self, session: str, text: str) -> str:
        answer = await self.connection.prompt(session_id=session, prompt=[acp.text_block(text)])
        return str(answer.stop_reason)


@asynccontextmanager
async def running(
    script: Path, *answers: str | None, capabilities: ClientCapabilities | None = None
) -> AsyncIterator[Client]:
    """An agent with a scripted model, and a client that has said hello to it."""
    client = Client(list(answers))
    command = [sys.executable, "-m", "lsp_server", "acp", "--script", str(script)]
    async with acp.spawn_agent_process(
        client,  # type: ignore[arg-type]
        *command,
        env=dict(os.environ),
        use_unstable_protocol=True,
    ) as (connection, process):
        client.connection, client.process = connection, process
        async with asyncio.timeout(PATIENCE):
            await connection.initialize(protocol_version=1, client_capabilities=capabilities)
        yield client


def written(path: Path, *replies: str | dict[str, Any]) -> Path:
    """A script with what the model says, one message after the other."""
    entries: Sequence[Any] = [{"chat": each} if isinstance(each, str) else each for each in replies]
    path.write_text(json.dumps(entries))
    return path
