"""Arguments are made to fit a schema, or refused with a sentence; names are found or refused."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_server.agent.calls.coerce import Unfit, coerce
from lsp_server.agent.calls.names import Toolbox
from lsp_server.agent.calls.schema import CUT_OFF, Call, Rejected, Tool
from lsp_server.agent.calls.settle import Raw, settle
from tests.unit.agent.corpus import read, tools

UNION = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
POINT = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "3", 3),
        ({"type": "integer"}, " -3 ", -3),
        ({"type": "integer"}, 3.0, 3),
        ({"type": "int"}, "1_000", 1000),
        ({"type": "number"}, "3", 3),
        ({"type": "float"}, "0.5", 0.5),
        ({"type": "float"}, 3, 3),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "False", False),
        ({"type": "boolean"}, 0, False),
        ({"type": "string"}, 3, "3"),
        ({"type": "string"}, True, "true"),
        ({"type": "string"}, ["a"], "a"),
        ({"type": "string"}, "\ud83d\ude42", "🙂"),
        ({"type": "string"}, {"a": 1}, '{\n  "a": 1\n}'),
        ({"type": "array"}, "a", ["a"]),
        ({"type": "array"}, '["a", "b"]', ["a", "b"]),
        ({"type": "array"}, "['a', 'b']", ["a", "b"]),
        ({"type": "array"}, "[broken", ["[broken"]),
        ({"type": "tuple", "items": {"type": "float"}}, ["1.5", 2], [1.5, 2]),
        ({"type": "array", "items": {"type": "string"}}, [1, "b"], ["1", "b"]),
        ({"type": "array", "enum": ["a", "b"]}, ["A"], ["a"]),
        ({"type": "dict"}, '{"a": 1}', {"a": 1}),
        (POINT, {"x": "1"}, {"x": 1}),
        ({"type": "string", "enum": ["celsius", "kelvin"]}, "Celsius", "celsius"),
        ({"type": "string", "enum": ["read-only"]}, "read_only", "read-only"),
        ({"type": "integer", "enum": [1, 2]}, "2", 2),
        ({"const": "x"}, "X", "x"),
        ({"type": ["string", "null"]}, None, None),
        ({"type": "string", "nullable": True}, None, None),
        (UNION, "a", "a"),
        (UNION, "3", "3"),
        (UNION, 3, 3),
        ({"type": "any"}, {"a": [None]}, {"a": [None]}),
        ({}, "3", "3"),
    ],
)
def test_values_are_made_fit(schema: dict[str, Any], value: object, expected: object) -> None:
    repairs: list[str] = []
    found = coerce("x", value, schema, repairs)
    assert (found, type(found)) == (expected, type(expected))
    assert bool(repairs) is ((value, type(value)) != (found, type(found)))


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "integer"}, "three", 'x must be an integer, not "three"'),
        ({"type": "integer"}, 3.5, "x must be an integer, not 3.5"),
        ({"type": "integer"}, True, "x must be an integer, not true"),
        ({"type": "number"}, "nan", 'x must be a number, not "nan"'),
        ({"type": "boolean"}, "maybe", 'x must be a boolean, not "maybe"'),
        ({"type": "boolean"}, 2, "x must be a boolean, not 2"),
        ({"type": "string"}, ["a", "b"], 'x must be a string, not ["a", "b"]'),
        ({"type": "string"}, "\ud83d", 'x must be a string, not "?"'),
        ({"type": "string"}, None, "x must be a string, not null"),
        ({"type": "object"}, "a", 'x must be an object, not "a"'),
        ({"type": "array"}, None, "x must be a list, not null"),
        ({"type": "array", "items": {"type": "integer"}}, [1, "b"], "x[1] must be an integer"),
        (POINT, {"y": 1}, "x lacks x"),
        (POINT, {"x": "far"}, "x.x must be a number"),
        ({"enum": ["a", 1]}, "b", 'x must be one of "a", 1, not "b"'),
        ({"enum": [1]}, True, "x must be one of 1, not true"),
        ({"enum": ["a"]}, ["a"], 'x must be one of "a", not ["a"]'),
        (UNION, [], "x must be of type integer or string, not []"),
        ({"type": "integer"}, "y" * 200, "..."),
    ],
)
def test_what_can_not_be_made_fit_is_told(
    schema: dict[str, Any], value: object, problem: str
) -> None:
    with pytest.raises(Unfit) as unfit:
        coerce("x", value, schema, [])
    assert problem in str(unfit.value)
    assert len(str(unfit.value)) < 120


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("read_file", "read_file"),
        ("ReadFile", "read_file"),
        ("read-file", "read_file"),
        ("functions.read_file:0", "read_file"),
        ("default_api.search", "search"),
        ("raed_file", "read_file"),
        ("serach", "search"),
        ("utils.read_file", "read_file"),
        ("unread_file", None),
        ("read", None),
        ("delete_file", None),
        ("", None),
        ("???", None),
    ],
)
def test_names_of_tools(written: str, found: str | None) -> None:
    tool = Toolbox(tools()).find(written, typos=True)
    assert (tool.name if tool else None) == found


def test_a_name_that_may_mean_two_tools_means_none() -> None:
    box = Toolbox([Tool("load_a", "", {}), Tool("load_b", "", {}), Tool("LoadA", "", {})])
    assert box.find("load_c", typos=True) is None
    assert box.find("loada") is None
    assert box.find("LoadA") is box.tools["LoadA"]


def test_an_argument_is_never_taken_for_one_that_is_given() -> None:
    arguments = {"path": "a", "paths": "b"}
    call = settle(Raw("read_file", arguments), Toolbox(tools()), "")
    assert isinstance(call, Call)
    assert call.arguments == {"path": "a"}
    assert call.repairs == ("dropped 'paths', which read_file does not take",)


def test_an_alias_and_the_name_it_stands_for() -> None:
    box = Toolbox(tools())
    both = settle(Raw("read_file", {"file": "a", "filename": "b"}), box, "text")
    assert both == Rejected("text", "read_file: path is given twice.")


def test_repairs_do_not_tell_values() -> None:
    text = (
        '{"name": "readFile", "arguments": {"file": 1234567, "startLine": "7654321", "x": "secret"'
    )
    (call,) = read(text)
    assert isinstance(call, Call)
    assert call.arguments == {"path": "1234567", "start_line": 7654321}
    told = " ".join(call.repairs)
    assert not any(value in told for value in ("1234567", "7654321", "secret"))


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "write_file", "arguments": {"path": "a.py", "content": "def f():\n r',
        '{"name": "write_file", "arguments": {"path": "a.py", "content": "def f()}}\n</tool_call>',
        'write_file(path="a.py", content="def f():',
        "<function=write_file>\n<parameter=path>a.py</parameter>\n<parameter=content>\ndef f():",
        "<write_file>\n<path>a.py</path>\n<content>\ndef f():",
        "TOOL_NAME: write_file\nBEGIN_ARG: path\na.py\nEND_ARG\nBEGIN_ARG: content\ndef f():",
        '<|python_tag|>write_file.call(path="a.py", content="def f():',
        "<tool_call>write_file\n<arg_key>path</arg_key>\n<arg_value>a.py</arg_value>\n"
        "<arg_key>content</arg_key>\n<arg_value>def f():",
    ],
)
def test_a_text_that_was_cut_off_is_noted(text: str) -> None:
    (call,) = read(text)
    assert isinstance(call, Call)
    assert CUT_OFF in call.repairs
    assert "def f()" in call.arguments["content"]
