"""Chats answered by the first of several engines that can.

Where one fails before it has said anything, the next one is asked the same. Where one breaks off,
the next one goes on behind what was said if it can be given the beginning of its answer. Else, or
if what is asked is not what the next one takes (tools of its own, a grammar, so many messages),
`EngineChanged` is raised: whoever knows what the chat is about asks again. So it is where a model
on this machine has begun an answer and the next engine is remote: it may have ended within a
credential, which no gate knows by its half.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from lsp_server.engines.base import Delta, Priority
from lsp_server.engines.chat import (
    ChatEngine,
    ChatEvent,
    ChatInfo,
    ChatRequest,
    Message,
    NativeCall,
)
from lsp_server.engines.roles.order import Failed, Member, Order
from lsp_server.errors import ContextExceeded, EngineChanged, FimbleError, UsageError


class Chatting:
    """The half of the engine protocol that chats."""

    def __init__(self, order: Order) -> None:
        self._order = order

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the assistant's next message."""
        failed: Member | None = None
        said, pieces, can_go_on = "", 0, True
        for member in self._order.in_turn():
            if failed is not None:
                can_go_on = can_go_on and (not said or failed.is_remote or not member.is_remote)
                rest = _behind(request, said, pieces) if can_go_on else None
                if rest is None or not await self._takes(member, rest):
                    raise _changed(failed, member)
                request, said, pieces = rest, "", 0
            answer = self._order.heard(member, member.engine.chat(request))
            try:
                async with aclosing(answer) as events:
                    async for event in events:
                        if isinstance(event, Delta):
                            said += event.text
                            pieces += 1
                        elif isinstance(event, NativeCall):
                            can_go_on = False
                        yield event
                return
            except ContextExceeded as error:
                if failed is None:
                    raise
                raise _changed(failed, member) from error  # it is to be told less
            except Failed:
                failed = member
        raise self._order.failure()

    async def chat_info(self) -> ChatInfo:
        """Say how the first engine that gets ready chats."""
        _, info = await self._order.first_able(lambda engine: engine.chat_info())
        return replace(info, is_remote=self._order.is_remote)

    async def count_chat(self, messages: Sequence[Message]) -> int:
        """As the engine counts that is asked first."""
        _, count = await self._order.first_able(lambda engine: engine.count_chat(messages))
        return count

    async def _takes(self, member: Member, request: ChatRequest) -> bool:
        """Whether an engine can be asked this; one that isn't ready will say so when it is."""
        try:
            (await member.engine.chat_info()).check(request)
        except UsageError:
            return False
        except FimbleError:
            return True
        return True


def _changed(failed: Member, member: Member) -> EngineChanged:
    return EngineChanged(f"{failed.failure} {member.name} is asked from now on.")


async def say_a_word(engine: ChatEngine) -> None:
    """Have an engine write one token. Raises FimbleError."""
    request = ChatRequest((Message("user", "Say yes."),), max_tokens=1, priority=Priority.IDLE)
    async with aclosing(engine.chat(request)) as events:
        async for _ in events:
            pass


def _behind(request: ChatRequest, said: str, pieces: int) -> ChatRequest | None:
    """What is still to be asked for when something has been said; None: there is no way to."""
    if not said:
        return request
    if request.grammar or request.tools:  # these are for whole answers
        return None
    left = max(1, request.max_tokens - pieces)  # a piece is a token at least
    return replace(request, begun=request.begun + said, max_tokens=left)
