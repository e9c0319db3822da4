"""One task, asked in one way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from lsp_server.agent.calls.render import Way, instructions, written
from lsp_server.agent.calls.schema import Call, Piece, Rejected, Tool
from lsp_server.agent.dialect import Answered, Dialect
from lsp_server.agent.probe.tasks import CallTask
from lsp_server.agent.probe.verdict import Made, are_right
from lsp_server.core.prompts import template
from lsp_server.engines.base import Usage
from lsp_server.engines.chat import ChatEngine, Message, NativeCall

MAX_TOKENS = 100
"""Of an answer: enough for any call that is wanted, and for a sentence or two."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a task."""

    task: str
    right: bool
    usage: Usage
    seconds: float
    answer: str
    """As the model wrote it."""


async def call(engine: ChatEngine, task: CallTask, way: Way) -> Trial:
    """Ask for calls. Raises FimbleError."""
    answered, seconds = await ask(engine, _messages(task, way), task.tools, way)
    right = are_right(calls_made(answered.calls), task.wanted, task.tools)
    if not task.wanted:
        right = right and bool(answered.prose.strip()) and task.says in answered.prose
    return Trial(task.id, right, answered.usage, seconds, answered.text)


def calls_made(pieces: Iterable[Piece]) -> list[Made]:
    """The calls of an answer; one that can't be made has no name, so it is never right."""
    return [
        Made(each.name, each.arguments) if isinstance(each, Call) else Made("", {})
        for each in pieces
        if isinstance(each, Call | Rejected)
    ]


async def ask(
    engine: ChatEngine,
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    way: Way = "native",
    max_tokens: int = MAX_TOKENS,
) -> tuple[Answered, float]:
    """An answer and the seconds it took. Raises FimbleError."""
    dialect = Dialect(engine, tools, way, max_tokens=max_tokens)
    answered = Answered()
    started = time.perf_counter()
    async with aclosing(dialect.answer(messages, answered)) as pieces:
        async for _ in pieces:
            pass
    return answered, time.perf_counter() - started


def system(tools: Sequence[Tool], way: Way) -> Message:
    """The first message: the tools and how they are called, and hardly a word more."""
    shown = instructions(tools, way)
    return Message("system", template("agent/probe.md.j2").render(tools=shown))


def _messages(task: CallTask, way: Way) -> list[Message]:
    messages = [system(task.tools, way), Message("user", task.say)]
    if task.done:
        past = Answered(calls=[task.done])
        if way == "native":
            arguments = json.dumps(task.done.arguments)
            past.native = [NativeCall(task.done.name, arguments, id="call_1")]
        else:
            past.text = written(task.done, way)
        messages += [past.message(), past.result(0, task.gave)]
    return messages
