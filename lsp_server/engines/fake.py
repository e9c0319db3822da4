"""An engine that says what it was told to say: exact, instant, for tests of everything around it.

The script is a list of replies; each names a text that must end what stands before the answer, the
request's prefix and middle (`after`), and what to answer. The first that fits is used; without any,
the answer is empty. An answer of which a beginning stands there already goes on from there. What is
said in a chat comes from a list of its own (`fake_chat`).
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import (
    MAX_NAMES,
    Delta,
    EngineInfo,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    StatusListener,
    Usage,
    UsageListener,
)
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest, Message
from lsp_server.engines.fake_chat import ChatReply, ChatScript, ScriptedChat, count, words
from lsp_server.errors import EngineCrashed, UsageError


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer, given word by word."""

    after: str
    """The end of prefix and middle that asks for this answer; empty fits always."""
    text: str = ""
    seconds_per_token: float = 0.0
    crash: bool = False
    """Fail with EngineCrashed after the text."""
    shown: str = ""
    """What a piece of another file in the prompt must hold; empty: nothing need be shown."""
    names: str = ""
    """What must be among the names of the request; empty: it need have none."""
    choice: int = 0
    """The choice that the request must make."""
    logprob: float = -0.001
    """Natural-log probability of each word; by default it is sure of itself."""

    def rest(self, request: InfillRequest) -> Reply | None:
        """What is still to be said where a beginning of it stands already; None: not asked for."""
        names = request.names[:MAX_NAMES]
        if not any(self.shown in piece.text for piece in request.context) and self.shown:
            return None
        if self.choice != request.choice or (self.names and self.names not in names):
            return None
        before = request.prefix + request.middle
        for length in range(len(self.text), -1, -1):
            if before.endswith(self.after + self.text[:length]):
                rest = self.text[length:]
                return replace(self, text=rest) if _begins_with(names, rest) else None
        return None


def _begins_with(names: tuple[str, ...], text: str) -> bool:
    """Whether a text begins with one of the names, whole; so does any text if there are none."""
    spelled = "|".join(map(re.escape, names))
    return not names or re.match(rf"(?:{spelled})(?![0-9A-Za-z_\x80-\U0010FFFF])", text) is not None


FIELDS: dict[str, type | tuple[type, ...]] = {
    "after": str,
    "text": str,
    "seconds_per_token": (int, float),
    "crash": bool,
    "shown": str,
    "names": str,
    "choice": int,
    "logprob": (int, float),
}


CHAT_FIELDS: dict[str, type | tuple[type, ...]] = {
    "chat": str,
    "when": str,
    "seconds_per_token": (int, float),
    "crash": bool,
}


@dataclass(frozen=True, slots=True)
class Script:
    """What a file tells the engine to say."""

    replies: list[Reply]
    chat: list[ChatReply]


def read_script(path: Path) -> Script:
    """Read a script. Raises UsageError.

    It is a JSON list of objects with the fields of `Reply`, or those of `ChatReply` but `calls`,
    with `chat` instead of `text`.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The script {path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"The script {path} is not JSON; correct it.") from None
    if not isinstance(entries, list):
        raise UsageError(f"The script {path} must be a JSON list of replies.")
    script = Script([], [])
    for number, entry in enumerate(entries, 1):
        if _is_reply(entry, "after", FIELDS):
            script.replies.append(Reply(**entry))
        elif _is_reply(entry, "chat", CHAT_FIELDS):
            script.chat.append(ChatReply(entry.pop("chat"), **entry))
        else:
            raise UsageError(
                f"Reply {number} of the script {path} must be an object with the text `after` and, "
                "if need be, the texts `text`, `shown` and `names`, the numbers "
                "`seconds_per_token`, `choice` and `logprob`, `crash: true`; or, for a chat, with "
                "the text `chat` and, if need be, `when`, `seconds_per_token` and `crash`."
            )
    return script


def _is_reply(entry: object, name: str, fields: dict[str, type | tuple[type, ...]]) -> bool:
    return (
        isinstance(entry, dict)
        and name in entry
        and all(name in fields and isinstance(entry[name], fields[name]) for name in entry)
    )


class FakeEngine:
    """Engine over a script. `requests` and `chats` keep what was asked last."""

    def __init__(
        self,
        replies: Sequence[Reply],
        on_status: StatusListener | None = None,
        on_usage: UsageListener | None = None,
        *,
        chat: ChatScript = (),
    ) -> None:
        self._replies = replies
        self.scripted_chat = ScriptedChat(chat)
        self._on_status = on_status
        self._on_usage = on_usage
        self.requests: deque[InfillRequest] = deque(maxlen=1000)
        self.chats: deque[ChatRequest] = deque(maxlen=1000)

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the first reply whose `after` ends prefix and middle."""
        self.requests.append(request)
        before = request.prefix + request.middle
        replies = self._replies if request.max_tokens else ()
        reply = next((rest for r in replies if (rest := r.rest(request)) is not None), Reply(""))
        words = re.findall(r"\s*\S+|\s+$", reply.text)
        prompt_tokens = estimate(before + request.suffix)
        usage = Usage(prompt_tokens=prompt_tokens, evaluated_tokens=prompt_tokens)
        try:
            for word in words[: request.max_tokens]:
                await asyncio.sleep(reply.seconds_per_token)
                usage = replace(usage, generated_tokens=usage.generated_tokens + 1)
                first = usage.generated_tokens == 1
                yield Delta(word, (reply.logprob,), usage.evaluated_tokens if first else 0)
            if reply.crash:
                raise EngineCrashed("The scripted engine crashed, as its script says.")
            limited = len(words) > request.max_tokens or not request.max_tokens
            yield Finished("length" if limited else "end", usage)
        finally:
            if self._on_usage is not None:
                self._on_usage(request.priority, usage)

    async def info(self) -> EngineInfo:
        """The fake is always ready, and says so when it is first asked."""
        if self._on_status is not None:
            self._on_status(EngineStatus("ready", "The scripted engine is ready."))
            self._on_status = None
        return EngineInfo(
            "script",
            "fake",
            "none",
            fim_ok=True,
            context_tokens=4096,
            shows_files=True,
            chooses_names=True,
        )

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Stream the next reply that fits."""
        self.chats.append(request)
        reply = self.scripted_chat.next(request)
        said = words(reply, request)
        prompt_tokens = count(request.messages)
        usage = Usage(prompt_tokens=prompt_tokens, evaluated_tokens=prompt_tokens)
        try:
            for word in said[: request.max_tokens]:
                await asyncio.sleep(reply.seconds_per_token)
                usage = replace(usage, generated_tokens=usage.generated_tokens + 1)
                yield Delta(word)
            if reply.crash:
                raise EngineCrashed("The scripted engine crashed, as its script says.")
            for call in reply.calls:
                yield call
            yield Finished("length" if len(said) > request.max_tokens else "end", usage)
        finally:
            if self._on_usage is not None:
                self._on_usage(request.priority, usage)

    async def chat_info(self) -> ChatInfo:
        """What the script says, or all there is."""
        return self.scripted_chat.info

    async def count_chat(self, messages: Sequence[Message]) -> int:
        """The usual estimate."""
        return count(messages)

    def counter(self) -> Counter:
        """The usual estimate."""
        return estimate

    async def close(self) -> None:
        """Nothing to end."""
