"""What is done in a turn: shown as it happens, and in the store before it begins.

deeds = Deeds(turn, show, note)
async with deeds.begin("Read calc.py", "read") as deed:
    deed.result = Result(...)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lsp_server.agent.events import (
    Event,
    ToolKind,
    ToolStarted,
    ToolStatus,
    ToolUpdated,
    UsageNoted,
)
from lsp_server.agent.tools.base import Result, ToolFailed
from lsp_server.errors import FimbleError

Show = Callable[[Event], None]
Note = Callable[[str, dict[str, Any]], Awaitable[None]]
"""Puts an entry of that kind into the store (`history`)."""


@dataclass(slots=True)
class Deed:
    """One of them, while it is done."""

    id: str
    """Of the call that the user sees."""
    result: Result = field(default_factory=lambda: Result(""))
    failed: bool = False

    def fail(self, problem: str, advice: str = "") -> None:
        """Have it end so: a sentence for all, and what a model is told besides."""
        self.failed, self.result = True, Result(problem, advice=advice)


class Deeds:
    """Of one turn."""

    def __init__(self, turn: int, show: Show, note: Note) -> None:
        self.note = note
        self.usage: UsageNoted | None = None
        """The latest that was shown."""
        self._show = show
        self._turn = turn
        self._count = 0

    def show(self, event: Event) -> None:
        """Tell the user."""
        if isinstance(event, UsageNoted):
            self.usage = event
        self._show(event)

    @asynccontextmanager
    async def begin(self, title: str, kind: ToolKind) -> AsyncIterator[Deed]:
        """Do something. A ToolFailed or FimbleError is shown as its end, and goes on."""
        self._count += 1
        deed = Deed(f"{self._turn}.{self._count}")
        self.show(ToolStarted(deed.id, title, kind))
        await self.note("call", {"id": deed.id, "title": title, "kind": kind})
        self.show(ToolUpdated(deed.id, "in_progress"))
        try:
            yield deed
        except (ToolFailed, FimbleError) as problem:
            deed.fail(str(problem))
            await self._end(deed)
            raise
        await self._end(deed)

    async def fail(self, title: str, kind: ToolKind, problem: str) -> None:
        """Tell of something that can't even be begun."""
        async with self.begin(title, kind) as deed:
            deed.fail(problem)

    def output(self, deed: Deed) -> Callable[[str], None]:
        """Shows what comes meanwhile."""
        return lambda text: self.show(ToolUpdated(deed.id, "in_progress", text))

    async def _end(self, deed: Deed) -> None:
        result = deed.result
        for diff in result.diffs[:-1]:
            self.show(ToolUpdated(deed.id, "in_progress", diff=diff))
        last = result.diffs[-1] if result.diffs else None
        status: ToolStatus = "failed" if deed.failed else "completed"
        self.show(ToolUpdated(deed.id, status, result.text, last, result.locations))
        await self.note("called", {"id": deed.id, "failed": deed.failed})
