"""Reason free, constrain late: an answer is free until it becomes a call, which a grammar holds.

A model that is held to a schema from its first word on chooses worse than one that may think before
("The Constraint Tax", arXiv 2605.26128), and one that must say whether it needs a tool always says
yes. So the instructions are those of `fenced`, and the answer is free; only where it begins a call
is it stopped, and goes on with a few words of thought, and then by a grammar:

    I will look.                                      free; an answer without a call ends here
    <think>The user wants to see the file.</think>    begun for it, ended freely
    {"name": "read", "arguments": {"path": "a.py"}}   by a grammar
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import astuple, replace

from lsp_server.agent.calls.grammar import call_grammar
from lsp_server.agent.calls.schema import Tool
from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import ChatEngine, ChatEvent, ChatRequest

THOUGHT_TOKENS = 40
_THOUGHT = "<think>The user wants"
_ENDS = (". ", "\n", "<", "?", "!")
_END = ".</think>\n"
_CALL = re.compile(r'^[ \t]*(?:```json|```\s*\{|\{\s*"name|<tool_call>)', re.MULTILINE)
_MAY_BE_CALL = re.compile(r"^[ \t]*(?:[`{<].*|$)", re.DOTALL)


async def chat(
    engine: ChatEngine, request: ChatRequest, tools: Sequence[Tool]
) -> AsyncGenerator[ChatEvent, None]:
    """As `engine.chat`, which must take grammars and beginnings of answers."""
    text, shown = "", 0
    async with aclosing(engine.chat(request)) as events:
        async for event in events:
            if isinstance(event, Finished):
                yield Delta(text[shown:])
                yield event
                return
            if not isinstance(event, Delta):
                yield event
                continue
            text += event.text
            if found := _CALL.search(text):
                break
            if (safe := _safe(text)) > shown:
                yield Delta(text[shown:safe])
                shown = safe
        else:
            return
    begun = text[: found.start()] + _THOUGHT
    ends: list[Finished] = []
    limit = min(THOUGHT_TOKENS, request.max_tokens)
    thinking = replace(request, begun=begun, max_tokens=limit, stop=_ENDS)
    begun += (await _said(engine, thinking, ends)).rstrip(" .") + _END
    calling = replace(request, begun=begun, grammar=call_grammar(tools, "json_bare"))
    call = await _said(engine, calling, ends)
    yield Delta(begun[shown:] + call)
    costs = [astuple(each.usage) for each in ends]
    yield Finished(ends[-1].reason, Usage(*map(sum, zip(*costs, strict=True))))


def _safe(text: str) -> int:
    """How much of a text may be shown: not a last line that may be the beginning of a call."""
    start = text.rfind("\n") + 1
    return start if _MAY_BE_CALL.match(text[start:]) else len(text)


async def _said(engine: ChatEngine, request: ChatRequest, ends: list[Finished]) -> str:
    """The text of an answer; its end is noted."""
    text = ""
    async with aclosing(engine.chat(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                text += event.text
            elif isinstance(event, Finished):
                ends.append(event)
    return text
