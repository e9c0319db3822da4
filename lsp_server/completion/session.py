"""A typing session: what is known of the gaps that the user types into, in one document.

A *place* is an anchor and the texts that were generated into its gap. Several are kept, so that a
cursor that jumps away and back finds its suggestions, and the engine the evaluated prompt.

Invariant: a new generation ends those of its session that no key waits for.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from lsp_server.completion.anchor import Anchor, here
from lsp_server.completion.generation import Generation
from lsp_server.completion.stats import Source
from lsp_server.completion.stop import Stopper
from lsp_server.completion.suggested import Fate
from lsp_server.completion.window import Window
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.syntax import grammar_for
from lsp_server.core.text import Point, Text
from lsp_server.engines.base import Engine, Priority
from lsp_server.settings import CompletionSettings
from lsp_server.workspace.expressions import Outline

MAX_PLACES = 6
MAX_GENERATIONS = 16
"""Texts remembered for one place. So few are compared faster than a tree of them is kept."""

READ_SECONDS = 0.5
"""Nobody decides about a suggestion in less time."""


@dataclass(eq=False)
class Place:
    """An anchor and what has been written into its gap, the latest last."""

    anchor: Anchor
    generations: list[Generation] = field(default_factory=list)
    judged: dict[tuple[str, int, bool], str] = field(default_factory=dict)
    """What of texts in the gap may be shown, by what `Verifier.judge` is told of them."""
    outline: Outline | None = None
    """Of the document when the first of them was judged."""

    def take_over(self, other: Place, moved: str) -> None:
        """Remember the texts of another place whose gap began earlier by the text `moved`."""
        for generation in other.generations:
            if generation.ended and generation.text.startswith(moved):
                generation.drop(len(moved))
                self.remember(generation)
        other.generations.clear()

    def remember(self, generation: Generation) -> None:
        """Add a text; those that came to nothing, and the oldest, are forgotten."""
        kept = [known for known in self.generations if known.says_something()]
        self.generations = [*kept[1 - MAX_GENERATIONS :], generation]

    def logprob(self, middle: str, text: str) -> float | None:
        """Natural-log probability that the model gives a text behind `middle`; None: not known."""
        whole = middle + text
        for generation in reversed(self.generations):
            if generation.text.startswith(whole):
                return generation.logprob(len(middle), len(whole))
        return None

    def following(self, middle: str) -> Generation | None:
        """The latest text that goes on from there, or may still turn out to."""
        return next(
            (g for g in reversed(self.generations) if g.error is None and g.agrees(middle)), None
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion that was given: what stood in the gap, and the text to put behind it."""

    place: Place
    middle: str
    text: str
    at: float
    """When, in seconds of the monotonic clock."""

    def fate(self, middle: str, now: float) -> Fate | None:
        """What became of it, now that `middle` stands in the gap.

        More than a character of it at once has been accepted, if it ends with a word, unless it is
        the indentation that editors insert themselves. What is typed over before it can be read is
        not rejected.
        """
        typed = middle[len(self.middle) :]
        if not self.text or not middle.startswith(self.middle) or not typed:
            return None
        if typed.startswith(self.text):
            return "accepted" if len(typed) > 1 and typed.strip() else None
        if self.text.startswith(typed):
            in_a_word = re.match(r"\w\w", self.text[len(typed) - 1 :]) is not None
            one_key = len(typed) == 1 or not typed.strip()
            return None if one_key or in_a_word else "partlyAccepted"
        return "rejected" if now - self.at > READ_SECONDS else None


class TypingSession:
    """The places of one document, the latest used last."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._places: list[Place] = []
        self._running: list[Generation] = []
        self._requests = 0
        self._text: Text | None = None
        self.shown: Shown | None = None
        """The latest suggestion."""

    def notes_typing(self, text: Text) -> bool:
        """Whether the document has changed since the last request: else only the cursor moved."""
        before, self._text = self._text, text
        return before is not None and before is not text

    def anchors(self) -> Iterator[Anchor]:
        """The anchors of all places, the latest used first."""
        return (place.anchor for place in reversed(self._places))

    def forget_files(self, paths: Collection[str] | None) -> None:
        """Give up the places at which pieces of those files are shown; of any file, if None.

        Pieces of the document itself come from its buffer, so they are as good as before.
        """
        self._places = [
            place
            for place in self._places
            if not any(
                paths is None or (piece.path in paths and piece.path != place.anchor.path)
                for piece in place.anchor.context
            )
        ]

    def find(self, snapshot: Snapshot, cursor: Point) -> tuple[Place, str] | None:
        """The place in whose gap the cursor is, and what stands in the gap up to it."""
        for place in reversed(self._places):
            middle = place.anchor.middle(snapshot.text, cursor)
            if middle is not None:
                self._use(place)
                return place, middle
        return None

    def add(self, anchor: Anchor) -> Place:
        """Begin a place."""
        place = Place(anchor)
        self._use(place)
        return place

    def generate(
        self,
        place: Place,
        middle: str,
        max_tokens: int,
        priority: Priority,
        typed: int | None = None,
        names: tuple[str, ...] = (),
        choice: int = 0,
    ) -> Generation:
        """Ask the engine to go on from what stands in the gap; `typed` as in `Generation`.

        `names` and `choice` as in `InfillRequest`.
        """
        self.close()
        request = place.anchor.request(max_tokens, priority, middle)
        request = replace(request, names=names, choice=choice)
        self._requests += 1
        generation = Generation(self._engine, request, typed)
        self._running.append(generation)
        place.remember(generation)
        return generation

    async def follow(
        self,
        place: Place,
        middle: str,
        stopper: Stopper,
        *,
        max_tokens: int,
        priority: Priority,
        due: float = math.inf,
        overdue: float = math.inf,
    ) -> Source:
        """Feed the stopper what comes behind `middle`, from what is there or what is yet to come.

        Returns where the text came from. What has come after `due` seconds must do.
        Raises FimbleError, and TimeoutError if nothing has come after `overdue` seconds.
        """
        generation = place.following(middle)
        source: Source = "remembered" if generation is None or generation.ended else "running"
        fed, extended = len(middle), False
        requests = self._requests
        began = asyncio.get_running_loop().time()
        until = began + due
        while not stopper.done:
            if generation is None or not generation.agrees(middle):
                generation = self.generate(place, middle, max_tokens, priority)
            try:
                async with asyncio.timeout_at(until if until < math.inf else None):
                    grown = await generation.beyond(fed, for_key=priority is Priority.TYPING)
            except TimeoutError:
                if stopper.interrupt():
                    break
                if until >= began + overdue:
                    raise
                until = began + overdue
                continue
            if grown:
                if generation.agrees(middle):
                    stopper.feed(generation.text[fed:])
                    fed = len(generation.text)
                    if until > began + due:  # late as it is, it may as well be whole
                        until = math.inf
            elif generation.ended == "end":
                stopper.finish(complete=True)
                break
            elif generation.ended == "length" and (extended or generation.began >= len(middle)):
                stopper.finish(complete=False)
                break
            else:  # closed, or out of tokens of which some have been typed since
                so_far, typed = generation.text, generation.typed
                generation = self.generate(place, so_far, max_tokens, priority, typed)
                extended = True
        return "model" if self._requests > requests else source

    def claim_tokens(self) -> int:
        """Prompt tokens that were evaluated since the last call, for generations that run."""
        tokens = 0
        for generation in self._running:
            tokens += generation.evaluated_tokens
            generation.evaluated_tokens = 0
        return tokens

    def close(self) -> None:
        """End the generations that no key waits for."""
        for generation in self._running:
            if not generation.keys:
                generation.close()
        self._running = [running for running in self._running if running.keys]

    def rest(self) -> None:
        """Another document is used: what is found of this one may change."""
        self.close()
        for place in self._places:
            place.judged.clear()

    def _use(self, place: Place) -> None:
        if place in self._places:
            self._places.remove(place)
        self._places.append(place)
        del self._places[:-MAX_PLACES]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody types, and how they want it."""

    session: TypingSession
    snapshot: Snapshot
    cursor: Point
    settings: CompletionSettings

    @property
    def grammar(self) -> str | None:
        """Of the document's language."""
        return grammar_for(self.snapshot.language, self.snapshot.uri)

    @property
    def budget(self) -> float:
        """Seconds that a suggestion may take."""
        return self.settings.latency_budget_ms / 1000

    def find(self) -> tuple[Place, str] | None:
        """The place in whose gap the cursor is, and what stands in the gap up to it."""
        return self.session.find(self.snapshot, self.cursor)

    def around(self, place: Place, middle: str) -> Window:
        """What stands around the cursor if `middle` stands in the gap."""
        return here(place.anchor, middle, self.snapshot.text, self.cursor)
