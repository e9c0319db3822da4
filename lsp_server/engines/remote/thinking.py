"""Chats with models that think: thoughts told apart from answers, and bounded.

A model that is known to think, by its name, its endpoint or its last answer, may write so many
tokens of thought besides its answer. One that goes on thinking is stopped, and asked once more to
answer at once, where the endpoint has a way to say so.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from lsp_server.engines import thoughts
from lsp_server.engines.base import Delta, Finished
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, Thought
from lsp_server.engines.remote.chat import ChatDialect, Spent
from lsp_server.engines.thoughts import Splitter


class Thinking:
    """A dialect, and what is known of its model's thinking."""

    def __init__(self, dialect: ChatDialect, budget: int) -> None:
        """`budget`: tokens of thought before an answer; 0: none, where that can be said."""
        self._dialect = dialect
        self._inside = thoughts.begins_inside(dialect.info.model)
        self._thinks = self._inside or dialect.ways.thinks
        self._told_apart = False
        self._budget = min(budget, dialect.info.context_tokens // 4)

    @property
    def info(self) -> ChatInfo:
        """How it chats; room for thoughts is taken off the context."""
        info = self._dialect.info
        room = self._budget if self._thinks else 0
        return replace(info, context_tokens=info.context_tokens - room)

    async def chat(self, request: ChatRequest, spent: Spent) -> AsyncGenerator[ChatEvent, None]:
        """See `ChatEngine.chat`. Raises RemoteError."""
        if thoughts.are_read_by(request):
            async with aclosing(self._dialect.chat(request, spent, None)) as events:
                async for event in events:
                    yield event
            return
        allowed = self._allowed(request)
        attempt = _Attempt()
        async with aclosing(self._ask(request, spent, allowed, attempt)) as events:
            async for event in events:
                yield event
        if attempt.is_finished:
            return
        if allowed and self._dialect.ways.thinking is not None and not attempt.has_answered:
            attempt = _Attempt()
            async with aclosing(self._ask(request, spent, 0, attempt)) as events:
                async for event in events:
                    yield event
        if not attempt.is_finished:
            yield Finished("length")

    def _allowed(self, request: ChatRequest) -> int | None:
        """Tokens of thought that may come; None: nothing is known of thoughts."""
        if not self._thinks:
            return None
        native = request.tools or any(m.calls or m.call for m in request.messages)
        return 0 if native and not self._dialect.ways.thinks_with_tools else self._budget

    async def _ask(
        self, request: ChatRequest, spent: Spent, allowed: int | None, attempt: _Attempt
    ) -> AsyncGenerator[ChatEvent, None]:
        """Stream an answer; without a `Finished` if there was too much thought in it."""
        left = allowed or request.max_tokens
        splitter = Splitter(begun=self._inside and not self._told_apart)
        async with aclosing(self._dialect.chat(request, spent, allowed)) as events:
            async for event in events:
                if isinstance(event, Thought):
                    self._thinks = self._told_apart = True
                    splitter.told_apart()
                    pieces: list[ChatEvent] = [event]
                elif isinstance(event, Delta):
                    pieces = [*splitter.feed(event.text)]
                elif isinstance(event, Finished):
                    pieces = [*splitter.finish(ended=event.reason == "end"), event]
                    attempt.is_finished = True
                else:
                    pieces = [event]
                thinks = any(isinstance(piece, Thought) for piece in pieces)
                left -= thinks
                if left < 0 and not attempt.is_finished:
                    return
                for piece in pieces:
                    attempt.has_answered |= not isinstance(piece, Thought | Finished)
                    yield piece
                self._thinks |= splitter.thought
                self._inside |= splitter.began_inside


@dataclass(slots=True)
class _Attempt:
    """What came of asking once."""

    is_finished: bool = False
    has_answered: bool = False
