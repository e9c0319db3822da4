"""Which calls are right, by the rules of BFCL's syntax trees."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_server.agent.calls.schema import Tool
from lsp_server.agent.probe.verdict import Made, Wanted, are_right

KINDS = {
    "text": {"type": "string"},
    "whole": {"type": "integer"},
    "fraction": {"type": "float"},
    "yes": {"type": "boolean"},
    "many": {"type": "array", "items": {"type": "integer"}},
    "pair": {"type": "tuple", "items": {"type": "float"}},
    "members": {"type": "dict"},
    "rows": {"type": "array", "items": {"type": "dict"}},
    "free": {"type": "any"},
}


def judged(kind: str, accepted: list[Any], *value: Any) -> bool:
    tool = Tool("a.b", "", {"type": "dict", "properties": KINDS, "required": []})
    made = Made("a.b", {kind: value[0]} if value else {})
    return are_right([made], [Wanted("a.b", {kind: accepted})], [tool])


@pytest.mark.parametrize(
    ("kind", "accepted", "value", "right"),
    [
        ("text", ["New York, NY", "NYC"], "new york NY", True),
        ("text", ["New York, NY", "NYC"], "nyc", True),
        ("text", ["New York"], "York", False),
        ("text", ["it's"], 'it"s', True),
        ("text", ["a+b"], "a b", False),
        ("text", ["5"], 5, False),
        ("whole", [5], 5, True),
        ("whole", [5], 5.0, False),
        ("whole", [5], "5", False),
        ("whole", [1], True, False),
        ("fraction", [5.0], 5, True),
        ("fraction", [0.1], 0.1, True),
        ("fraction", [0.1], 0.2, False),
        ("fraction", [1], True, False),
        ("yes", [True], True, True),
        ("yes", [True], False, False),
        ("yes", [True], 1, False),
        ("yes", [True], "true", False),
        ("many", [[1, 2]], [1, 2], True),
        ("many", [[1, 2]], [2, 1], False),
        ("many", [[1, 2]], [1], False),
        ("many", [[1, 2]], ["1", "2"], False),
        ("many", [[1, 2]], 1, False),
        ("pair", [[1.5, 2.0]], [1.5, 2], True),
        ("members", [{"a": [1, 2], "b": ["x", ""]}], {"a": 2, "b": "X"}, True),
        ("members", [{"a": [1, 2], "b": ["x", ""]}], {"a": 1}, True),
        ("members", [{"a": [1, 2], "b": ["x", ""]}], {"b": "x"}, False),
        ("members", [{"a": [1, 2]}], {"a": 1, "c": 1}, False),
        ("members", [{"a": [{"b": [1]}]}], {"a": {"b": 1}}, True),
        ("rows", [[{"a": [1]}, {"a": [2]}]], [{"a": 1}, {"a": 2}], True),
        ("rows", [[{"a": [1]}, {"a": [2]}]], [{"a": 2}, {"a": 1}], False),
        ("free", ["x", 3], 3, True),
    ],
)
def test_a_value_is_accepted_or_not(
    kind: str, accepted: list[Any], value: Any, right: bool
) -> None:
    assert judged(kind, accepted, value) is right


def test_what_may_be_left_out_may_be() -> None:
    assert judged("whole", [5, ""])
    assert judged("whole", [5, ""], 5)
    assert not judged("whole", [5, ""], 6)
    assert not judged("whole", [5])


TOOLS = [
    Tool("one", "", {"properties": {"x": {"type": "integer"}}, "required": ["x"]}),
    Tool("two", "", {"properties": {"x": {"type": "integer"}}, "required": []}),
]
ONE, TWO = Wanted("one", {"x": [1]}), Wanted("two", {"x": [1, 2, ""]})


@pytest.mark.parametrize(
    ("made", "wanted", "right"),
    [
        ([], [], True),
        ([Made("one", {"x": 1})], [], False),
        ([], [ONE], False),
        ([Made("two", {"x": 1}), Made("one", {"x": 1})], [ONE, TWO], True),
        ([Made("one", {"x": 1}), Made("one", {"x": 1})], [ONE], False),
        ([Made("one", {"x": 1}), Made("one", {"x": 1})], [ONE, TWO], False),
        ([Made("two", {"x": 1})], [ONE], False),
        ([Made("", {})], [ONE], False),
        ([Made("three", {})], [Wanted("three", {})], False),
        ([Made("one", {})], [Wanted("one", {"x": [1, ""]})], False),
        ([Made("one", {"x": 1, "y": 1})], [ONE], False),
        ([Made("two", {"y": 1})], [Wanted("two", {"y": [1]})], False),
    ],
)
def test_each_call_must_be_wanted_and_each_wanted_one_made(
    made: list[Made], wanted: list[Wanted], right: bool
) -> None:
    assert are_right(made, wanted, TOOLS) is right
