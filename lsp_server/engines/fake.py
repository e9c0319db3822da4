"""An engine that says what it was told to say: exact, instant, for tests of everything around it.

The script is a list of replies; each names a text that must stand in the prompt's prefix (`after`)
and what to answer. The first that fits is used; without any, the answer is empty.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_server.core.tokens import Counter, estimate
from lsp_server.engines.base import (
    Delta,
    EngineInfo,
    EngineStatus,
    Event,
    Finished,
    InfillRequest,
    StatusListener,
    Usage,
)
from lsp_server.errors import EngineCrashed, UsageError


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer, given word by word."""

    after: str
    """The end of the prefix that asks for this answer; empty fits always."""
    text: str = ""
    seconds_per_token: float = 0.0
    crash: bool = False
    """Fail with EngineCrashed after the text."""


FIELDS: dict[str, type | tuple[type, ...]] = {
    "after": str,
    "text": str,
    "seconds_per_token": (int, float),
    "crash": bool,
}


def read_script(path: Path) -> list[Reply]:
    """Read a script: a JSON list of objects with the fields of `Reply`. Raises UsageError."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The script {path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"The script {path} is not JSON; correct it.") from None
    if not isinstance(entries, list):
        raise UsageError(f"The script {path} must be a JSON list of replies.")
    for number, entry in enumerate(entries, 1):
        if not _is_reply(entry):
            raise UsageError(
                f"Reply {number} of the script {path} must be an object with the text `after` and, "
                "if need be, the text `text`, the number `seconds_per_token`, `crash: true`."
            )
    return [Reply(**entry) for entry in entries]


def _is_reply(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and "after" in entry
        and all(name in FIELDS and isinstance(entry[name], FIELDS[name]) for name in entry)
    )


class FakeEngine:
    """Engine over a script. `requests` keeps what was asked."""

    def __init__(self, replies: Sequence[Reply], on_status: StatusListener | None = None) -> None:
        self._replies = replies
        self._on_status = on_status
        self.requests: list[InfillRequest] = []

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Event, None]:
        """Stream the first reply whose `after` ends the prefix."""
        self.requests.append(request)
        reply = next((r for r in self._replies if request.prefix.endswith(r.after)), Reply(""))
        words = re.findall(r"\s*\S+|\s+$", reply.text)
        for word in words[: request.max_tokens]:
            await asyncio.sleep(reply.seconds_per_token)
            yield Delta(word, (-0.1,))
        if reply.crash:
            raise EngineCrashed("The scripted engine crashed, as its script says.")
        usage = Usage(prompt_tokens=estimate(request.prefix + request.suffix))
        yield Finished("end" if len(words) <= request.max_tokens else "length", usage)

    async def info(self) -> EngineInfo:
        """The fake is always ready, and says so when it is first asked."""
        if self._on_status is not None:
            self._on_status(EngineStatus("ready", "The scripted engine is ready."))
            self._on_status = None
        return EngineInfo("script", "fake", "none", fim_ok=True, context_tokens=4096)

    def counter(self) -> Counter:
        """The usual estimate."""
        return estimate

    async def close(self) -> None:
        """Nothing to end."""
