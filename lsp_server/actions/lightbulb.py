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
from lsp_server.errors import DocumentChanged
from lsp_server.workspace.expressions import Outline

MAX_OFFERS = 200
"""Editors ask at each move of the cursor; a menu that is open has been filled lately."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action, and the version of the document that it is for."""

    action: Action
    snapshot: Snapshot


@dataclass(slots=True)
class Lightbulb:
    """One client's. `look` and `learn` take their time, so they may be called in a thread."""

    _offers: OrderedDict[int, Offer] = field(default_factory=OrderedDict)
    _outlines: dict[str, Outline] = field(default_factory=dict)
    _last: int = 0

    def look(self, request: Request, only: Sequence[str] = ()) -> list[Action]:
        """What may be done at a place."""
        return offered(request, only, self._outlines.get(request.snapshot.uri))

    def learn(self, request: Request) -> None:
        """Read what the document defines, for requests to come: in a long one it takes a while."""
        if request.snapshot.syntax is None:
            return
        outline = request.outline()
        if outline.own_symbols or outline.own_imports:
            self._outlines[request.snapshot.uri] = outline

    def keep(self, action: Action, snapshot: Snapshot) -> int:
        """Remember an action that is shown; the number is what it is chosen by."""
        self._last += 1
        self._offers[self._last] = Offer(action, snapshot)
        while len(self._offers) > MAX_OFFERS:
            self._offers.popitem(last=False)
        return self._last

    def chosen(self, number: object) -> Offer:
        """What was shown under a number. Raises DocumentChanged if that is long ago."""
        offer = self._offers.get(number) if isinstance(number, int) else None
        if offer is None:
            raise DocumentChanged("This action was offered long ago; ask for the actions again.")
        return offer

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._outlines.pop(uri, None)
