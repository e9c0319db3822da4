"""Repair a text step by step: each step is one try that the check likes better than what was.

What costs least is tried first, for all places: fixes by rule, then small changes of the function
around (if the check runs the code: a linter is content with much that is wrong), then the model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

from lsp_server.actions.action import Change, Diagnostic, Edit, Mend, Repair, Request, Surroundings
from lsp_server.actions.asking import Model, NotMade
from lsp_server.actions.mend import mended
from lsp_server.actions.repairs import repairs
from lsp_server.actions.verify import edited, holds
from lsp_server.agent.desk import File
from lsp_server.agent.workflows.mutants import mutants
from lsp_server.agent.workflows.names import around as function_around
from lsp_server.cli.fix_check import Check, Seen
from lsp_server.cli.fix_file import Target
from lsp_server.cli.fix_places import Finder, Place
from lsp_server.core.reports import Report
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import Syntax
from lsp_server.core.text import decode, ending
from lsp_server.errors import FimbleError
from lsp_server.workspace.testfiles import is_test

MAX_BY_RULE = 8
"""Fixes by rule of one place that are tried."""
NOT_BETTER = "The check is not better with it."

Ask = Callable[[], Model]
"""Opens the model. Raises FimbleError if there is none."""


class _Ended(Exception):
    """A try can't be looked at. No FimbleError, which would pass for one of the model."""


class Search:
    """Of one file. `text` is the best so far, and `seen` what the check says of it."""

    def __init__(
        self,
        target: Target,
        check: Check,
        finder: Finder,
        around: Surroundings,
        ask: Ask,
        seen: Seen,
        *,
        is_told: bool,
    ) -> None:
        """`is_told`: a tool has told what is wrong, and judges what is tried. Else only rules that
        are sure count.
        """
        self.text, self.seen = target.text, seen
        self.tries = 0
        self.refusal = ""
        """Why the model can't be asked; empty if it can."""
        self.error: FimbleError | None = None
        """Why the check can't look at any more tries; what was found before counts."""
        self._target, self._check, self._finder = target, check, finder
        self._around, self._ask, self._is_told = around, ask, is_told
        self._tried: set[str] = {target.text}
        self._asked: set[tuple[str, str]] = set()
        self._mutants_end = 0.0

    async def run(self, mutants_end: float) -> None:
        """Go on until nothing improves. `mutants_end`: when no more small changes are tried, by
        `time.monotonic`.
        """
        self._mutants_end = mutants_end
        try:
            while not self.seen.passed and await self._improved():
                pass
        except _Ended:
            return

    def places(self) -> list[Place]:
        """What is wrong with the text in this file."""
        snapshot = self._target.snapshot(self.text)
        return self._finder.places(self.seen.reports, snapshot) if snapshot else []

    async def _improved(self) -> bool:
        snapshot = await asyncio.to_thread(self._target.snapshot, self.text)
        if snapshot is None or snapshot.syntax is None:
            return False
        places = await asyncio.to_thread(self._finder.places, self.seen.reports, snapshot)
        for way in (self._by_rule, self._by_mutant, self._by_model):
            for place in places:
                if await way(snapshot, snapshot.syntax, place):
                    return True
        return False

    async def _by_rule(self, snapshot: Snapshot, syntax: Syntax, place: Place) -> bool:
        request = self._request(snapshot, place.diagnostic)
        for repair, is_sure in await asyncio.to_thread(self._ruled, request):
            gone = place.report if is_sure else None
            if not await self._wrong(_with(syntax, repair.edits), gone):
                return True
        return False

    def _ruled(self, request: Request) -> list[tuple[Repair, bool]]:
        """Fixes by rule that hold, those that are sure first."""
        actions = [each for each in repairs(request, None) if each.is_preferred or self._is_told]
        actions.sort(key=lambda action: not action.is_preferred)
        found = [(a.task, a.is_preferred) for a in actions if isinstance(a.task, Repair)]
        return [each for each in found if holds(request.syntax, each[0])][:MAX_BY_RULE]

    async def _by_mutant(self, snapshot: Snapshot, syntax: Syntax, place: Place) -> bool:
        if not place.report.was_run or is_test(self._target.path.name):
            return False  # of a test, any change that denies what it asks would do
        for text in _mutated(snapshot, syntax, place.line):
            if time.monotonic() > self._mutants_end:
                return False
            if not await self._wrong(text):
                return True
        return False

    async def _by_model(self, snapshot: Snapshot, syntax: Syntax, place: Place) -> bool:
        key = self.text, place.diagnostic.message
        if self.refusal or key in self._asked:
            return False
        self._asked.add(key)
        mend = Mend(self._request(snapshot, place.diagnostic), place.diagnostic)
        try:
            model = self._ask()
            await model.ready_for(None, place.diagnostic.message, "What the check says")
            await mended(mend, model, partial(self._flaw, syntax))
        except NotMade:
            return False
        except FimbleError as error:
            self.refusal = str(error)
            return False
        return True

    async def _flaw(self, syntax: Syntax, change: Change) -> str:
        return await self._wrong(_with(syntax, change.edits))

    def _request(self, snapshot: Snapshot, diagnostic: Diagnostic) -> Request:
        told = (diagnostic,) if self._is_told else ()
        start = diagnostic.start
        return Request(snapshot, start, start, told, self._around, has_model=True)

    async def _wrong(self, text: str | None, gone: Report | None = None) -> str:
        """What is wrong with a try; if nothing, it is taken. `gone`: what it mends for sure."""
        if text is None or text in self._tried:
            return NOT_BETTER
        self._tried.add(text)
        try:
            self._target.encoded(text)
        except UnicodeEncodeError:
            return f"There are characters in it that {self._target.codec} has not."
        self.tries += 1
        try:
            seen = await self._check(text)
        except FimbleError as error:
            self.error = error
            raise _Ended from error
        is_further = gone is not None and seen.is_further(self.seen, gone)
        if not (is_further or seen.is_better(self.seen)):
            return seen.reports[0].message if seen.reports else NOT_BETTER
        self.text, self.seen = text, seen
        return ""


def _with(syntax: Syntax, edits: tuple[Edit, ...]) -> str | None:
    after = edited(syntax, edits)
    return None if after is None else decode(after.data)


def _mutated(snapshot: Snapshot, syntax: Syntax, line: int) -> Iterator[str]:
    """The text with a small change of the function around a line, one after the other."""
    text = str(snapshot.text)
    source = function_around(File(snapshot.uri, text, None), syntax, line)
    if source is None:
        return
    whole, line_end = source.declared.whole, ending(snapshot.text.lines)
    start = whole.start_byte - len(source.indentation)
    before, after = decode(syntax.data[:start]), decode(syntax.data[whole.end_byte :])
    for code in mutants(source):
        code = code.replace("\r\n", "\n").replace("\n", line_end)
        yield before + code + after
