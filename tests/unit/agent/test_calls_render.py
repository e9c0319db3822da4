"""How tools are shown to a model, and that what it is asked to write is what the parser reads."""

from __future__ import annotations

import json

import pytest

from lsp_server.agent.calls.render import PROTOCOLS, Protocol, instructions, written
from lsp_server.agent.calls.schema import Call, Prose
from lsp_server.core.tokens import estimate
from tests.unit.agent.corpus import read, tools

CALLS = [
    Call("read_file", {"path": "a b.py", "start_line": 3}),
    Call("write_file", {"path": "ü.py", "content": "def f():\n    return {\"a\": 'b\\n'} < 3\n"}),
    Call("git_status", {}),
    Call("search", {"query": "`x`", "glob": ["*.py", "*.c"]}),
    Call("update_plan", {"steps": [{"text": "read", "done": True}]}),
    Call("math.factorial", {"number": -5}),
]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_six_tools_are_short(protocol: Protocol) -> None:
    # The estimate is a quarter higher than what Qwen's vocabulary needs.
    most = 700 if protocol == "json_tagged" else 300
    assert estimate(instructions(tools()[:6], protocol)) < most


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_tool_and_argument_is_shown(protocol: Protocol) -> None:
    shown = instructions(tools(), protocol)
    for tool in tools():
        assert tool.name in shown
        assert tool.description in shown
        assert all(name in shown for name in tool.properties)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_instructions_are_no_calls_themselves(protocol: Protocol) -> None:
    shown = instructions(tools(), protocol)
    assert not any(isinstance(piece, Call) for piece in read(shown))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_what_is_asked_for_is_read(call: Call, protocol: Protocol) -> None:
    text = written(call, protocol)
    before, found, after = read(f"Yes.\n{text}\n\nDone.")
    assert isinstance(found, Call)
    assert (found.name, found.arguments) == (call.name, call.arguments)
    assert (before, after) == (Prose("Yes.\n"), Prose("Done."))


def test_what_is_optional_is_marked() -> None:
    assert 'search(query: string, glob?: string[], mode?: "text" | "regex")' in instructions(
        tools(), "json_bare"
    )
    assert "search(query: str, glob: list[str] = None, mode: Literal['text', 'regex'] = None)" in (
        instructions(tools(), "python_call")
    )


def test_the_native_form_has_whole_schemas() -> None:
    lines = instructions(tools(), "json_tagged").splitlines()
    shown = [json.loads(line) for line in lines if line.startswith('{"type"')]
    assert [each["function"]["name"] for each in shown] == [tool.name for tool in tools()]
    assert shown[0]["function"]["parameters"]["required"] == ["path"]
    assert "x-aliases" not in shown[0]["function"]["parameters"]["properties"]["path"]
