"""Reason free, constrain late: a few words of thought, then a call by a grammar.

A model that is held to a schema from its first word on chooses worse than one that may think before
("The Constraint Tax", arXiv 2605.26128); one that is never held misspells, and calls a function
rather than none. So an answer is asked for in steps, each of which goes on where the last ended:

    <think>The user wants to see the file.            begun for it, ended freely
    The function for exactly that is read.</think>    one of the names, or `none`, by a grammar
    read(path="a.py")                            by a grammar; if it was none, free
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import astuple, replace

from lsp_server.agent.calls.grammar import call_grammar, choice_grammar
from lsp_server.agent.calls.schema import Tool
from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import ChatEngine, ChatEvent, ChatRequest

THOUGHT_TOKENS = 40
_THOUGHT, _CHOICE, _END = (
    "<think>The user wants",
    ". The function for exactly that is",
    ".</think>\n",
)
_ENDS = (". ", "\n", "<", "?", "!")
_NONE = "none"


async def chat(
    engine: ChatEngine, request: ChatRequest, tools: Sequence[Tool]
) -> AsyncGenerator[ChatEvent, None]:
    """As `engine.chat`, which must take grammars and beginnings of answers."""
    ends: list[Finished] = []
    limit = min(THOUGHT_TOKENS, request.max_tokens)
    thinking = replace(request, begun=_THOUGHT, max_tokens=limit, stop=_ENDS)
    begun = _THOUGHT + (await _said(engine, thinking, ends)).rstrip(" .") + _CHOICE
    grammar = choice_grammar([f" {name}" for name in (*(tool.name for tool in tools), _NONE)])
    name = await _said(engine, replace(request, begun=begun, grammar=grammar), ends)
    begun += name + _END
    yield Delta(begun)
    chosen = [tool for tool in tools if tool.name == name.strip()]
    grammar = call_grammar(chosen, "python_call") if chosen else ""
    async with aclosing(engine.chat(replace(request, begun=begun, grammar=grammar))) as events:
        async for event in events:
            if not isinstance(event, Finished):
                yield event
                continue
            costs = [astuple(each.usage) for each in (*ends, event)]
            yield replace(event, usage=Usage(*map(sum, zip(*costs, strict=True))))


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
