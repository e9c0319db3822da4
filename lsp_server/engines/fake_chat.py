"""The chat of the scripted engine: what it says, in the order it was told to say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_server.core.tokens import estimate
from lsp_server.engines.chat import ChatInfo, ChatRequest, Message, NativeCall
from lsp_server.engines.stops import Stops
from lsp_server.errors import ContextExceeded

INFO = ChatInfo("script", 8192, takes_grammar=True, takes_begun=True, native_tools=True)
"""It takes all there is: the script decides what comes of it."""


@dataclass(frozen=True, slots=True)
class ChatReply:
    """One scripted message, given word by word. One that begins as was asked for goes on there."""

    text: str
    when: str = ""
    """What the last message must hold; empty fits always."""
    calls: tuple[NativeCall, ...] = ()
    """Told behind the text."""
    seconds_per_token: float = 0.0
    crash: bool = False
    """Fail with EngineCrashed after the text."""


ChatScript = Sequence[ChatReply | str] | Callable[[ChatRequest], ChatReply | str]
"""Replies of which each is given once, the first that fits; or what makes one of a request."""


class ScriptedChat:
    """What is left of a script. When there is nothing more to say, answers are empty."""

    def __init__(self, script: ChatScript, info: ChatInfo = INFO) -> None:
        self._script = script if callable(script) else list(map(_reply, script))
        self.info = info

    def next(self, request: ChatRequest) -> ChatReply:
        """Take the reply to a request. Raises UsageError or ContextExceeded, as real engines do."""
        self.info.check(request)
        if count(request.messages) >= self.info.context_tokens:
            raise ContextExceeded("The chat is longer than the script's context.")
        if callable(self._script):
            return _reply(self._script(request))
        last = request.messages[-1].content if request.messages else ""
        reply = next((reply for reply in self._script if reply.when in last), ChatReply(""))
        if reply in self._script:
            self._script.remove(reply)
        return reply


def words(reply: ChatReply, request: ChatRequest) -> list[str]:
    """What a reply says to a request, however long, up to the first stop."""
    stops = Stops(request.stop)
    text = stops.feed(reply.text.removeprefix(request.begun)) + stops.rest()
    return re.findall(r"\s*\S+|\s+$", text)


def count(messages: Sequence[Message]) -> int:
    """Tokens of a prompt, by the usual estimate."""
    return sum(estimate(message.content) for message in messages)


def _reply(reply: ChatReply | str) -> ChatReply:
    return ChatReply(reply) if isinstance(reply, str) else reply
