"""What belongs at a cursor: written by the model, cut where it is enough, cleaned, and verified."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsp_server.completion import filters
from lsp_server.completion.generation import Generation
from lsp_server.completion.overlap import fit_to_line
from lsp_server.completion.session import Place, Spot
from lsp_server.completion.stats import Source
from lsp_server.completion.stop import Limits, Stopper
from lsp_server.completion.verify import Again, Verifier
from lsp_server.completion.window import Window
from lsp_server.engines.base import Engine, Priority
from lsp_server.errors import FimbleError

OVERDUE = 3
"""An automatic request is given up if no text has come after so many latency budgets: the engine is
busy with something else, and the user has long gone on. The prompt alone may well take a little
more than one, since its size comes from an estimate."""
BLOCK_PART = 0.4
"""A line that is there after this part of the latency budget does not wait for its block."""
DUE_PART = 0.95
"""Part of the latency budget after which what is there must do: the answer has still to be fitted
to the line and to get to the editor."""
ASKED_AGAIN = 3
"""So often the model may mend an answer that names what doesn't exist."""
LIKELY_NAME = math.log(0.03)
"""Less likely names are forced ones: what was meant can't be said here."""
OTHERS = 2
"""Further candidates for who asks explicitly."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text, where it came from, and what it took: time, and prompt tokens evaluated for it."""

    text: str
    """As the model wrote it, up to where it is enough."""
    source: Source
    seconds: float
    evaluated_tokens: int
    partial: bool
    """As in `Stopper`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text to suggest; it replaces so many characters right of the cursor."""

    text: str
    replaced: int


class Writer:
    """Asks one engine."""

    def __init__(self, engine: Engine, verifier: Verifier) -> None:
        self._engine = engine
        self._verifier = verifier

    async def write(
        self, spot: Spot, place: Place, middle: str, until: float
    ) -> tuple[Written, Candidate]:
        """What was written, and what of it may be shown; what is there at `until` must do.

        Where it names what doesn't exist, the model is asked again from there on, if there is time:
        for a name that does, or else for what is next likely.
        Raises FimbleError.
        """
        around = spot.around(place, middle)
        written = await self._follow(spot, place, middle, around, until)
        candidate, again = await self._verified(spot, place, middle, around, written)
        for _ in range(ASKED_AGAIN):
            if again is None or time.monotonic() >= until:
                break
            kept, names = again.kept, again.names
            if names and not (await self._engine.info()).chooses_names:
                names = ()
            spot.session.generate(
                place,
                middle + kept,
                spot.settings.max_tokens,
                Priority.TYPING,
                typed=len(middle),
                names=names,
                choice=0 if names else 1,
            )
            try:
                written = await self._follow(spot, place, middle, around, until)
            except FimbleError:
                break  # what there is has been judged
            mended, more = await self._verified(spot, place, middle, around, written)
            if names and not _is_likely(place, middle, kept, mended.text, names):
                again = Again(kept, ())  # what was meant can't be said there: something else, then
            elif len(mended.text) > len(kept):
                candidate, again = mended, more
            else:
                break
        return written, candidate

    async def _verified(
        self, spot: Spot, place: Place, middle: str, around: Window, written: Written | Stopper
    ) -> tuple[Candidate, Again | None]:
        """What of a text may be shown, and what to ask to mend it."""
        # Both parse, so not on the event loop.
        text, replaced = await asyncio.to_thread(_fitted, written.text, around, spot.grammar)
        verdict = await self._verifier.judge(
            spot, place, middle, text if text.strip() else "", replaced, partial=written.partial
        )
        return Candidate(verdict.text, replaced), verdict.again

    async def _follow(
        self, spot: Spot, place: Place, middle: str, around: Window, until: float
    ) -> Written:
        """What belongs behind the middle: known, on its way, or asked for now. May be empty.

        What is there at `until`, of the monotonic clock, must do.
        """
        now = time.monotonic()
        block_until = until - (DUE_PART - BLOCK_PART) * spot.budget
        limits = Limits(spot.settings.max_lines, lambda: time.monotonic() < block_until)
        stopper = Stopper(around, spot.grammar, limits)
        source: Source = "model"
        try:
            source = await spot.session.follow(
                place,
                middle,
                stopper,
                max_tokens=spot.settings.max_tokens,
                priority=Priority.TYPING,
                due=max(0.0, until - now),
                overdue=math.inf if until == math.inf else OVERDUE * spot.budget,
            )
        except TimeoutError:
            spot.session.close()
        seconds = time.monotonic() - now
        tokens = spot.session.claim_tokens()
        return Written(stopper.text, source, seconds, tokens, stopper.partial)

    async def others(
        self, spot: Spot, place: Place, middle: str, first: str, seconds: float
    ) -> list[Candidate]:
        """More texts than `first` that belong behind the middle, as many as come in time.

        They begin with other tokens. An engine that fails now gives no more.
        """
        found: dict[str, Candidate] = {}
        with contextlib.suppress(TimeoutError, FimbleError):
            async with asyncio.timeout(seconds):
                for choice in range(1, OTHERS + 1):
                    candidate = await self._other(spot, place, middle, choice)
                    found.setdefault(candidate.text, candidate)
        return [candidate for text, candidate in found.items() if text not in ("", first)]

    async def _other(self, spot: Spot, place: Place, middle: str, choice: int) -> Candidate:
        request = place.anchor.request(spot.settings.max_tokens, Priority.TYPING, middle)
        generation = Generation(self._engine, replace(request, choice=choice))
        around = spot.around(place, middle)
        stopper = Stopper(around, spot.grammar, Limits(spot.settings.max_lines))
        try:
            fed = len(middle)
            while not stopper.done:
                if await generation.beyond(fed, for_key=True):
                    stopper.feed(generation.text[fed:])
                    fed = len(generation.text)
                else:
                    stopper.finish(complete=generation.ended == "end")
        finally:
            generation.close()
        candidate, _ = await self._verified(spot, place, middle, around, stopper)
        return candidate


def _fitted(text: str, around: Window, grammar: str | None) -> tuple[str, int]:
    """A text without what does not belong into it, and what it replaces right of the cursor."""
    return fit_to_line(filters.apply(text, around, grammar), around, grammar)


def _is_likely(place: Place, middle: str, kept: str, text: str, names: Sequence[str]) -> bool:
    """Whether the model might have written the name that a text has behind `kept` by itself."""
    begun = [name for name in names if text.startswith(kept + name)]
    if len(text) <= len(kept) or not begun:
        return False
    name = max(begun, key=len)
    logprob = place.logprob(middle + kept, name) if name else None
    return logprob is None or logprob >= LIKELY_NAME
