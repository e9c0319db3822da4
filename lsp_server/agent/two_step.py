"""Reason free, constrain late: a short thought first, then a call that a grammar holds to its form.

A model that is held to a schema from its first word on chooses worse than one that may think before
("The Constraint Tax", arXiv 2605.26128); one that is never held misspells. So an answer is asked
for in steps, each of which goes on where the last one ended:

    <think>I need to see the file first.</think>      free, one line
    read(path="a.py")                                 by a grammar: a call, or `Answer:`
    It has 12 lines.                                  free, after `Answer:`
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import astuple, replace

from lsp_server.agent.calls.grammar import call_grammar
from lsp_server.agent.calls.schema import Tool
from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import ChatEngine, ChatEvent, ChatRequest

THOUGHT_TOKENS = 60
_THINK, _THOUGHT = "<think>", "</think>\n"
_WORDS = "Answer:"


async def chat(
    engine: ChatEngine, request: ChatRequest, tools: Sequence[Tool]
) -> AsyncGenerator[ChatEvent, None]:
    """As `engine.chat`, which must take grammars and beginnings of answers."""
    ends: list[Finished] = []
    thought = _THINK
    yield Delta(_THINK)
    thinking = replace(
        request,
        begun=_THINK,
        max_tokens=min(THOUGHT_TOKENS, request.max_tokens),
        stop=(_THOUGHT[:2], "\n"),
    )
    async for piece in _said(engine, thinking, ends):
        thought += piece.text
        yield piece
    thought += _THOUGHT
    yield Delta(_THOUGHT)
    calling = replace(request, begun=thought, grammar=call_grammar(tools, "python_call", _WORDS))
    call = "".join([piece.text async for piece in _said(engine, calling, ends)])
    if call == _WORDS:
        answering = replace(request, begun=thought + _WORDS)
        async for piece in _said(engine, answering, ends):
            yield piece
    else:
        yield Delta(call)
    costs = [astuple(end.usage) for end in ends]
    yield Finished(ends[-1].reason, Usage(*map(sum, zip(*costs, strict=True))))


async def _said(
    engine: ChatEngine, request: ChatRequest, ends: list[Finished]
) -> AsyncGenerator[Delta, None]:
    """The text of an answer; its end is noted."""
    async with aclosing(engine.chat(request)) as events:
        async for event in events:
            if isinstance(event, Delta):
                yield event
            elif isinstance(event, Finished):
                ends.append(event)
