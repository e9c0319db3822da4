"""Whether a fix is good in the eyes of the tool that told what is wrong, and of the tests."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from lsp_server.actions.action import Change, Mend
from lsp_server.actions.pieces import piece_at
from lsp_server.actions.tested import tested_name
from lsp_server.actions.verify import edited
from lsp_server.core.text import decode
from lsp_server.errors import FimbleError

if TYPE_CHECKING:
    from pathlib import Path

    from lsp_server.agent.checkers import Checker
    from lsp_server.agent.workflows.verify import Outcome
    from lsp_server.core.reports import Report
    from lsp_server.edge.server import FimbleServer


_STILL = "The tool still reports the same."


class Checking:
    """Asks them, for one fix. What can't be run, or isn't trusted, says nothing."""

    def __init__(self, server: FimbleServer, mend: Mend) -> None:
        self._server = server
        self._mend = mend
        self._checker: Checker | None = None
        self._before: list[Report] | None = None
        self._is_ready = False
        self._tests: Outcome | None = None
        self._were_run = False

    async def flaw(self, change: Change) -> str:
        """See `tries.Check`."""
        if not await self._trusts():
            return ""
        after = await asyncio.to_thread(edited, self._mend.request.syntax, change.edits)
        if after is None:
            return ""
        return await self._tool(after.data) or await self._nearest_tests(after.data)

    async def _nearest_tests(self, data: bytes) -> str:
        """Whether a test fails that did not."""
        syntax, place = self._mend.request.syntax, self._mend.diagnostic
        path = self._mend.request.around.path
        piece = await asyncio.to_thread(piece_at, syntax, place.start, place.end)
        name = tested_name(piece) if piece is not None and syntax.grammar == "python" else ""
        if not name or not path or not self._server.session.can_test:
            return ""
        room = await self._server.chat.room()
        try:
            if not self._were_run:
                self._were_run = True
                self._tests = await room.tested(name, path)
            if self._tests is None:
                return ""
            now = await room.tested(name, path, decode(data))
        except FimbleError:  # they can't be run
            return ""
        if now is None or now.failed <= self._tests.failed:
            return ""
        return f"A test fails: {now.error}"

    async def _tool(self, data: bytes) -> str:
        """Whether what the tool tells is not less, or something new."""
        if not await self._can_tell():
            return ""
        now = await self._reported(data)
        if now is None:
            return ""
        was, is_now = Counter(map(_key, self._before or ())), Counter(map(_key, now))
        for message in is_now - was:
            return f"A tool reports now: {message}"
        gone = was - is_now
        return "" if any(gone[_key(each)] for each in self._told()) else _STILL

    async def _trusts(self) -> bool:
        if self._server.session.root is None:
            return False
        try:
            return await (await self._server.chat.room()).trusts()
        except FimbleError:  # nobody knows
            return False

    async def _can_tell(self) -> bool:
        """Whether it reports what the diagnostic says of the document as it is."""
        if not self._is_ready:
            self._is_ready = True
            self._before = await self._reported(self._mend.request.syntax.data)
        return bool(self._told())

    def _told(self) -> list[Report]:
        """What it reports of the diagnostic's line."""
        line = self._mend.request.syntax.data.count(b"\n", 0, self._mend.diagnostic.start) + 1
        return [each for each in self._before or () if each.frames[-1].line == line]

    async def _reported(self, data: bytes) -> list[Report] | None:
        from lsp_server.agent.checkers import reported  # no start should wait for it

        root, path = self._server.session.root, self._mend.request.around.path
        if root is None or not path:
            return None
        try:
            if self._checker is None:
                self._checker = await self._found(root, path)
            if self._checker is None:
                return None
            return await reported(self._checker, root, {path: data})
        except FimbleError:  # it can't be asked
            return None

    async def _found(self, root: Path, path: str) -> Checker | None:
        from lsp_server.agent.checkers import checker_for

        return await asyncio.to_thread(checker_for, self._mend.diagnostic.source, root, path)


def _key(report: Report) -> str:
    return report.identity[1]
