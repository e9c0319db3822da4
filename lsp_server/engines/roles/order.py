"""The engines of one role, in the user's order, and which of them are down."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from lsp_server.engines.chat import FullEngine
from lsp_server.errors import (
    ContextExceeded,
    EngineUnavailable,
    FimbleError,
    RemoteError,
    UsageError,
)

E = TypeVar("E")
T = TypeVar("T")
Role = Literal["fim", "chat"]
State = Literal["unused", "ready", "down"]


REST_SECONDS = 15.0
"""How long an engine that broke off an answer is left alone, at least; twice as long each further
time, but for no more than four minutes."""
MAX_DOUBLINGS = 4
LOOK_SECONDS = 60.0
"""The least may take as long as loading a model does."""


class Failed(Exception):
    """An engine could not answer; its order knows why."""


@dataclass(slots=True, eq=False)
class Member:
    """One engine in a role."""

    name: str
    """What the user calls it."""
    engine: FullEngine
    is_remote: bool
    patience_seconds: float = math.inf
    """What it may be waited for in vain, in requests that were cancelled one after the other."""
    failure: FimbleError | None = None
    """Why it is down; None: it is not, as far as is known."""
    answered: int = 0
    """Requests."""
    failed: int = 0
    first_word_seconds: float | None = None
    """What the latest answer took to begin."""
    silent_seconds: float = 0.0
    """Waited for in vain since its latest word."""
    broken_off: int = 0
    """Answers one after the other that ended in their middle."""
    rests_until: float = 0.0
    """Before that, by `time.monotonic`, it is not tried again."""
    trying: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def state(self) -> State:
        """As far as is known."""
        if self.failure is not None:
            return "down"
        return "unused" if self.first_word_seconds is None else "ready"


@dataclass(frozen=True, slots=True)
class Health:
    """How an engine does in a role, for the user."""

    role: Role
    name: str
    state: State
    message: str
    """Why it is down; else empty."""
    answered: int
    failed: int
    first_word_seconds: float | None
    """See `Member`."""


class Order:
    """See the module's docstring."""

    def __init__(
        self,
        role: Role,
        members: Sequence[Member],
        get_ready: Callable[[FullEngine], Awaitable[None]],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """`get_ready` has an engine do the least that the role is, and fails if it can't.

        `on_change` hears when one goes down or comes up.
        """
        self.members = tuple(members)
        self._role: Role = role
        self._get_ready = get_ready
        self._on_change = on_change
        self._is_closed = False

    @property
    def is_remote(self) -> bool:
        """Whether something that is asked may leave the machine."""
        return any(member.is_remote for member in self.members)

    @property
    def first(self) -> Member:
        """Which is asked first now."""
        return self._sorted()[0]

    def in_turn(self) -> list[Member]:
        """Which to ask one after the other: those that are down come last.

        If one is up, those that are down are tried behind the user's back. How often they are
        really asked is theirs to bound: each has pauses of its own after a failure.
        """
        found = self._sorted()
        if found[0].failure is None and not self._is_closed:
            for member in found:
                if self._may_be_tried(member):
                    member.trying = asyncio.create_task(self._try(member))
        return found

    async def heard(
        self, member: Member, events: AsyncGenerator[E, None]
    ) -> AsyncGenerator[E, None]:
        """What an engine answers; what becomes of it is noted.

        Raises Failed if it can't answer, and what says nothing of it; see `note_failure`.
        """
        asked_at, has_begun = time.monotonic(), False
        try:
            async with aclosing(events):
                async for event in events:
                    if not has_begun:
                        has_begun = True
                        self._note_begin(member, asked_at)
                    yield event
        except FimbleError as error:
            self.note_failure(member, error, midway=has_begun)
            raise Failed from error
        except (asyncio.CancelledError, GeneratorExit):
            if not has_begun:
                self._note_silence(member, asked_at)
            raise
        member.broken_off = 0

    async def first_able(self, ask: Callable[[FullEngine], Awaitable[T]]) -> tuple[Member, T]:
        """The first engine that tells what is asked of it, and what it tells."""
        for member in self.in_turn():
            try:
                return member, await ask(member.engine)
            except FimbleError as error:
                self.note_failure(member, error)
        raise self.failure()

    def note_failure(self, member: Member, error: FimbleError, *, midway: bool = False) -> None:
        """An engine could not do what was asked; `midway`: it had begun to.

        Raises `error` if that says nothing of it, or if no other engine may be asked any more.
        """
        if self._is_closed or isinstance(error, UsageError | ContextExceeded):
            raise error
        member.failed += 1
        if midway:  # one token, for which it is tried, would tell nothing
            member.broken_off += 1
            rest = REST_SECONDS * 2 ** min(member.broken_off - 1, MAX_DOUBLINGS)
            member.rests_until = time.monotonic() + rest
        self._set(member, error)

    def _note_begin(self, member: Member, asked_at: float) -> None:
        """An engine has begun to answer what was asked then, by `time.monotonic`."""
        member.answered += 1
        member.first_word_seconds = time.monotonic() - asked_at
        self._set(member, None)

    def _note_silence(self, member: Member, asked_at: float) -> None:
        """A request was cancelled before an engine had said anything.

        Whoever types cancels each request with the next key, so no other clock would run out.
        """
        member.silent_seconds += time.monotonic() - asked_at
        is_alone = len(self.members) == 1 or self._is_closed
        if not is_alone and member.silent_seconds > member.patience_seconds:
            error = RemoteError(f"{member.name} has not answered for a while; see its log.")
            self.note_failure(member, error)

    def failure(self) -> FimbleError:
        """Why nobody answers."""
        down = [(member.name, member.failure) for member in self.members if member.failure]
        if not down:
            return EngineUnavailable("The engine has been closed.")
        if len(self.members) == 1:
            return down[0][1]
        told = " ".join(f"{name}: {failure}" for name, failure in down)
        return EngineUnavailable(f"No engine can answer. {told}")

    def stand_in(self) -> str:
        """Which engine answered in the place of which, in a sentence; empty if none did."""
        wanted, first = self.members[0], self.first
        if wanted.failure is None or first.failure is not None:
            return ""
        return f"{first.name} stands in for {wanted.name}: {wanted.failure}"

    def health(self) -> list[Health]:
        """Of each engine, in the user's order."""
        return [
            Health(
                self._role,
                member.name,
                member.state,
                str(member.failure or ""),
                member.answered,
                member.failed,
                member.first_word_seconds,
            )
            for member in self.members
        ]

    async def close(self) -> None:
        """Try no longer, and go on with nothing: engines are about to end one after the other."""
        self._is_closed = True
        trying = [member.trying for member in self.members if member.trying]
        for task in trying:
            task.cancel()
        await asyncio.gather(*trying, return_exceptions=True)

    def _may_be_tried(self, member: Member) -> bool:
        is_down = member.failure is not None and member.trying is None
        return is_down and time.monotonic() >= member.rests_until

    def _sorted(self) -> list[Member]:
        return sorted(self.members, key=lambda member: member.failure is not None)

    async def look(self, member: Member) -> None:
        """Have an engine do the least; it is up if it can, else down."""
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._get_ready(member.engine)
        except TimeoutError:
            self._set(member, RemoteError(f"{member.name} did nothing for {LOOK_SECONDS:g} s."))
        except FimbleError as error:
            self._set(member, error)
        else:
            member.first_word_seconds = time.monotonic() - asked_at
            self._set(member, None)

    async def _try(self, member: Member) -> None:
        try:
            await self.look(member)
        finally:
            member.trying = None

    def _set(self, member: Member, failure: FimbleError | None) -> None:
        was_down, member.failure = member.failure is not None, failure
        member.silent_seconds = 0
        if was_down != (failure is not None):
            self._on_change()
