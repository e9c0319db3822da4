"""A model is measured, the best way is found, remembered, and used from then on."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from lsp_server.agent.agent import Agent, Places
from lsp_server.agent.calls.render import PROTOCOLS, Way, written
from lsp_server.agent.calls.schema import Call
from lsp_server.agent.events import TurnEnded
from lsp_server.agent.probe import race, remembered, skills, tasks
from lsp_server.agent.probe.measure import CONTEXT_SECONDS, lengths, measure
from lsp_server.agent.probe.race import FEWEST, FINALISTS, RACE_SECONDS, affordable, ways
from lsp_server.agent.probe.scorecard import WAYS, Score, Scorecard, from_json, to_json
from lsp_server.agent.probe.tasks import CallTask, EditTask, Tasks
from lsp_server.agent.probe.trial import Trial
from lsp_server.engines.base import Usage
from lsp_server.engines.chat import ChatEvent, ChatInfo, ChatRequest
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat
from lsp_server.engines.local.engine import LocalEngine
from lsp_server.errors import ContextExceeded, RemoteError, StoreError
from lsp_server.models import discover
from lsp_server.settings import LocalSettings
from lsp_server.workspace.index import Index
from tests.unit.agent.probing import changed

INFO = ChatInfo("script", 8192, takes_grammar=True, takes_begun=True, identity="abc")
MARKS: dict[str, Way] = {
    "one JSON object and nothing else": "json_bare",
    "within <tool_call></tool_call> XML tags": "json_tagged",
    "Python functions": "python_call",
    "```json": "fenced",
    "<parameter=": "xml",
}
"""What only the instructions of one way say."""


def way_of(request: ChatRequest) -> Way:
    system = request.messages[0].content
    if "<think>" in system:
        return "two_step"
    return next((way for mark, way in MARKS.items() if mark in system), "native")


def right_answer(task: CallTask, way: Way) -> str:
    if not task.wanted:
        return f"In words: {task.says}"
    assert way in ("json_bare", "json_tagged", "python_call", "fenced", "xml")
    calls = [
        Call(each.name, {name: values[0] for name, values in each.accepted.items() if values[0]})
        for each in task.wanted
    ]
    return "\n".join(written(call, way) for call in calls)


class Model:
    """Calls tools well in one way only, and edits by whole functions."""

    def __init__(self, good: Way, asked: Tasks) -> None:
        self.good = good
        self.asked: list[Way] = []
        self._tasks = asked

    def __call__(self, request: ChatRequest) -> str:
        said = request.messages[1].content
        call = next((each for each in self._tasks.calls if each.say == said), None)
        if call is not None:
            self.asked.append(way_of(request))
            good = way_of(request) == self.good and not request.begun
            return right_answer(call, self.good) if good else "Hm."
        edit = next((each for each in self._tasks.edits if each.say == said), None)
        if edit is not None:
            is_whole = "whole changed function" in request.messages[0].content
            return f"```python\n{changed(edit)}\n```" if is_whole else "Hm."
        copy = next((each for each in self._tasks.copies if each.say == said), None)
        if copy is not None:
            return copy.text
        if "halve" in said:
            return "```python\ndef halve(numbers):\n    return [n / 2 for n in numbers]\n```"
        number = re.search(r"marmot-(\d+)", said)
        return number[1] if number and len(said) < 10_000 else "I do not know."


def engine(model: Model, info: ChatInfo = INFO) -> FakeEngine:
    opened = FakeEngine([])
    opened.scripted_chat = ScriptedChat(model, info)
    return opened


@pytest.mark.parametrize("good", ["json_bare", "fenced", "xml"])
async def test_the_way_in_which_a_model_calls_best_is_found(good: Way) -> None:
    model = Model(good, tasks.load())
    card = await measure(engine(model))
    assert card.way == good
    count = len(tasks.load().calls)
    assert (card.calls[good].right, card.calls[good].asked) == (count, count)
    assert card.copies.part == card.fences.part == card.edits["function"].part == 1
    assert card.edits["blocks"].right == 0
    early = sum(task.early for task in tasks.load().calls)
    in_full = [way for way, score in card.calls.items() if score.asked == count]
    assert len(in_full) == FINALISTS
    assert {score.asked for score in card.calls.values()} == {early, count}


async def test_a_fact_is_looked_for_in_prompts_that_fit() -> None:
    card = await measure(engine(Model("fenced", tasks.load())))
    assert card.context == {1000: True, 3000: True, 7000: False}


class Refusing(FakeEngine):
    """An endpoint that takes no tools, and reads less than it says."""

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        if request.tools:
            raise RemoteError("The endpoint takes no tools.")
        if "Item 99 " in request.messages[-1].content:
            raise ContextExceeded("Too long.")
        async with aclosing(super().chat(request)) as events:
            async for event in events:
                yield event


async def test_what_an_endpoint_refuses_is_not_its_way() -> None:
    opened = Refusing([])
    able = replace(INFO, native_tools=True)
    opened.scripted_chat = ScriptedChat(Model("fenced", tasks.load()), able)
    card = await measure(opened)
    assert card.calls["native"].right == 0
    assert card.way == "fenced"
    assert card.context == {1000: True, 3000: False, 7000: False}


def test_every_way_is_tried_once() -> None:
    assert sorted(WAYS) == sorted({"native", "two_step", *PROTOCOLS})


def test_ways_are_those_that_an_engine_can_do() -> None:
    assert set(WAYS) - set(ways(INFO)) == {"native"}
    assert set(WAYS) - set(ways(replace(INFO, native_tools=True))) == set()
    assert set(WAYS) - set(ways(ChatInfo("plain", 10))) == {"native", "two_step"}


@pytest.mark.parametrize(
    ("context", "speed", "fitting"),
    [(8192, 0.0, [1000, 3000]), (2000, 0.0, [1000]), (8192, 1000 / CONTEXT_SECONDS, [1000])],
)
def test_long_prompts_are_left_out_where_they_do_not_fit_or_take_long(
    context: int, speed: float, fitting: list[int]
) -> None:
    assert lengths([1000, 3000, 9000], replace(INFO, context_tokens=context), speed) == fitting


async def test_on_a_slow_machine_unlikely_ways_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(race, "EARLY_SECONDS", -1.0)
    found = await measure(engine(Model("fenced", tasks.load())))
    assert [*found.calls] == ["fenced", "two_step"]
    assert found.way == "fenced"


@pytest.mark.parametrize(
    ("seconds", "count"), [(0.0, 16), (0.5, 16), (RACE_SECONDS / 40, 10), (RACE_SECONDS, FEWEST)]
)
def test_on_a_slow_machine_fewer_tasks_are_asked(seconds: float, count: int) -> None:
    late = [task for task in tasks.load().calls if not task.early]
    done = [Trial("t", True, Usage(), seconds, "")] * 20
    asked = affordable(late[:16], done)
    assert len(asked) == count
    assert len({task.id for task in asked}) == count
    assert late.index(asked[-1]) >= len(late) // 2  # from all of them, not only the first


def card(**calls: Score) -> Scorecard:
    edits = {"function": Score(1, 3), "blocks": Score(2, 3)}
    return Scorecard("m", calls, edits, Score(1, 1), Score(0, 2), {1000: True}, 10.0, 5.0, 1.0)  # type: ignore[arg-type]


def test_accuracy_counts_first_then_brevity_and_only_of_those_asked_all() -> None:
    assert card(fenced=Score(9, 10, 500), xml=Score(8, 10, 10)).way == "fenced"
    assert card(fenced=Score(9, 10, 500), xml=Score(9, 10, 400)).way == "xml"
    assert card(fenced=Score(9, 10, 500), xml=Score(5, 5, 10)).way == "fenced"


def test_a_card_is_remembered_for_its_model_only(tmp_path: Path) -> None:
    kept = card(xml=Score(9, 10, 400, 3.5), fenced=Score(1, 4))
    folder = tmp_path / "new" / "probe"
    assert remembered.known_way(folder, INFO) == "fenced"
    remembered.remember(folder, "abc", kept)
    assert remembered.recall(folder, "abc") == kept
    assert remembered.known_way(folder, INFO) == "xml"
    assert remembered.known_way(folder, replace(INFO, identity="other")) == "fenced"
    assert remembered.known_way(folder, replace(INFO, identity="", native_tools=True)) == "native"
    assert [path.name for path in folder.iterdir()] == ["abc.json"]


def test_a_way_that_the_engine_no_longer_has_is_not_taken(tmp_path: Path) -> None:
    remembered.remember(tmp_path, "abc", card(native=Score(9, 9)))
    assert remembered.known_way(tmp_path, INFO) == "fenced"
    assert remembered.known_way(tmp_path, replace(INFO, native_tools=True)) == "native"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:100],
        lambda text: "[]",
        lambda text: text.replace(f'"version": {remembered.VERSION}', '"version": 0'),
        lambda text: text.replace('"xml"', '"smoke signals"'),
        lambda text: json.dumps({"version": remembered.VERSION, "card": {"calls": 3}}),
    ],
)
def test_a_damaged_card_is_none(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    remembered.remember(tmp_path, "abc", card(xml=Score(9, 10)))
    file = tmp_path / "abc.json"
    file.write_text(damage(file.read_text()))
    assert remembered.recall(tmp_path, "abc") is None


def test_what_cannot_be_remembered_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be written"):
        remembered.remember(tmp_path / "file", "abc", card(xml=Score(9, 10)))


def test_a_scorecard_that_is_none_is_refused() -> None:
    data = to_json(card(xml=Score(9, 10)))
    assert data["way"] == "xml"
    with pytest.raises(ValueError, match="no scorecard"):
        from_json({**data, "fences": None})


def edit_task() -> EditTask:
    return next(task for task in tasks.load().edits if task.id == "a comparison")


METHOD = "    def is_full(self):\n        return len(self.items) >= self.limit\n"


@pytest.mark.parametrize(
    ("form", "answer", "right"),
    [
        ("function", f"```python\n{METHOD}```", True),
        ("function", f"Here:\n```python\n{METHOD.replace('>=', '>')}```", False),
        ("function", "def is_full(self): return len(self.items) >= self.limit", False),
        (
            "blocks",
            "<<<<<<< SEARCH\n        return len(self.items) > self.limit\n=======\n"
            "        return len(self.items) >= self.limit\n>>>>>>> REPLACE\n",
            True,
        ),
        ("blocks", f"```python\n{METHOD}```", False),
        ("blocks", "<<<<<<< SEARCH\nnowhere\n=======\nx = 1\n>>>>>>> REPLACE\n", False),
        ("blocks", "", False),
    ],
)
def test_an_edit_is_right_if_the_file_becomes_what_it_should(
    form: str, answer: str, right: bool
) -> None:
    assert form in ("function", "blocks")
    assert skills.is_edited(edit_task(), form, answer) is right  # type: ignore[arg-type]


def test_the_first_tasks_are_of_all_sorts_and_have_the_same_tools() -> None:
    early = [task for task in tasks.load().calls if task.early]
    assert len({tuple(tool.name for tool in task.tools) for task in early}) == 1
    assert {bool(task.wanted) for task in early} == {True, False}
    assert any(task.done for task in early)


def test_no_task_is_there_twice_and_all_their_code_parses() -> None:
    known = tasks.load()
    names = [task.id for kind in (known.calls, known.edits, known.copies) for task in kind]
    assert len(names) == len(set(names))
    for task in known.calls:
        for wanted in task.wanted:
            tool = next(tool for tool in task.tools if tool.name == wanted.name)
            assert {*tool.required} <= {*wanted.accepted} <= {*tool.properties}
    for edit in known.edits:
        assert edit.before != edit.after
        assert edit.before in edit.say
        compile(edit.before, "before", "exec")
        compile(edit.after, "after", "exec")


@pytest.mark.model
async def test_a_real_model_is_measured_and_remembered(tmp_path: Path) -> None:
    known = tasks.load()
    few = Tasks(
        tuple(task for task in known.calls if task.id in ("text", "thanks")),
        known.edits[:1],
        (),
        (),
        replace(known.needle, tokens=(300,)),
    )
    path = discover.resolve("qwen2.5-coder-0.5b")
    local = LocalEngine(lambda: path, LocalSettings(keep_state=False), lambda _status: None)
    heard: list[Trial] = []
    try:
        found = await measure(local, lambda _kind, trial: heard.append(trial), few)
        info = await local.chat_info()
        remembered.remember(tmp_path, info.identity, found)
        assert remembered.known_way(tmp_path, info) == found.way
    finally:
        await local.close()
    assert found.way in ways(info)
    assert found.generated_tokens_per_second > 0
    assert found.prompt_tokens_per_second > 0
    assert found.context.keys() == {300}
    assert found.calls[found.way].right >= 1  # so instructions, parser and verdict fit together
    assert {trial.task for trial in heard} >= {"text", "thanks", known.edits[0].id, "300 tokens"}


async def test_a_session_asks_in_the_way_that_was_found(tmp_path: Path) -> None:
    remembered.remember(tmp_path / "cards", "abc", card(xml=Score(9, 10)))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")
    opened = FakeEngine([])
    heard: list[ChatRequest] = []

    def say(request: ChatRequest) -> str:
        heard.append(request)
        return written(Call("read", {"path": "a.py"}), "xml") if len(heard) == 1 else "It is 1."

    opened.scripted_chat = ScriptedChat(say, INFO)
    index = Index(folder, tmp_path / "index.sqlite")
    places = Places(
        tmp_path / "s.sqlite",
        tmp_path / "d.sqlite",
        tmp_path / "journal",
        scorecards=tmp_path / "cards",
    )
    agent = Agent(opened, folder, index, places=places)
    try:
        session = await agent.begin("edit")
        events = [event async for event in session.turn("what is x?")]
    finally:
        await agent.close()
        index.close()
    assert way_of(heard[0]) == "xml"
    assert "x = 1" in heard[1].messages[-1].content
    assert isinstance(events[-1], TurnEnded)
    assert events[-1].answer == "It is 1."
