"""Changes that are worked out and tried, but made by nobody: the user gets them as an edit.

    draft = Draft(journal, library, decisions, buffers)
    said = await drafted(draft, engine, "write", "parse", "Write a test for `parse`.", show)
    draft.changes

Commands are run in the sandbox alone, read-only, and see what is drafted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.decisions import Decisions
from lsp_server.agent.deeds import Deeds, Show
from lsp_server.agent.desk import Buffers, Change, Desk, File, require_sound
from lsp_server.agent.files.journal import Journal
from lsp_server.agent.permissions import Permissions
from lsp_server.agent.workflows.flows import Flow, carry_out
from lsp_server.agent.workflows.names import named
from lsp_server.agent.workflows.repair import repair_tests
from lsp_server.agent.workflows.router import Route
from lsp_server.agent.workflows.verify import Outcome, run_tests, tests_about
from lsp_server.agent.workflows.work import Work
from lsp_server.agent.workflows.write_test import write_test
from lsp_server.engines.chat import ChatEngine
from lsp_server.errors import AgentError
from lsp_server.workspace.index import Index

TEST_SECONDS = 20.0
"""For tests that nobody has asked for."""
Task = Literal["write", "pass"]
"""Write a test of a function; make the tests of a function pass, or one test by its id."""


class Draft(Desk):
    """A desk at which nothing is written."""

    def __init__(
        self, journal: Journal, library: Index, decisions: Decisions, buffers: Buffers | None
    ) -> None:
        # What was asked for needs the tests, and in the sandbox these can do no harm.
        super().__init__("", journal, library, Permissions("all", decisions), buffers=buffers)
        self._drafts: dict[str, Change] = {}
        self._open: dict[str, str] = {}
        """What was read of documents that are open in the editor."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """One for each file, from what was read first to what was drafted last."""
        return tuple(self._drafts.values())

    async def read(self, path: str) -> File:
        """As a desk does, but with what is drafted."""
        draft = self._drafts.get(self.workspace.relative(path))
        if draft is not None:
            return replace(draft.file, text=draft.text)
        file = await super().read(path)
        if file.document is None:
            self._open[file.path] = file.text
        return file

    async def land(self, call: str, changes: Sequence[Change]) -> list[str]:  # noqa: ARG002
        """Draft changes. Raises AgentError if they do not parse, or can't be shown to commands."""
        await require_sound(changes)
        if not await asyncio.to_thread(self.can_show, changes):
            raise AgentError("This can't be tried without writing it; ask for it in the chat.")
        for change in changes:
            first = self._drafts.get(change.path, change)
            self._drafts[change.path] = replace(first, text=change.text)
        return []

    async def unsaved(self) -> dict[str, bytes]:
        """What commands are shown."""
        told = {path: text.encode("utf-8", "replace") for path, text in self._open.items()}
        return told | {path: change.data for path, change in self._drafts.items()}


async def drafted(
    draft: Draft, engine: ChatEngine, does: Task, subject: str, text: str, show: Show
) -> str:
    """Have something worked out; return what is said about it. Raises FimbleError.

    `text` is what is asked for, in words; `show` hears what is done.
    """
    info = await engine.chat_info()
    work = Work(draft, engine, info, Deeds(1, show, _note))
    await carry_out(_FLOWS[does], work, text, Route("write_test", subject))
    return work.answer.strip()


async def tested(
    draft: Draft, engine: ChatEngine, subject: str, path: str, text: str | None
) -> Outcome | None:
    """What the nearest tests of a function say, with another text of its file if that is given.

    None if there are none, or they can't be run. Raises FimbleError.
    """
    found = [each for each in await named(draft, subject, path) if each.file.path == path]
    tests = await tests_about(draft, found[0]) if found else []
    if not tests:
        return None
    work = Work(draft, engine, await engine.chat_info(), Deeds(1, lambda _: None, _note))
    changes = [] if text is None else [Change(found[0].file, text)]
    draft.limits = Limits(seconds=TEST_SECONDS)
    outcome = await run_tests(work, tests, changes)
    return outcome if outcome.ran else None


async def _note(kind: str, body: dict[str, Any]) -> None:
    """There is no session to resume."""


_FLOWS: Mapping[Task, Flow] = {"write": write_test, "pass": repair_tests}
