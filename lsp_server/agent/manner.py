"""How the model that answers now is asked: with which tools, told of in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.agent import conversation
from lsp_server.agent.conversation import Fitted, Item
from lsp_server.agent.dialect import Dialect
from lsp_server.agent.tools.base import Tool
from lsp_server.core.tokens import estimate
from lsp_server.engines.chat import ChatEngine, ChatInfo, Message

ANSWER_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Manner:
    """Of one engine, in one mode."""

    info: ChatInfo
    dialect: Dialect
    tools: tuple[Tool, ...]
    system: str
    """The first message of each chat."""
    problems: tuple[str, ...] = ()
    """What the user should know of it, one sentence each."""

    def tool(self, name: str) -> Tool:
        """The tool that a call names."""
        return next(tool for tool in self.tools if tool.schema.name == name)

    def told(self, items: Sequence[Item]) -> list[Item]:
        """What was said so far, in the words that this model is asked in."""
        return [item.said(self.dialect.worded(item.message)) for item in items]

    async def fitted(self, engine: ChatEngine, items: Sequence[Item]) -> tuple[Fitted, int]:
        """What the model is told of what was said so far, and how many tokens that takes."""
        system, said = Message("system", self.system), self.told(items)
        room = self.info.context_tokens - ANSWER_TOKENS
        told = conversation.fitted(system, said, room, estimate)
        used = await engine.count_chat(told.messages)
        if used > room:  # the estimate was too low: of this session, so for all of it
            told = conversation.fitted(system, said, room * room // used, estimate)
            used = await engine.count_chat(told.messages)
        return told, used
