"""The engine that the rest of Fimble asks: for each role the first one that can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from lsp_server.core.tokens import Counter
from lsp_server.engines.base import EngineInfo, Event, InfillRequest
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, FullEngine, Message
from lsp_server.engines.roles.chatting import Chatting, say_a_word
from lsp_server.engines.roles.filling import Filling, fill_a_gap
from lsp_server.engines.roles.order import Health, Member, Order
from lsp_server.engines.roles.statuses import Statuses


class RoleEngine:
    """See the module's docstring. An engine may have both roles."""

    def __init__(
        self, fim: Sequence[Member], chat: Sequence[Member], statuses: Statuses | None = None
    ) -> None:
        """`statuses` hears of the engines that fill gaps."""
        heard = statuses.changed if statuses else lambda: None
        self._fim = Order("fim", fim, fill_a_gap, heard)
        self._chat = Order("chat", chat, say_a_word)
        if statuses is not None:
            statuses.order = self._fim
        self._orders = (self._fim, self._chat)
        self._filling = Filling(self._fim)
        self._chatting = Chatting(self._chat)

    @classmethod
    def of(cls, name: str, engine: FullEngine) -> RoleEngine:
        """One engine for everything. Not to be used of one that is remote."""
        return cls([Member(name, engine, False)], [Member(name, engine, False)])

    def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the text between prefix and suffix."""
        return self._filling.infill(request)

    async def info(self) -> EngineInfo:
        """Describe the engine that fills gaps now."""
        return await self._filling.info()

    def counter(self) -> Counter:
        """That of the engine that fills gaps now."""
        return self._filling.counter()

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the assistant's next message."""
        return self._chatting.chat(request)

    async def chat_info(self) -> ChatInfo:
        """Say how the engine chats that is asked now."""
        return await self._chatting.chat_info()

    async def count_chat(self, messages: Sequence[Message]) -> int:
        """As the engine counts that is asked now."""
        return await self._chatting.count_chat(messages)

    def stand_ins(self) -> list[str]:
        """Who answers in the place of whom, a sentence each."""
        return list(dict.fromkeys(filter(None, (order.stand_in() for order in self._orders))))

    @property
    def is_several(self) -> bool:
        """Whether there is more than one engine to tell of."""
        return len({member.name for order in self._orders for member in order.members}) > 1

    async def look(self) -> list[Health]:
        """Have each engine do the least of each of its roles, one by one; see `health`."""
        for order in self._orders:
            for member in order.members:
                await order.look(member)
        return self.health()

    def health(self) -> list[Health]:
        """Of each engine in each of its roles, in the user's order."""
        return [health for order in self._orders for health in order.health()]

    async def close(self) -> None:
        """End all engines. Requests still running fail; safe to call twice."""
        for order in self._orders:
            await order.close()
        members = [member for order in self._orders for member in order.members]
        engines = {id(member.engine): member.engine for member in members}.values()
        await asyncio.gather(*(engine.close() for engine in engines))
