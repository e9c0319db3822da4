"""What becomes of suggestions: shown, accepted, accepted in part, rejected, and kept for a while.

A client may tell (`fimble/didShow` and so on, `edge/messages.py`). Of one that tells nothing, being
answered counts as shown, and the text tells the rest, as far as it does (`Shown.fate`). What a
client says of a suggestion counts instead of what was guessed of it; and once it has told that
something was shown, accepted or accepted in part, it is believed to tell that of all. What is typed
over is rejected for any client: few tell that.

While one types what is suggested, each key is answered with what is left of it. These answers have
ids of their own, but are one suggestion here, counted once.

Texts of suggestions are held in memory until they are judged; only numbers go to `stats` and
`outcomes`. All methods are for the event loop's thread.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

from lsp_server.completion.kept import KEPT_SHARE, kept_share, surroundings
from lsp_server.completion.outcomes import Outcome, Outcomes
from lsp_server.completion.stats import Stats
from lsp_server.completion.suggested import Fate, Item, Suggested, continues
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point, Text, utf16_index

SETTLED_SECONDS = 30.0
"""So long after its fate, what was accepted is compared with what stands there."""
MAX_OPEN = 64
"""Suggestions whose fate is not settled."""
MAX_ITEMS = 256
"""Answers whose ids are known."""


class Feedback:
    """See the module's docstring."""

    def __init__(
        self,
        stats: Stats,
        text_of: Callable[[str], Text | None] = lambda _uri: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`text_of` gives the present text of a document, None if it is not open."""
        self.outcomes: Outcomes | None = None
        """Where what became of scored suggestions is kept; None: nowhere."""
        self.repository = ""
        """Key of the outcomes (`repository_key`)."""
        self._stats = stats
        self._text_of = text_of
        self._clock = clock
        self._items: OrderedDict[str, Item] = OrderedDict()
        self._open: list[Suggested] = []
        """Not settled, the oldest first."""
        self._current: dict[str, str] = {}
        """Of each document, the id of the last answer."""
        self._tells: set[Fate | Literal["shown"]] = set()
        """What this client has been heard to tell."""
        self._news = asyncio.Event()

    def offer(
        self,
        snapshot: Snapshot,
        start: Point,
        end: Point,
        text: str,
        score: float | None,
        *,
        beside: bool = False,
    ) -> str:
        """A text is going to be suggested in place of what stands from `start` to `end`.

        Returns the answer's id. `score`: how good the suggestion is thought to be, on whatever
        scale; without one its outcome teaches nothing, and is not kept. `beside`: a further
        candidate, which the client may go on to.
        """
        identity = uuid.uuid4().hex
        around = surroundings(snapshot.text, start, end)
        before = None if beside else self._current_item(snapshot.uri)
        begins = None if before is None else continues(before.of, snapshot.text, start, text)
        if before is not None and begins is not None:
            suggestion = before.of
            suggestion.text = max(suggestion.text, suggestion.text[:begins] + text, key=len)
        else:
            if not beside:
                self._give_way(snapshot.uri)
            begins = 0
            now = self._clock()
            suggestion = Suggested(snapshot.uri, snapshot.language, start, text, score, now)
            self._open.append(suggestion)
            if len(self._open) > MAX_OPEN:
                self._end(self._open[0])
        if not beside:
            self._current[snapshot.uri] = identity
        self._items[identity] = Item(suggestion, begins, text, around)
        if len(self._items) > MAX_ITEMS:
            self._items.popitem(last=False)
        return identity

    def answered(self, identity: str) -> None:
        """The client has been given it; it shows it, unless it is one that tells so itself."""
        if "shown" not in self._tells:
            self._set_shown(identity)

    def shown(self, identity: str) -> None:
        """The client has shown it."""
        if identity in self._items:
            self._tells.add("shown")
            self._set_shown(identity)

    def accepted(self, identity: str) -> None:
        """The client has inserted all of it."""
        item = self._items.get(identity)
        if item is not None:
            self._tells.add("accepted")
            self._take(item, len(item.text), told=True)

    def partly_accepted(self, identity: str, units: int) -> None:
        """The client has inserted so many UTF-16 units of it, counted from its beginning."""
        item = self._items.get(identity)
        if item is not None and units > 0:
            self._tells.add("partlyAccepted")
            self._take(item, utf16_index(item.text, units), told=True)

    def rejected(self, identity: str) -> None:
        """The client has dismissed it. What was accepted of it before still is."""
        item = self._items.get(identity)
        if item is not None and not (item.of.told and item.of.last):
            self._decide(item.of, "rejected", told=True)

    def guess(self, uri: str, fate: Fate, characters: int) -> None:
        """The text of a document tells what became of the last suggestion for it.

        `characters` were typed or inserted since.
        """
        item = self._current_item(uri)
        if item is None or fate in self._tells or item.of.told:
            return
        if fate != "rejected":
            self._take(item, characters, told=False)
        elif item.of.fate is None:  # what was accepted in part before still is
            self._decide(item.of, fate, told=False)

    def closed(self, uri: str) -> None:
        """The document has been closed: what was accepted in it can't be judged any more."""
        self._give_way(uri)
        for suggestion in [each for each in self._open if each.uri == uri]:
            self._end(suggestion)

    async def keep(self) -> None:
        """Settle what is due, for ever."""
        while True:
            await self._news.wait()
            self._news.clear()
            while (due := min(map(_due, self._open), default=float("inf"))) < float("inf"):
                await asyncio.sleep(max(0.0, due - self._clock()))
                await self.settle()

    async def settle(self) -> None:
        """Judge what was accepted long enough ago; what is settled goes to the outcomes."""
        now = self._clock()
        for suggestion in [each for each in self._open if _due(each) <= now]:
            text, around = self._text_of(suggestion.uri), suggestion.around
            accepted = suggestion.text[suggestion.first : suggestion.last]
            if around is not None and accepted and text is not None:
                share = await asyncio.to_thread(kept_share, around, accepted, text)
                suggestion.kept = None if share is None else share >= KEPT_SHARE
            if not suggestion.settled:  # else the document was closed meanwhile
                self._end(suggestion)
        if self.outcomes is not None:
            await self.outcomes.save()

    async def close(self) -> None:
        """The server ends: what is open is settled as it is."""
        for suggestion in list(self._open):
            self._end(suggestion)
        if self.outcomes is not None:
            await self.outcomes.save()

    def _current_item(self, uri: str) -> Item | None:
        return self._items.get(self._current.get(uri, ""))

    def _give_way(self, uri: str) -> None:
        """The last suggestion for a document is no longer there to be taken."""
        item = self._current_item(uri)
        self._current.pop(uri, None)
        if item is not None:
            item.of.current = False
            if item.of.fate is None:
                item.of.since = self._clock()
            self._news.set()

    def _set_shown(self, identity: str) -> None:
        item = self._items.get(identity)
        if item is not None and not item.of.shown:
            item.of.shown = True
            self._count(item.of)

    def _take(self, item: Item, characters: int, *, told: bool) -> None:
        """So many characters of an answer are in the document now; some may have been before."""
        suggestion = item.of
        if suggestion.settled:
            return
        if not suggestion.last or (told and not suggestion.told):
            suggestion.around = item.around
            suggestion.first = suggestion.last = item.begins
            suggestion.fate = None
        last = item.begins + min(characters, len(item.text))
        suggestion.last = max(suggestion.last, last)
        whole = characters >= len(item.text) or suggestion.fate == "accepted"
        self._decide(suggestion, "accepted" if whole else "partlyAccepted", told=told)

    def _decide(self, suggestion: Suggested, fate: Fate, *, told: bool) -> None:
        if suggestion.settled:
            return
        suggestion.fate = fate
        suggestion.told = suggestion.told or told
        suggestion.since = self._clock()
        if fate == "rejected":
            suggestion.around, suggestion.first, suggestion.last = None, 0, 0
        elif told:
            suggestion.shown = True  # else it could not have been accepted
        self._count(suggestion)
        self._news.set()

    def _end(self, suggestion: Suggested) -> None:
        """Its fate is final, and so is what is known of its text."""
        suggestion.settled = True
        if suggestion in self._open:
            self._open.remove(suggestion)
        self._count(suggestion)
        if self.outcomes is None or suggestion.score is None or not suggestion.shown:
            return
        lines = suggestion.text.count("\n") + 1
        outcome = Outcome(
            time.time(), suggestion.language, suggestion.score, lines, suggestion.verdict()
        )
        self.outcomes.add(self.repository, outcome)

    def _count(self, suggestion: Suggested) -> None:
        """Tell the statistics what is different from what they were told before."""
        worth = suggestion.worth()
        change = {
            name: worth[name] - suggestion.counted[name]
            for name in {*worth, *suggestion.counted}
            if worth[name] != suggestion.counted[name]
        }
        suggestion.counted = worth
        if change:
            self._stats.suggestion(suggestion.language, change)


def _due(suggestion: Suggested) -> float:
    """When it is to be settled. One that is still there may yet be taken."""
    if suggestion.fate is None and suggestion.current:
        return float("inf")
    return suggestion.since + SETTLED_SECONDS
