"""Reason free, constrain late: an answer is free until it becomes a call, then thought over.

A model that is held to a schema from its first word on chooses worse than one that may think before
("The Constraint Tax", arXiv 2605.26128), and a small one that is asked which tool it needs never
says none. So the instructions are those of `fenced`, and the answer is free; where it begins a call
it is stopped once the tool is named, and goes on in steps:

    I will look.                                       free; an answer without a call ends here
    <think>The user wants to see the file.             begun for it, ended freely
    Can read do that? Yes                              yes or no, by a grammar
    </think>
    {"name": "read", "arguments": {"path": "a.py"}}    by a grammar; if it was no, in words
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import astuple, replace
from typing import Any

from lsp_server.agent.calls.grammar import call_grammar, choice_grammar
from lsp_server.agent.calls.names import Toolbox
from lsp_server.agent.calls.schema import Tool
from lsp_server.engines.base import Delta, Finished, Usage
from lsp_server.engines.chat import ChatEngine, ChatEvent, ChatRequest

THOUGHT_TOKENS = 40
_THOUGHT, _ENDS = "<think>The user wants", (". ", "\n", "<", "?", "!")
_WHICH = " The function for that is"
_CHECK, _YES, _NO = " Can {} do that?", " Yes", " No"
"""Asked so, a 1.5B model leans neither way; "Is it exactly that?" it nearly always denied."""
_END = "</think>\n"
_CALL = re.compile(r'^[ \t]*(?:```json|```\s*\{|\{\s*"name|<tool_call>)', re.MULTILINE)
_NAME = re.compile(r'"name"\s*:\s*"([^"\n]*)"')
_LONGEST = 100
"""Characters of a call in which its tool is named, or not at all."""
_MAY_BE_CALL = re.compile(r"^[ \t]*(?:[`{<].*|$)", re.DOTALL)
_NO_CALL = ("```json", '{"name"', "<tool_call>")


async def chat(
    engine: ChatEngine, request: ChatRequest, tools: Sequence[Tool]
) -> AsyncGenerator[ChatEvent, None]:
    """As `engine.chat`, which must take grammars and beginnings of answers."""
    text, shown = "", 0
    async with aclosing(engine.chat(request)) as events:
        async for event in events:
            if isinstance(event, Finished):
                if _CALL.search(text):
                    break
                yield Delta(text[shown:])
                yield event
                return
            if isinstance(event, Delta):
                text += event.text
            else:
                yield event
            call = _CALL.search(text)
            if call and (_NAME.search(text, call.start()) or len(text) > call.start() + _LONGEST):
                break
            if not call and (safe := _safe(text)) > shown:
                yield Delta(text[shown:safe])
                shown = safe
    call = _CALL.search(text)
    assert call is not None  # else it has returned
    named = _NAME.search(text, call.start())
    tool = Toolbox(tools).find(named[1], typos=True) if named else None
    yield Delta(text[shown : call.start()])
    answer = _Answer(engine, request, text[: call.start()])
    async with aclosing(answer.rest(tools, tool)) as pieces:
        async for piece in pieces:
            yield piece
    yield answer.finished()


class _Answer:
    """One that goes on behind `text`, by several requests."""

    def __init__(self, engine: ChatEngine, request: ChatRequest, text: str) -> None:
        self._text = text
        self._engine = engine
        self._request = request
        self._ends: list[Finished] = []

    def finished(self) -> Finished:
        """Its end, with the costs of all steps."""
        costs = [astuple(each.usage) for each in self._ends]
        return Finished(self._ends[-1].reason, Usage(*map(sum, zip(*costs, strict=True))))

    async def rest(self, tools: Sequence[Tool], tool: Tool | None) -> AsyncGenerator[Delta, None]:
        """The thought, then the call or words. `tool`: what was named, if there is such a one."""
        start = len(self._text)
        self._text += _THOUGHT
        limit = min(THOUGHT_TOKENS, self._request.max_tokens)
        await self._say(max_tokens=limit, stop=_ENDS)
        self._text = self._text.rstrip(" .") + "."
        if tool is None:
            self._text += _WHICH
            name = await self._say(grammar=choice_grammar([f" {each.name}" for each in tools]))
            tool = next(each for each in tools if each.name == name.strip())
            self._text += "."
        self._text += _CHECK.format(tool.name)
        fits = await self._say(grammar=choice_grammar([_YES, _NO])) == _YES
        self._text += _END
        yield Delta(self._text[start:])
        how: dict[str, Any] = (
            {"grammar": call_grammar([tool], "json_bare")} if fits else {"stop": _NO_CALL}
        )
        async for piece in self._go_on(**how):
            yield piece

    async def _say(self, **how: Any) -> str:
        return "".join([piece.text async for piece in self._go_on(**how)])

    async def _go_on(self, **how: Any) -> AsyncGenerator[Delta, None]:
        """What comes next; it is part of the text from then on."""
        request = replace(self._request, begun=self._text, **how)
        async with aclosing(self._engine.chat(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    self._text += event.text
                    yield event
                elif isinstance(event, Finished):
                    self._ends.append(event)


def _safe(text: str) -> int:
    """How much of a text may be shown: not a last line that may be the beginning of a call."""
    start = text.rfind("\n") + 1
    return start if _MAY_BE_CALL.match(text[start:]) else len(text)
