"""What was offered lately, until one of it is chosen.

An action holds only for the version that it was offered for, so that version is kept with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lsp_server.actions.action import Action, Request
from lsp_server.actions.offer import offered
from lsp_server.core.snapshot import Snapshot
from lsp_server.errors import DocumentChanged
from lsp_server.workspace.expressions import Outline
from lsp_server.workspace.faults import JUDGED

MAX_OFFERS = 500
"""Editors ask at each move of the cursor; a menu that is open has been filled lately."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action, and the version of the document that it is for."""

    action: Action
    snapshot: Snapshot


@dataclass(slots=True)
class Lightbulb:
    """One client's. `look` and `learn` take their time, so they may be called in a thread."""

    _offers: dict[int, Offer] = field(default_factory=dict)
    """Of the newest version of each document alone: what is chosen of another is refused anyway."""
    _outlines: dict[str, Outline] = field(default_factory=dict)
    _last: int = 0

    def look(self, request: Request, only: Sequence[str] = ()) -> list[Action]:
        """What may be done at a place."""
        return offered(request, only, self._outlines.get(request.snapshot.uri))

    def learn(self, request: Request) -> None:
        """Read what the document defines, for requests to come: in a long one it takes a while."""
        syntax = request.snapshot.syntax
        if syntax is not None and syntax.grammar in JUDGED:
            outline = request.outline()
            if any((outline.own_symbols, outline.own_imports)):  # both are read here
                self._outlines[request.snapshot.uri] = outline

    def keep(self, actions: Sequence[Action], snapshot: Snapshot) -> list[int]:
        """Remember actions that are shown; the numbers are what they are chosen by."""
        self._drop(lambda kept: kept.uri == snapshot.uri and kept.text is not snapshot.text)
        while len(self._offers) > MAX_OFFERS:
            del self._offers[next(iter(self._offers))]
        first, self._last = self._last + 1, self._last + len(actions)
        numbers = list(range(first, self._last + 1))
        self._offers.update(
            (number, Offer(action, snapshot))
            for number, action in zip(numbers, actions, strict=True)
        )
        return numbers

    def chosen(self, number: object) -> Offer:
        """What was shown under a number. Raises DocumentChanged if it is out of date."""
        offer = self._offers.get(number) if isinstance(number, int) else None
        if offer is None:
            raise DocumentChanged("This action is out of date; ask for the actions again.")
        return offer

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._outlines.pop(uri, None)
        self._drop(lambda kept: kept.uri == uri)

    def forget_files(self) -> None:
        """What other files tell may be told no more: what was offered by it is out of date."""
        self._outlines.clear()
        self._offers.clear()

    def _drop(self, is_gone: Callable[[Snapshot], bool]) -> None:
        for number in [n for n, offer in self._offers.items() if is_gone(offer.snapshot)]:
            del self._offers[number]
