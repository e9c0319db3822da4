"""What one client's connection knows: its documents, its settings, its engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from pathlib import Path
from typing import Any

from lsp_server.actions.action import Surroundings
from lsp_server.actions.asking import Model
from lsp_server.actions.lightbulb import Lightbulb
from lsp_server.completion import history, outcomes
from lsp_server.completion.feedback import Feedback
from lsp_server.completion.outcomes import Outcomes
from lsp_server.completion.stats import Stats
from lsp_server.completion.suggest import Completer
from lsp_server.core.prompts import Prompts
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Encoding, Text
from lsp_server.edge.documents import Documents
from lsp_server.edge.folder import Folder
from lsp_server.edge.own import OwnFolders
from lsp_server.engines.base import EngineStatus, StatusListener, UsageListener
from lsp_server.engines.roles.engine import RoleEngine
from lsp_server.errors import DocumentChanged, FimbleError, UsageError, describe
from lsp_server.settings import Settings, parse
from lsp_server.workspace.ignore import is_ignore_file

logger = logging.getLogger(__name__)

OpenEngine = Callable[[Settings, StatusListener, UsageListener], RoleEngine]


class Session:
    """State that handlers work on. Lives on the event loop."""

    def __init__(self, open_engine: OpenEngine, on_status: StatusListener) -> None:
        self.documents = Documents()
        self.lightbulb = Lightbulb()
        self.own = OwnFolders()
        self.encoding = Encoding.UTF16
        self._open_engine = open_engine
        self._on_status = on_status
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        """Ends of engines that were replaced."""
        self.settings = Settings()
        self.stats = Stats(history.default_path())
        self.feedback = Feedback(self.stats, self._text_of)
        self.outcomes = Outcomes(outcomes.default_path())
        self.feedback.outcomes = self.outcomes
        self._engine: RoleEngine | None = None
        self._engines_opened = 0
        self._completer: Completer | None = None
        self.root: Path | None = None
        """The client's folder, if it has one that may be indexed."""
        self._folder: Folder | None = None
        self._on_indexing: StatusListener | None = None
        """Set once the folder may be opened."""
        self.can_test = False
        """Whether the folder's tests can be run in a sandbox."""

    def engine(self) -> RoleEngine:
        """The engine of the present settings; opens it if that has not been done."""
        if self._engine is None:
            self._engines_opened += 1
            listener = self._listener(self._engines_opened)
            self._engine = self._open_engine(self.settings, listener, self.stats.used)
        return self._engine

    def completer(self) -> Completer:
        """Asks that engine."""
        if self._completer is None:
            self._completer = Completer(
                self.engine(),
                self.settings.completion,
                self.documents.with_syntax,
                self.stats,
                self._folder.project if self._folder else None,
                self.feedback,
                self.root,
            )
        return self._completer

    def open_folder(self, on_indexing: StatusListener) -> None:
        """Index the client's folder in the background, if the settings have it so."""
        self._on_indexing = on_indexing
        if self.root is not None and self.settings.workspace.index:
            self._folder = Folder(self.root, on_indexing, self.spawn, self.documents)
            self.spawn(self._folder.scan())
            self.spawn(self._look_for_sandbox())

    async def files_changed(self, uris: Sequence[str]) -> None:
        """Files have changed on disk: what was known of them is looked at again.

        What ignore files say holds for the next request, not only once the index has heard of it.
        """
        if any(is_ignore_file(uri) for uri in uris):
            self.lightbulb.forget_files()
            self._forget_files(None)
        if self._folder is not None:
            self._forget_files(await self._folder.changed(uris))

    def _forget_files(self, paths: Collection[str] | None) -> None:
        if self._completer is not None:
            self._completer.forget_files(paths)

    def around(self, uri: str) -> Surroundings:
        """What the workspace tells of a document; nothing until it has been read."""
        folder = self._folder
        path = folder.project.path(uri) if folder and folder.project.is_current() else ""
        if folder is None or not path:
            return Surroundings()
        return Surroundings(path, folder.project.library, folder.index)

    def model(self, prompts: Prompts) -> Model:
        """What actions ask."""
        return Model(self.engine(), self.root, self.require_newest, prompts)

    @property
    def has_model(self) -> bool:
        """Whether the settings name a model that can be asked."""
        return bool(self.settings.model or self.settings.remote.url or self.settings.roles.chat)

    def require_newest(self, snapshot: Snapshot) -> None:
        """Raise DocumentChanged if a document no longer has this text."""
        # Versions don't tell: reopened, it counts anew.
        if self._text_of(snapshot.uri) is not snapshot.text:
            raise DocumentChanged("The document has changed meanwhile; ask for the actions again.")

    def configure(self, raw: object) -> list[str]:
        """Use new settings; return what is wrong with them, a sentence each.

        The engine is replaced only if its own settings have changed.
        """
        settings, problems = parse(raw)
        before, self.settings = self.settings, settings
        if _engine_settings(before) != _engine_settings(settings):
            if self._engine is not None:
                self._leave_completer()
                _keep(self._engine.close(), self._closing)
                self._engine = None
                self.warm_up()
        elif self._completer is not None:
            self._completer.settings = settings.completion
        if before.feedback != settings.feedback:
            self._remember(settings.feedback.enabled)
        if before.workspace != settings.workspace and self._on_indexing is not None:
            self._leave_completer()
            self._leave_folder()
            self.open_folder(self._on_indexing)
        return problems

    def warm_up(self) -> None:
        """Get the engine ready behind the user's back. Trouble shows in its status."""
        engine = self.engine()

        async def wait() -> None:
            with contextlib.suppress(FimbleError):
                await engine.info()

        self.spawn(wait())

    def keep_stats(self, on_news: Callable[[], None]) -> None:
        """Save what is counted now and then; `on_news` hears of it."""
        self.spawn(self.stats.keep(on_news))
        self.spawn(self.feedback.keep())

    def close_document(self, uri: str) -> None:
        """Forget a document."""
        self.documents.close(uri)
        self.feedback.closed(uri)
        self.lightbulb.forget(uri)
        if self._completer is not None:
            self._completer.forget(uri)

    async def close(self) -> None:
        """End everything that runs, and the engine and those before it."""
        self._leave_completer()
        for task in self._tasks:
            task.cancel()
        if self._engine is not None:
            _keep(self._engine.close(), self._closing)
        self._leave_folder()
        await asyncio.gather(*self._closing)
        await self.feedback.close()
        await self.stats.save()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background, and keep hold of it so that it is not collected."""
        _keep(work, self._tasks)

    async def _look_for_sandbox(self) -> None:
        self.can_test = await asyncio.to_thread(_has_sandbox)

    def _text_of(self, uri: str) -> Text | None:
        try:
            return self.documents.get(uri).text
        except UsageError:
            return None

    def _remember(self, wanted: bool) -> None:
        """Keep what is counted over restarts, or delete what was kept."""
        self.stats.store(wanted)
        self.feedback.outcomes = self.outcomes if wanted else None
        if not wanted:
            _keep(self._delete_counts(), self._closing)

    async def _delete_counts(self) -> None:
        try:
            await self.stats.delete()
            await self.outcomes.delete()
        except OSError as error:
            logger.error("what was counted could not be deleted: %s", describe(error))

    def _leave_folder(self) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            _keep(folder.close(), self._closing)

    def _leave_completer(self) -> None:
        completer, self._completer = self._completer, None
        if completer is not None:
            completer.close()

    def _listener(self, number: int) -> StatusListener:
        """A listener that falls silent when its engine has been replaced."""

        def listen(status: EngineStatus) -> None:
            if number == self._engines_opened:
                self._on_status(status)

        return listen


def _keep(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _engine_settings(settings: Settings) -> tuple[object, ...]:
    which = settings.model, settings.endpoints, settings.roles
    return (*which, settings.local, settings.remote, settings.chat)


def _has_sandbox() -> bool:
    from lsp_server.agent.commands.sandbox import find_sandbox  # no start should wait for it

    return find_sandbox() is not None
