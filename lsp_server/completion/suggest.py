"""From a cursor to a suggestion.

A key is answered with what is known already, where the text agrees with it: a suggestion that is
being typed, a generation under way, an earlier text. Only else is the model asked, and then about
the middle that has grown by a key (`anchor`). What is left of the time goes into the next keys
(`spare`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lsp_server.completion import price
from lsp_server.completion.feedback import Feedback
from lsp_server.completion.freeze import Freezer, Parse
from lsp_server.completion.price import Priced
from lsp_server.completion.project import Project
from lsp_server.completion.rhythm import Rhythm
from lsp_server.completion.sendable import Sendable
from lsp_server.completion.session import Place, Shown, Spot, TypingSession
from lsp_server.completion.spare import SpareTime
from lsp_server.completion.stats import Stats
from lsp_server.completion.tact import is_in_prose, splits_word
from lsp_server.completion.verify import Verifier
from lsp_server.completion.window import clean
from lsp_server.completion.writer import DUE_PART, Candidate, Writer
from lsp_server.core.snapshot import Snapshot
from lsp_server.core.text import Point
from lsp_server.engines.base import Engine
from lsp_server.settings import CompletionSettings

PATIENCE = 3
"""An explicit request may take so many times the latency budget."""
MAX_SESSIONS = 32
"""Documents whose typing sessions are kept."""
LATEST = 0.2
"""Weight of the latest time in what is expected of the next."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text that replaces what stands between `start`, the cursor, and `end` on the same line."""

    text: str
    start: Point
    end: Point
    identity: str
    """By which `Feedback` knows it."""
    priced: Priced
    """What an automatic request is given of it."""


class Completer:
    """Asks one engine for suggestions.

    Invariant: from the moment it is asked, a request ends those before it for the same document
    that are automatic, or for another text. What they had the engine write goes on as long as it
    agrees with the text.
    """

    def __init__(
        self,
        engine: Engine,
        settings: CompletionSettings,
        parse: Parse | None = None,
        stats: Stats | None = None,
        project: Project | None = None,
        feedback: Feedback | None = None,
        root: Path | None = None,
    ) -> None:
        """`parse` and `project` as in `Freezer`; `root` as in `private`, where no project is."""
        self.settings = settings
        self._engine = engine
        self._sendable = Sendable(engine, project.root if project else root)
        self._stats = stats or Stats()
        self._feedback = feedback or Feedback(self._stats)
        self._parse = parse
        self._rhythm = Rhythm()
        self._freezer = Freezer(engine, self._sendable, parse, project)
        self._writer = Writer(engine, Verifier(parse, project))
        self._spare = SpareTime(engine, self._freezer)
        self._sessions: dict[str, TypingSession] = {}
        """By URI, the latest used last."""
        self._running: dict[asyncio.Task[Suggestion | None], _Asked] = {}
        self._first_words = Expected()
        self._whole_answer = Expected()
        """Seconds that the model takes for them in a known place."""

    async def suggest(
        self, snapshot: Snapshot, cursor: Point, *, invoked: bool
    ) -> Suggestion | None:
        """Return what belongs at the cursor, or None if there is nothing to say.

        `invoked`: the user asked for it, so it may take more context, and time to end a block.
        Raises FimbleError. If the caller is cancelled and does not ask again soon, the generation
        ends.
        """
        if not invoked:
            settings = self.settings
            if not settings.automatic or snapshot.language in settings.disabled_languages:
                return None
            if splits_word(snapshot, cursor):
                return None
        for older, asked in self._running.items():
            if asked.is_ended_by(snapshot):
                older.cancel()
        session = self._session(snapshot.uri)
        spot = Spot(session, snapshot, cursor, self.settings)
        task = asyncio.create_task(self._suggest(spot, invoked=invoked))
        self._running[task] = _Asked(snapshot, invoked)
        try:
            await asyncio.wait([task])
            return None if task.cancelled() else task.result()
        finally:
            task.cancel()
            del self._running[task]
            if not self._running and (not task.done() or task.cancelled()):
                self._spare.abandon(session)

    async def others(self, snapshot: Snapshot, first: Suggestion) -> list[Suggestion]:
        """Return further suggestions for who asked for the first, as many as come in time."""
        session = self._sessions.get(snapshot.uri)
        if session is None:  # closed meanwhile
            return []
        spot = Spot(session, snapshot, first.start, self.settings)
        found = spot.find()
        if found is None or not await self._may_be_asked(spot, found[0]):
            return []
        candidates = await self._writer.others(spot, *found, first.text, spot.budget)
        return [
            self._offer(spot, each, Priced(each.text, None), beside=True) for each in candidates
        ]

    def warm_up(self, snapshot: Snapshot, cursor: Point) -> None:
        """The user has gone there, and may soon type: get the engine ready for it."""
        spot = Spot(self._session(snapshot.uri), snapshot, cursor, self.settings)
        if self.settings.automatic and spot.find() is None:
            self._spare.warm_up(spot)

    def forget(self, uri: str) -> None:
        """The document has been closed."""
        for task, asked in self._running.items():
            if asked.snapshot.uri == uri:
                task.cancel()
        self._spare.stop()
        session = self._sessions.pop(uri, None)
        if session is not None:
            session.close()

    def forget_files(self, paths: Collection[str] | None) -> None:
        """Files of the project have changed: what they said before is not shown again.

        None: any of them.
        """
        self._sendable.forget()
        for session in self._sessions.values():
            session.forget_files(paths)

    def close(self) -> None:
        """End what goes on behind the user's back."""
        self._spare.stop()
        for session in self._sessions.values():
            session.close()

    def _session(self, uri: str) -> TypingSession:
        """The typing session of a document, which is now the latest used; others come to rest."""
        self._spare.stop()
        session = self._sessions.pop(uri, None) or TypingSession(self._engine)
        for other in self._sessions.values():
            other.rest()
        self._sessions[uri] = session
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions))).close()
        return session

    async def _suggest(self, spot: Spot, *, invoked: bool) -> Suggestion | None:
        began = time.monotonic()
        typed = spot.session.notes_typing(spot.snapshot.text)
        if not await self._sendable.may_be_sent(spot.snapshot.uri):
            return None
        await self._leave_hidden(spot.session)
        known = spot.find()
        if known is None and not invoked:
            parsed = spot.snapshot if self._parse is None else await self._parse(spot.snapshot)
            if is_in_prose(parsed, spot.cursor):
                return None
        place, middle = known or await self._freeze(spot, invoked=invoked)
        self._note_fate(spot, place, middle, began)
        if typed and not invoked:
            self._rhythm.key(began)
            if known and place.following(middle) is None:
                spot.session.close()
                await asyncio.sleep(self._rhythm.delay(await self._predicted()))
        if not await self._may_be_asked(spot, place):  # files may have changed meanwhile
            return None
        until = math.inf if invoked else began + DUE_PART * spot.budget
        written, candidate = await self._writer.write(spot, place, middle, until)
        if invoked and not candidate.text:  # who asked would rather see something else
            others = await self._writer.others(spot, place, middle, "", spot.budget)
            candidate = next(iter(others), candidate)
        text = candidate.text
        seconds = time.monotonic() - began
        if known and written.source == "model":
            self._whole_answer.learn(written.seconds)
            self._first_words.learn(place.generations[-1].seconds_to_text or written.seconds)
        self._stats.answered(
            seconds, written.source, written.evaluated_tokens, spot.snapshot.language
        )
        priced = await self._priced(spot, place, middle, text)
        if not invoked:
            text = priced.worth
        spot.session.shown = Shown(place, middle, text, time.monotonic())
        self._spare.use(spot, place, middle + text)
        if not text:
            return None
        return self._offer(spot, Candidate(text, candidate.replaced), priced)

    async def _priced(self, spot: Spot, place: Place, middle: str, text: str) -> Priced:
        outcomes = self._feedback.outcomes
        history = await outcomes.latest(self._feedback.repository) if outcomes else ()
        left = spot.snapshot.text.lines[spot.cursor.row][: spot.cursor.column]
        return price.priced(
            text,
            lambda part: place.logprob(middle, part),
            at_line_start=not left.strip(),
            minimum=spot.settings.min_confidence,
            shifted=price.shift(history),
        )

    def _offer(
        self, spot: Spot, candidate: Candidate, priced: Priced, *, beside: bool = False
    ) -> Suggestion:
        start, text = spot.cursor, candidate.text
        end = Point(start.row, start.column + candidate.replaced)
        score = priced.confidence if text == priced.worth else None
        identity = self._feedback.offer(spot.snapshot, start, end, text, score, beside=beside)
        return Suggestion(text, start, end, identity, priced)

    async def _freeze(self, spot: Spot, *, invoked: bool) -> tuple[Place, str]:
        """A new place at the cursor, and what stands in its gap."""
        seconds = spot.budget * PATIENCE if invoked else spot.budget
        anchor = await self._freezer.anchor(spot, seconds)
        middle = spot.snapshot.text.slice(anchor.start, spot.cursor)
        return spot.session.add(anchor), clean(middle)

    async def _leave_hidden(self, session: TypingSession) -> None:
        """Give up the places at which something is shown that the engine may see no more."""
        shown = {path for anchor in session.anchors() for path in anchor.files}
        if hidden := await self._sendable.hidden(shown):
            session.forget_files(hidden)

    async def _may_be_asked(self, spot: Spot, place: Place) -> bool:
        """Whether the engine may see the document, and all that is shown beside it."""
        is_sendable = await self._sendable.may_be_sent(spot.snapshot.uri)
        return is_sendable and not await self._sendable.hidden(place.anchor.files)

    async def _predicted(self) -> float:
        """Seconds after which a key that comes earlier makes a generation worthless.

        Where computing costs nothing but time, it is worth something from its first words on.
        """
        free = await self._spare.is_free()
        return (self._first_words if free else self._whole_answer).seconds

    def _note_fate(self, spot: Spot, place: Place, middle: str, now: float) -> None:
        """See from the text what has become of the suggestion before: accepted, or typed over."""
        shown = spot.session.shown
        fate = shown.fate(middle, now) if shown and shown.place is place else None
        if shown is None or fate is None:
            return
        (self._rhythm.rejected if fate == "rejected" else self._rhythm.accepted)(now)
        self._feedback.guess(spot.snapshot.uri, fate, len(middle) - len(shown.middle))


@dataclass(slots=True)
class Expected:
    """A time that is expected again: a mean in which the latest counts most."""

    seconds: float = 0.0

    def learn(self, seconds: float) -> None:
        """It has taken so long."""
        self.seconds += LATEST * (seconds - self.seconds)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request that runs is about."""

    snapshot: Snapshot
    invoked: bool

    def is_ended_by(self, newer: Snapshot) -> bool:
        """Whether it is of no use once something is asked of that snapshot."""
        if self.snapshot.uri != newer.uri:
            return False
        return not self.invoked or self.snapshot.text is not newer.text
