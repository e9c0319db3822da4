"""A thought, a choice, a call: each by its own request, together one answer."""

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


class Model:
    """Says what it is told at each step, and notes what it was asked."""

    def __init__(self, *says: str) -> None:
        self.says = list(says)
        self.asked: list[ChatRequest] = []

    def __call__(self, request: ChatRequest) -> str:
        self.asked.append(request)
        return request.begun + self.says.pop(0)


async def answer(model: Model) -> tuple[Answered, list[Prose | Thought]]:
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(model)
    offered = tools()[:3]
    messages = [Message("system", instructions(offered, "two_step")), Message("user", "Go.")]
    answered = Answered()
    dialect = Dialect(engine, offered, "two_step", max_tokens=100)
    async with aclosing(dialect.answer(messages, answered)) as pieces:
        shown = [piece async for piece in pieces]
    return answered, shown


async def test_a_call_is_thought_of_chosen_and_made() -> None:
    tool = tools()[0]
    arguments = ", ".join(f'{name}="a"' for name in tool.required)
    model = Model(" look at it. And more", f" {tool.name}", f"{tool.name}({arguments})")
    answered, shown = await answer(model)
    assert answered.calls == [Call(tool.name, dict.fromkeys(tool.required, "a"))]
    assert answered.prose.strip() == ""
    assert "".join(piece.text for piece in shown if isinstance(piece, Thought)) == (
        f"Next, I should look at it. The function for that is {tool.name}."
    )
    thought, choice, call = model.asked
    assert (thought.grammar, bool(choice.grammar), bool(call.grammar)) == ("", True, True)
    assert f'" {tool.name}"' in choice.grammar
    assert '" none"' in choice.grammar
    assert tools()[1].name not in call.grammar
    assert call.begun.startswith(choice.begun)
    assert choice.begun.startswith(thought.begun)
    assert thought.max_tokens == two_step.THOUGHT_TOKENS
    assert answered.usage.generated_tokens == sum(
        len(text.split()) for text in (" look at it", tool.name, f"{tool.name}({arguments})")
    )


async def test_without_a_function_the_answer_is_free() -> None:
    model = Model(" say hello", " none", "Hello you.")
    answered, shown = await answer(model)
    assert answered.calls == []
    assert answered.prose.strip() == "Hello you."
    assert model.asked[2].grammar == ""
    assert answered.text == (
        "<think>Next, I should say hello. The function for that is none.</think>\nHello you."
    )
    assert isinstance(shown[0], Thought)


async def test_an_answer_that_is_cut_off_is_told_so() -> None:
    long = " ".join(["word"] * 300)
    answered, _ = await answer(Model(" tell much", " none", long))
    assert answered.was_cut


@pytest.mark.parametrize("early", [True, False])
async def test_no_step_is_longer_than_the_answer_may_be(early: bool) -> None:
    model = Model(" go", " none", "Done.")
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(model)
    limit = 10 if early else 1000
    request = ChatRequest((Message("user", "Go."),), limit)
    async with aclosing(two_step.chat(engine, request, tools()[:2])) as events:
        async for _ in events:
            pass
    assert [each.max_tokens for each in model.asked] == [min(limit, 40), limit, limit]
