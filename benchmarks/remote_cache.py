"""What an endpoint's prompt cache spares somebody who types: by its own word, and by time.

So many users type a line each, each in a file of their own, and take turns; what stands around the
line is the same in each request of a user, as Fimble sends it. With `--chats` every user asks for a
chat, too, in the middle of the line. Each answer is read to its end, since most endpoints tell only
there what a request has cost.

Prints one JSON object. `first` are the first requests of the users, `following` all others, `chats`
the chats; tokens are those of prompts, `ms` is the time to the first piece of text. Where an
endpoint does not tell what it had cached, `reused` is 0 and `evaluated` is the whole prompt; where
it tells nothing, both are 0. Without `--remote` a llama-server is started here, and the connections
to it are counted.

    python -m benchmarks.remote_cache --users 3 --slots 1
    python -m benchmarks.remote_cache --remote '{"url": "https://host.example/v1", "model": "M"}'
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import Summary, summary
from benchmarks.relay import Relay, relay
from benchmarks.sources import Source, installed
from lsp_server.core.tokens import estimate
from lsp_server.engines.base import Delta, InfillRequest, Priority, Usage
from lsp_server.engines.chat import ChatEvent, ChatRequest, Message
from lsp_server.engines.remote.engine import RemoteEngine
from lsp_server.models.discover import resolve
from lsp_server.settings import RemoteSettings, parse
from tests.llama_server import llama_server

KEYS_A_REQUEST = 3
"""Characters typed between two requests."""
SUFFIX_PART = 0.25
MAX_TOKENS = 8
CONTEXT_TOKENS = 4096
"""Of each slot."""
BATCH_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody types a line: what stands before and behind it, and the line."""

    prefix: str
    suffix: str
    line: str

    def requests(self) -> Iterator[InfillRequest]:
        """One for every few characters."""
        for end in range(0, len(self.line), KEYS_A_REQUEST):
            yield InfillRequest(self.prefix, self.suffix, MAX_TOKENS, middle=self.line[:end])


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what it has cost."""

    user: int
    seconds: float | None
    """To the first text; None if the model had nothing to say."""
    usage: Usage


def typed(source: Source, tokens: int) -> Typed:
    """The middle of a file, with about so many tokens around the line."""
    lines = source.text.splitlines(keepends=True)
    row = max(range(len(lines) // 3, len(lines) // 2), key=lambda number: len(lines[number]))
    before, after = (
        _within(lines[:row][::-1], round((1 - SUFFIX_PART) * tokens)),
        _within(lines[row + 1 :], round(SUFFIX_PART * tokens)),
    )
    line = lines[row].rstrip("\n")
    code = line.lstrip()
    indentation = line[: len(line) - len(code)]
    return Typed("".join(before[::-1]) + indentation, "\n" + "".join(after), code)


def _within(lines: Sequence[str], tokens: int) -> list[str]:
    taken: list[str] = []
    for line in lines:
        tokens -= estimate(line)
        if tokens < 0:
            break
        taken.append(line)
    return taken


class Session:
    """Asks an engine one thing after the other, and notes what it has cost."""

    def __init__(self, settings: RemoteSettings) -> None:
        self.engine = RemoteEngine(settings, lambda _status: None, self._used)
        self._usage = Usage()
        self.typed: list[Asked] = []
        self.chats: list[Asked] = []

    def _used(self, _priority: Priority, usage: Usage) -> None:
        self._usage = usage

    async def type(self, user: int, request: InfillRequest) -> None:
        """Ask for a suggestion."""
        self.typed.append(await self._ask(user, self.engine.infill(request)))

    async def chat(self, user: int, source: Source, tokens: int) -> None:
        """Ask something about a file."""
        text = "".join(_within(source.text.splitlines(keepends=True), tokens))
        message = Message("user", f"What does this code do?\n\n{text}")
        self.chats.append(
            await self._ask(user, self.engine.chat(ChatRequest((message,), MAX_TOKENS)))
        )

    async def _ask(self, user: int, answer: AsyncGenerator[ChatEvent, None]) -> Asked:
        began, seconds = time.perf_counter(), None
        self._usage = Usage()
        async with aclosing(answer) as events:
            async for event in events:
                if seconds is None and isinstance(event, Delta):
                    seconds = time.perf_counter() - began
        return Asked(user, seconds, self._usage)


@dataclass(frozen=True, slots=True)
class Script:
    """Who types how much; see the command line's options."""

    users: int
    tokens: int
    keys: int
    chats: bool


async def measure(settings: RemoteSettings, script: Script) -> dict[str, Any]:
    """Type at the endpoint."""
    session = Session(settings)
    try:
        info = await session.engine.info()
        sources = installed()[: script.users]
        turns = [list(typed(source, script.tokens).requests())[: script.keys] for source in sources]
        for turn in range(max(map(len, turns))):
            for user, requests in enumerate(turns):
                if turn < len(requests):
                    await session.type(user, requests[turn])
                if script.chats and turn == len(requests) // 2:
                    await session.chat(user, sources[user], script.tokens)
    finally:
        await session.engine.close()
    return {"model": info.model, "fills_gaps": info.template} | report(session.typed, session.chats)


def report(asked: Sequence[Asked], chats: Sequence[Asked]) -> dict[str, Any]:
    """What the first request of each user has cost, and the others."""
    known: set[int] = set()
    first: list[Asked] = []
    following: list[Asked] = []
    for each in asked:
        (following if each.user in known else first).append(each)
        known.add(each.user)
    return {
        "first": _figures(first),
        "following": _figures(following),
        "chats": _figures(chats),
        "requests": [
            [each.user, each.usage.reused_tokens, each.usage.evaluated_tokens] for each in asked
        ],
    }


def _figures(asked: Sequence[Asked]) -> dict[str, Summary]:
    return {
        "prompt": summary([each.usage.prompt_tokens for each in asked]),
        "reused": summary([each.usage.reused_tokens for each in asked]),
        "evaluated": summary([each.usage.evaluated_tokens for each in asked]),
        "ms": summary([1000 * each.seconds for each in asked if each.seconds is not None]),
    }


@asynccontextmanager
async def here(options: argparse.Namespace) -> AsyncGenerator[Relay, None]:
    """A llama-server behind a relay."""
    server = llama_server(
        resolve(options.server),
        context_tokens=CONTEXT_TOKENS * options.slots,
        threads=options.threads,
        batch_tokens=BATCH_TOKENS,
        slots=options.slots,
        cache_ram_mib=options.cache_ram_mib,
    )
    with server as url:
        async with relay(url) as counted:
            yield counted


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure an endpoint, or one that is started for it."""
    script = Script(options.users, options.tokens, options.keys, options.chats)
    if options.remote:
        settings, problems = parse({"remote": json.loads(options.remote)})
        if problems:
            raise SystemExit("\n".join(problems))
        return await measure(settings.remote, script)
    async with here(options) as counted:
        figures = await measure(RemoteSettings(url=counted.url), script)
        return figures | {"slots": options.slots, "connections": counted.connections}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="What an endpoint's prompt cache spares.")
    parser.add_argument("--remote", default="", help="as fimble.remote, a JSON object")
    parser.add_argument("--server", default="qwen2.5-coder-0.5b", help="the model, without it")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cache-ram-mib", type=int, default=8192)
    parser.add_argument("--users", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=400, help="around the line")
    parser.add_argument("--keys", type=int, default=20, help="requests of each user at most")
    parser.add_argument("--chats", action="store_true")
    print(json.dumps(asyncio.run(run(parser.parse_args())), indent=2))


if __name__ == "__main__":
    main()
