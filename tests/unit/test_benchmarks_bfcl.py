"""BFCL's questions: which are asked, how answers are read, and that they are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import bfcl
from benchmarks.bfcl import Case, Fimble, Kept
from lsp_server.agent.probe.verdict import Made, Wanted
from lsp_server.engines.fake import FakeEngine
from lsp_server.engines.fake_chat import ScriptedChat

FUNCTION = {
    "name": "geo.area",
    "description": "Area.",
    "parameters": {
        "type": "dict",
        "properties": {
            "side": {"type": "float"},
            "tags": {"type": "array", "items": {"type": "dict"}},
        },
        "required": ["side"],
    },
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    answers = tmp_path / "possible_answer"
    answers.mkdir()
    entries = [
        {
            "id": f"multiple_{n}",
            "question": [[{"role": "user", "content": f"{n}?"}]],
            "function": [FUNCTION],
        }
        for n in range(10)
    ]
    truths = [
        {"id": e["id"], "ground_truth": [{"geo.area": {"side": [n]}}]}
        for n, e in enumerate(entries)
    ]
    for path, lines in ((tmp_path, entries), (answers, truths)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (path / "BFCL_v4_multiple.json").write_text(text)
    return tmp_path


def case(data: Path) -> Case:
    return bfcl.load(data, "multiple", 1)[0]


def test_cases_are_evenly_spaced_and_fewer_are_among_more(data: Path) -> None:
    five, ten = bfcl.load(data, "multiple", 5), bfcl.load(data, "multiple", 10)
    assert [each.id for each in five] == [f"multiple_{n}" for n in (0, 2, 4, 6, 8)]
    assert {each.id for each in five} <= {each.id for each in ten}
    assert five[1].wanted == (Wanted("geo.area", {"side": [2]}),)
    assert five[1].messages[0].content == "2?"
    with pytest.raises(ValueError, match="10 cases only"):
        bfcl.load(data, "multiple", 11)


CALL = '{"name": "geo.area", "arguments": {"side": 1}}'
AREA = [Made("geo.area", {"side": 1})]


@pytest.mark.parametrize(
    ("answer", "plain", "ours"),
    [
        (f"<tool_call>\n{CALL}\n</tool_call>", AREA, AREA),
        (f"Words.\n<tool_call>{CALL}</tool_call><tool_call>{CALL}</tool_call>", AREA * 2, AREA * 2),
        (f"<tool_call>{CALL}", AREA, AREA),
        (CALL, AREA, AREA),
        (f"```json\n{CALL}\n```", [], AREA),
        (f"{CALL[:-1]}", [], AREA),
        ("It is 1.", [], []),
        ("{}", [], []),
        ("17", [], []),
    ],
)
def test_answers_are_read_in_two_ways(
    data: Path, answer: str, plain: list[Made], ours: list[Made]
) -> None:
    assert bfcl.plain_calls(answer) == plain
    assert bfcl.read_calls(case(data), answer) == ours


def test_types_are_told_by_the_names_that_models_know() -> None:
    told = bfcl._standard(FUNCTION)
    assert told["parameters"]["type"] == "object"
    assert told["parameters"]["properties"] == {
        "side": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "object"}},
    }


async def test_what_was_answered_is_not_asked_again(data: Path, tmp_path: Path) -> None:
    engine = FakeEngine([])
    engine.scripted_chat = ScriptedChat(["first", "second", "third"])
    kept = Kept(tmp_path / "kept", "m")
    fenced, xml = Fimble(engine, "fenced"), Fimble(engine, "xml")
    assert await kept.answer(fenced, case(data)) == "first"
    assert await kept.answer(fenced, case(data)) == "first"
    assert await kept.answer(xml, case(data)) == "second"
    assert await Kept(tmp_path / "kept", "other").answer(fenced, case(data)) == "third"


def test_figures_are_of_each_kind_and_of_all(data: Path) -> None:
    cases = bfcl.load(data, "multiple", 4)
    right = {"fimble": [1.0, 1.0, 1.0, 0.0], "native": [1.0, 0.0, 0.0, 0.0]}
    right["native, our parser"] = [1.0, 1.0, 0.0, 0.0]
    found = bfcl.figures(cases, right)
    assert found["multiple"] == found["all"]
    assert [found["all"][name] for name in bfcl.NAMES] == [3, 1, 2]
    assert found["all"]["fimble - native"]["value"] == 0.5
    assert found["all"]["fimble / native"]["wins"] == 2
