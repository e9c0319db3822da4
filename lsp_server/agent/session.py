"""A chat with a model that reads, edits and runs.

    async with aclosing(session.turn("what does parse() return?")) as events:
        async for event in events: ...

A turn is: the model answers; the calls in its answer are made, each allowed by the user or by the
mode; their results go back to it; and so on until an answer has none. The last event is always a
`TurnEnded`, also when it was cancelled or failed.

Invariant: what has happened is in the store before the next thing begins. So after a crash at most
one call is without a result; `resumed` names it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from lsp_server.agent import conversation, history, mentions
from lsp_server.agent.calls.schema import CUT_OFF, Call, Prose, Rejected, Thought
from lsp_server.agent.conversation import Item
from lsp_server.agent.deeds import Deed, Deeds
from lsp_server.agent.desk import Desk
from lsp_server.agent.dialect import Answered
from lsp_server.agent.events import (
    Event,
    MessageChunk,
    ThoughtChunk,
    TurnEnded,
    UsageNoted,
)
from lsp_server.agent.files.undo import EVERYWHERE
from lsp_server.agent.guard import LoopGuard
from lsp_server.agent.manner import Manner
from lsp_server.agent.permissions import Mode
from lsp_server.agent.store import Store, Stored
from lsp_server.agent.tools.base import Tool, ToolFailed
from lsp_server.agent.workflows.flows import follow
from lsp_server.agent.workflows.size import is_small
from lsp_server.agent.workflows.work import Work
from lsp_server.core.tokens import estimate
from lsp_server.engines.chat import ChatEngine, ChatInfo, Message
from lsp_server.errors import AgentError, ContextExceeded, EngineChanged, FimbleError, describe

logger = logging.getLogger(__name__)

MAX_STEPS = 24
"""Answers of the model in one turn."""
MENTIONS_SHARE = 3
"""What a message points at takes at most this part of the window: a third."""
_WARNING = "You have done this already, with the same result. Do something else, or answer."
UNREADABLE = "a call that could not be made"
_ROUND = "The model went round in circles, so the turn was ended."
_SMALLER = (
    "The model that answered is gone, and the one that stands in for it is too small to go on with "
    "its steps; ask again for what is left to do."
)
_CUT = "The answer is cut off, as it got too long; ask for a part of it."
_TOO_LONG = "The model's window is too small for this task; begin a new session, or ask for less."


@dataclass(slots=True)
class _Turn:
    """One turn while it runs."""

    number: int
    deeds: Deeds
    guard: LoopGuard = field(default_factory=LoopGuard)
    answer: str = ""
    """The text of the last answer."""
    unsaid: Answered = field(default_factory=Answered)
    """The answer that is being given, and is not stored yet."""


PAST_SHARE = 4
"""The last question and its answer take at most a quarter of a small model's window."""


def _is_short(items: Sequence[Item], info: ChatInfo) -> bool:
    return sum(estimate(i.message.content) for i in items) <= info.context_tokens // PAST_SHARE


class Session:
    """See the module's docstring. One turn at a time."""

    def __init__(
        self,
        engine: ChatEngine,
        manner: Manner,
        find_manner: Callable[[], Awaitable[Manner]],
        desk: Desk,
        store: Store,
        stored: Stored,
        notes: Sequence[str] = (),
    ) -> None:
        """`stored` may have turns already, which the model is told again.

        `find_manner` is asked again when another engine answers.
        """
        self.stored = stored
        self.notes = (*notes, *manner.problems)
        """What the user should know of it from the beginning, one sentence each."""
        self._engine = engine
        self._manner = manner
        self._find_manner = find_manner
        self._desk = desk
        self._store = store
        past = history.read(store.entries(stored.id))
        self._items: list[Item] = past.items
        self.last_turn = past.last_turn
        """Number of the latest turn; 0 before the first."""
        self.asked = past.asked
        """What the user said last; empty if he has said nothing."""
        self.interrupted = past.interrupted
        """What was under way when the last turn was ended by a crash; empty if nothing was."""
        self._is_cancelled = self._is_left = False
        self._stoppable: asyncio.Task[None] | None = None
        """The turn, from its first step until its end is being told."""

    async def turn(self, text: str) -> AsyncGenerator[Event, None]:
        """Say something to the model. Raises StoreError if it can't be stored.

        If the iterator is closed early, the turn is cancelled.
        """
        self._is_cancelled = self._is_left = False
        text = text.encode("utf-8", "replace").decode()  # of a terminal with another encoding
        self.asked = text
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.last_turn = self._desk.turn = number = self.last_turn + 1
        turn = _Turn(number, Deeds(number, events.put_nowait, partial(self._note, number)))
        if not self.stored.title:
            await asyncio.to_thread(self._store.name, self.stored.id, text)
            self.stored = await asyncio.to_thread(self._store.get, self.stored.id)
        self._items = history.answered(self._items)
        task = Item(Message("user", text), turn.number, is_task=True)
        await self._add(turn, "user", {"text": text}, task)
        running = asyncio.create_task(self._whole(turn, text))
        running.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            running.result()
        finally:
            self.cancel()
            await asyncio.wait([running])

    def cancel(self, *, is_left: bool = False) -> None:
        """End the turn that runs; its last event still comes. What it did can be undone.

        `is_left`: its client goes away, and the user has not asked for it; it is stored so.
        """
        if not self._is_cancelled:
            self._is_cancelled, self._is_left = True, is_left
        if self._stoppable is not None:
            self._stoppable.cancel()
            self._stoppable = None  # a second time would hit the telling of the end

    def permit(self, mode: Mode) -> None:
        """What may be done without asking from now on, in the turn that runs too."""
        self._desk.permissions.mode = mode

    async def take_back(
        self, turn: int | None = None, paths: Container[str] = EVERYWHERE
    ) -> list[str]:
        """Undo what a turn, or all of them, put into open documents, for `Agent.undo`.

        Returns the paths. Raises UndoRefused.
        """
        return await self._desk.take_back(turn, paths)

    async def _whole(self, turn: _Turn, text: str) -> None:
        ended = TurnEnded("error")
        try:
            if self._is_cancelled:  # before it has begun
                raise asyncio.CancelledError
            self._stoppable = asyncio.current_task()
            info = (await self._manner_now()).info
            room = info.context_tokens // MENTIONS_SHARE
            pointed = await self._look_up_mentions(turn, text, room)
            stepped = None if is_small(info) else await self._steps(turn)
            ended = stepped or await self._workflow(turn, text, pointed)
        except asyncio.CancelledError:
            ended = TurnEnded("cancelled")
        except ContextExceeded:
            ended = TurnEnded("max_tokens", problem=_TOO_LONG)
        except FimbleError as error:
            ended = replace(ended, problem=str(error))
        except Exception as error:  # a fault of ours ends the turn, and not the chat
            logger.error("a turn failed: %s", describe(error))
            kind = type(error).__name__
            ended = replace(ended, problem=f"Fimble itself failed ({kind}); try it in other words.")
        self._stoppable = None
        ended = replace(ended, answer=turn.answer.strip())
        try:
            if turn.unsaid.prose.strip():  # what was said until it was cut off
                said = Message("assistant", turn.unsaid.prose)
                body = history.body(said) | {"prose": said.content.strip()}
                await self._add(turn, "assistant", body, Item(said, turn.number))
            changed = await asyncio.to_thread(self._desk.changed, turn.number)
            usage = turn.deeds.usage and asdict(turn.deeds.usage)
            is_left = self._is_left and ended.reason == "cancelled"
            reason = history.LEFT if is_left else ended.reason
            told = {"reason": reason, "files": changed, "usage": usage}
            await turn.deeds.note("ended", told)
            ended = replace(ended, changed=tuple(changed))
        except FimbleError as error:
            ended = replace(ended, reason="error", problem=str(error))
        turn.deeds.show(ended)

    async def _look_up_mentions(self, turn: _Turn, text: str, room: int) -> str:
        """What the user points at follows his words; what can't be shown is told.

        Returns it, if all of it is there.
        """
        found = await mentions.expanded(self._desk, text, room)
        if found.text:
            await turn.deeds.note("mentions", {"text": found.text})
            self._items[-1] = history.with_mentions(self._items[-1], found.text)
        for name, problem in found.problems.items():
            await turn.deeds.fail(f"Look up @{name}", "read", problem)
        return "" if found.problems else found.text

    async def _manner_now(self) -> Manner:
        """How the engine is asked that answers now; that may be another one than before."""
        if await self._engine.chat_info() != self._manner.info:
            self._manner = await self._find_manner()
        return self._manner

    async def _workflow(self, turn: _Turn, text: str, pointed: str) -> TurnEnded:
        """What a small model does instead of choosing its steps."""
        manner = self._manner
        before = manner.told([item for item in self._items if item.turn == turn.number - 1])
        past = [item.message for item in before] if _is_short(before, manner.info) else []
        joined = conversation.joined(past)
        work = Work(self._desk, self._engine, manner.info, turn.deeds, joined, pointed)
        try:
            await follow(work, text)
        finally:
            turn.answer = work.answer
        message = Message("assistant", work.answer)
        said = history.body(message) | {"prose": work.answer.strip()}
        await self._add(turn, "assistant", said, Item(message, turn.number))
        return TurnEnded("max_tokens", problem=_CUT) if work.was_cut else TurnEnded("end_turn")

    async def _steps(self, turn: _Turn) -> TurnEnded | None:
        """Have the model answer, and do what it calls for, until it calls for nothing.

        None: one answers now that is too small for that, and nothing has been done.
        """
        has_called = False
        for _ in range(MAX_STEPS):
            manner = await self._manner_now()
            if is_small(manner.info):
                return TurnEnded("error", problem=_SMALLER) if has_called else None
            told, used = await manner.fitted(self._engine, self._items)
            turn.deeds.show(UsageNoted(used, manner.info.context_tokens))
            if not told.fits:
                return TurnEnded("max_tokens", problem=_TOO_LONG)
            try:
                answered = await self._answer(manner, told.messages, turn)
            except EngineChanged as changed:  # what was said so far is said again
                turn.deeds.show(ThoughtChunk(f"{changed}\n"))
                if turn.unsaid.prose:
                    turn.deeds.show(MessageChunk("\n\n"))
                turn.unsaid = Answered()
                continue
            turn.answer = answered.prose
            message = answered.message()
            said = history.body(message) | {"prose": answered.prose.strip()}
            await self._add(turn, "assistant", said, Item(message, turn.number))
            turn.unsaid = Answered()
            if not answered.calls:
                if answered.was_cut:
                    return TurnEnded("max_tokens", problem=_CUT)
                return TurnEnded("end_turn")
            has_called = True
            if not await self._all_calls(turn, answered):
                return TurnEnded("refusal", problem=_ROUND)
        return TurnEnded("max_turn_requests", problem="The task took too many steps.")

    async def _answer(self, manner: Manner, messages: Sequence[Message], turn: _Turn) -> Answered:
        """Have the model answer, and show what it says."""
        answered = turn.unsaid = Answered()
        async with aclosing(manner.dialect.answer(messages, answered)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Prose):
                    turn.deeds.show(MessageChunk(piece.text))
                elif isinstance(piece, Thought):
                    turn.deeds.show(ThoughtChunk(piece.text))
        return answered

    async def _all_calls(self, turn: _Turn, answered: Answered) -> bool:
        """Make the calls of an answer; False if the model goes round in circles."""
        for number, made in enumerate(answered.calls):
            if isinstance(made, Rejected):
                verdict = turn.guard.note("", {}, made.text)
                text = made.problem
                await turn.deeds.fail(UNREADABLE.capitalize(), "other", text)
            else:
                text = await self._call(turn.deeds, made)
                verdict = turn.guard.note(made.name, made.arguments, text)
            if verdict != "fine":
                text = f"{text}\n{_WARNING}"
            message = answered.result(number, text)
            subject = self._subject(made)
            item = Item(message, turn.number, subject)
            await self._add(turn, "tool", history.body(message) | {"subject": subject}, item)
            if verdict == "stop":
                return False
        return True

    async def _call(self, deeds: Deeds, call: Call) -> str:
        """Make one call; return what the model is told."""
        tool = self._manner.tool(call.name)
        async with deeds.begin(tool.title(call.arguments), tool.kind) as deed:
            self._desk.output = deeds.output(deed)
            await self._run(tool, deed, call)
        return "\n".join(filter(None, (deed.result.text, deed.result.advice)))

    async def _run(self, tool: Tool, deed: Deed, call: Call) -> None:
        try:
            if CUT_OFF in call.repairs and tool.kind in ("edit", "execute"):
                raise ToolFailed(
                    "The call ended in the middle of a text.", "Write it again, whole."
                )
            result = await tool.run(self._desk, deed.id, call.arguments)
            read_as = f"(Read as: {'; '.join(call.repairs)}.)\n" if call.repairs else ""
            deed.result = replace(result, text=read_as + result.text)
        except (ToolFailed, AgentError) as problem:
            deed.fail(str(problem), problem.advice)
        except FimbleError as problem:
            deed.fail(str(problem))
        except Exception as error:  # one broken tool does not end the turn
            logger.error("the tool %s failed: %s", call.name, describe(error))
            kind = type(error).__name__
            deed.fail(f"The tool itself failed ({kind}).", "Do it another way.")

    def _subject(self, made: Call | Rejected) -> str:
        if isinstance(made, Rejected):
            return UNREADABLE
        return (
            self._manner.tool(made.name).subject(made.arguments) or f"{made.name} {made.arguments}"
        )

    async def _add(
        self, turn: _Turn, kind: str, body: dict[str, Any], item: Item | None = None
    ) -> None:
        await turn.deeds.note(kind, body)
        if item is not None:
            self._items.append(item)

    async def _note(self, turn: int, kind: str, body: dict[str, Any]) -> None:
        await asyncio.to_thread(self._store.append, self.stored.id, turn, kind, body)
