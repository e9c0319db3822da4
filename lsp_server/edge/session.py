"""What one client's connection knows: its documents, its settings, its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from lsp_server.completion.suggest import Completer
from lsp_server.core.text import Encoding
from lsp_server.edge.documents import Documents
from lsp_server.engines.base import Engine, EngineStatus, StatusListener
from lsp_server.errors import FimbleError
from lsp_server.settings import Settings, parse

OpenEngine = Callable[[Settings, StatusListener], Engine]


class Session:
    """State that handlers work on. Lives on the event loop."""

    def __init__(self, open_engine: OpenEngine, on_status: StatusListener) -> None:
        self.documents = Documents()
        self.encoding = Encoding.UTF16
        self._open_engine = open_engine
        self._on_status = on_status
        self._tasks: set[asyncio.Task[None]] = set()
        self.settings = Settings()
        self._engine: Engine | None = None
        self._completer: Completer | None = None

    @property
    def completer(self) -> Completer:
        """Asks the engine of the present settings."""
        if self._completer is None:
            self._engine = self._open_engine(self.settings, self._listener())
            self._completer = Completer(self._engine, self.settings.completion)
        return self._completer

    def configure(self, raw: object) -> list[str]:
        """Use new settings; return what is wrong with them, a sentence each.

        The engine is replaced only if its own settings have changed.
        """
        settings, problems = parse(raw)
        before, self.settings = self.settings, settings
        if _engine_settings(before) != _engine_settings(settings):
            if self._engine is not None:
                self.spawn(self._engine.close())
                self._engine = self._completer = None
                self.warm_up()
        elif self._engine is not None:
            self._completer = Completer(self._engine, settings.completion)
        return problems

    def warm_up(self) -> None:
        """Get the engine ready behind the user's back. Trouble shows in its status."""
        assert self.completer is not None  # opens the engine
        engine = self._engine

        async def wait() -> None:
            try:
                if engine is not None:
                    await engine.info()
            except FimbleError:
                pass

        self.spawn(wait())

    async def close(self) -> None:
        """End the engine and everything that runs."""
        for task in self._tasks:
            task.cancel()
        if self._engine is not None:
            await self._engine.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background, and keep hold of it so that it is not collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _listener(self) -> StatusListener:
        """A listener that falls silent when its engine has been replaced."""
        settings = self.settings

        def listen(status: EngineStatus) -> None:
            if _engine_settings(self.settings) == _engine_settings(settings):
                self._on_status(status)

        return listen


def _engine_settings(settings: Settings) -> tuple[object, ...]:
    return settings.model, settings.local, settings.remote
