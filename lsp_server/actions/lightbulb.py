"""What was offered lately, until one of it is chosen.

An action holds only for the version that it was offered for, so that version is kept with it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_server.actions.action import Action, Request
from lsp_server.actions.offer import offered
from lsp_server.core.snapshot import Snapshot
from lsp_server.workspace.expressions import Outline

MAX_OFFERS = 200
"""Editors ask at each move of the cursor; a menu that is open has been filled lately."""
MAX_OUTLINES = 8
"""Documents whose last outline is kept."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action, and the version of the document that it is for."""

    action: Action
    snapshot: Snapshot


@dataclass(slots=True)
class Lightbulb:
    """One client's. `look` may be called in any thread, one at a time for each document."""

    _offers: OrderedDict[int, Offer] = field(default_factory=OrderedDict)
    _outlines: OrderedDict[str, Outline] = field(default_factory=OrderedDict)
    _last: int = 0

    def look(self, request: Request, only: Sequence[str] = ()) -> list[Action]:
        """What may be done at a place."""
        uri = request.snapshot.uri
        actions = offered(request, only, self._outlines.get(uri))
        if request.snapshot.syntax is not None and uri not in self._outlines:
            self._outlines[uri] = request.outline()
            while len(self._outlines) > MAX_OUTLINES:
                self._outlines.popitem(last=False)
        return actions

    def keep(self, action: Action, snapshot: Snapshot) -> int:
        """Remember an action that is shown; the number is what it is chosen by."""
        self._last += 1
        self._offers[self._last] = Offer(action, snapshot)
        while len(self._offers) > MAX_OFFERS:
            self._offers.popitem(last=False)
        return self._last

    def chosen(self, number: object) -> Offer | None:
        """What was shown under a number; None if that is long ago."""
        return self._offers.get(number) if isinstance(number, int) else None

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._outlines.pop(uri, None)
