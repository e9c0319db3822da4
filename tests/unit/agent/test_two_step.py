"""An answer that is free until it becomes a call: each step by its own request."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from lsp_server.agent import two_step
from lsp_server.agent.calls.render import instructions
from lsp_server.agent.calls.schema import Call, Prose, Thought
from lsp_server.agent.dialect import Answered, Dialect
from lsp_server.engines.chat import ChatRequest, Message
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from tests.unit.agent.corpus import tools

CALL = '{"name": "read_file", "arguments": {"path": "a.py"}}'


class Model:
    """Says what it is told at each step, and notes what it was asked."""

    def __init__(self, *says: str) -> None:
        self.says = list(says)
        self.asked: list[ChatRequest] = []

    def __call__(self, request: ChatRequest) -> str:
        self.asked.append(request)
        return request.begun + self.says.pop(0)


async def answer(model: Model, max_tokens: int = 100) -> tuple[Answered, list[Prose | Thought]]:
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(model)
    messages = [Message("system", instructions(tools(), "two_step")), Message("user", "Go.")]
    answered = Answered()
    dialect = Dialect(engine, tools(), "two_step", max_tokens=max_tokens)
    async with aclosing(dialect.answer(messages, answered)) as pieces:
        shown = [piece async for piece in pieces]
    assert "".join(each.text for each in shown if isinstance(each, Prose)) == answered.prose
    return answered, shown


@pytest.mark.parametrize(
    "begins", ["```json\n{", "``` {", "{", "  {", "<tool_call>\n{", "```json\n {\n"]
)
async def test_where_a_call_begins_it_is_thought_over_and_held_to_the_grammar(begins: str) -> None:
    model = Model(
        f'I will look.\n{begins}"name": "read_file", wrong', " to see it. And more", " Yes", CALL
    )
    answered, shown = await answer(model)
    assert answered.calls == [Call("read_file", {"path": "a.py"})]
    assert answered.prose.strip() == "I will look."
    thoughts = "".join(piece.text for piece in shown if isinstance(piece, Thought))
    assert thoughts == "The user wants to see it. Can read_file do that? Yes"
    free, thought, check, call = model.asked
    assert (free.begun, free.grammar, thought.grammar) == ("", "", "")
    assert check.grammar == 'root ::= " Yes" | " No"\n'
    assert '\\"read_file\\"' in call.grammar
    assert '\\"search\\"' not in call.grammar
    assert thought.begun == "I will look.\n<think>The user wants"
    assert thought.max_tokens == two_step.THOUGHT_TOKENS
    assert answered.text == call.begun + CALL
    assert answered.usage.generated_tokens == 3 + 1 + len(CALL.split())


async def test_a_tool_that_does_not_fit_is_not_called() -> None:
    model = Model('{"name": "read_file"', " a joke", " No", "Two bytes meet.\n```json\n{}")
    answered, _ = await answer(model)
    assert answered.calls == []
    assert answered.prose.strip() == "Two bytes meet."
    assert model.asked[3].grammar == ""


async def test_a_tool_that_is_made_up_is_chosen_anew() -> None:
    model = Model('{"name": "lines_of_moon"', " lines", " read_file", " Yes", CALL)
    answered, _ = await answer(model)
    assert answered.calls == [Call("read_file", {"path": "a.py"})]
    choice = model.asked[2].grammar
    assert choice.startswith("root ::= ")
    assert all(f'" {tool.name}"' in choice for tool in tools())


@pytest.mark.parametrize(
    "text",
    [
        "It has 12 lines.",
        "So:\n```python\nx = 1\n```\nand\n\n{x} is a set.\n",
        "`read_file` reads <a> file.\n\n```",
        "",
    ],
)
async def test_an_answer_in_words_is_left_alone(text: str) -> None:
    model = Model(text)
    answered, _ = await answer(model)
    assert len(model.asked) == 1
    assert answered.text == text
    assert answered.calls == []


async def test_words_are_shown_as_they_come() -> None:
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(Model("One two.\nThree `four` five"))
    request = ChatRequest((Message("user", "Go."),), 100)
    async with aclosing(two_step.chat(engine, request, tools())) as events:
        pieces = [getattr(event, "text", "") async for event in events]
    assert [piece for piece in pieces if piece] == ["One", " two.", "\nThree", " `four`", " five"]


async def test_no_step_is_longer_than_the_answer_may_be() -> None:
    model = Model('```json\n{"name": "read_file"', " go", " Yes", CALL)
    answered, _ = await answer(model, max_tokens=3)
    assert [each.max_tokens for each in model.asked] == [3, 3, 3, 3]
    assert answered.was_cut
