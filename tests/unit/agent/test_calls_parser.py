"""The parser whatever the chunks: the same pieces, prose at once, and prose as it came."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.agent.calls.parser import Parser
from lsp_server.agent.calls.schema import Call, Piece, Prose, Rejected, Thought
from tests.unit.agent.corpus import answers, joined, read, tools

SCRAPS = [
    *("{", "}", "[", "]", "(", ")", "<", ">", "/", ":", ",", ";", "=", "|", "\\", "*", "#", "-"),
    *(
        '"',
        "'",
        "`",
        "```",
        '"""',
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "  ",
        "\t",
        "a",
        "1",
        "é",
        "🙂",
        "true",
    ),
    *(
        '"a"',
        '"a": 1',
        "{}",
        "[]",
        "x = 1\n",
        "json",
        "python",
        "text",
        "Action: ",
        "Action Input: ",
    ),
]
CALLS = [
    *("<tool_call>", "</tool_call>", "<tools>", "<response>", "<think>", "</think>", "<function="),
    *(
        "read_file",
        "git_status",
        '"name": ',
        '"read_file"',
        '"arguments": ',
        '{"path": "a"}',
        "path",
    ),
    *(
        "<read_file>",
        "</read_file>",
        "<path>",
        "</path>",
        "[TOOL_CALLS]",
        "git_status()",
        "```json\n",
    ),
    *("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<|python_tag|>", "<invoke name=", "</function>"),
    *("TOOL_NAME: read_file\n", "BEGIN_ARG: path\n", "END_ARG\n", "```tool\n", "```python\n", "//"),
    *(
        "<|channel|>",
        "<|message|>",
        "commentary to=functions.read_file ",
        "```\n",
        "'''",
        '\\"',
        "/*",
    ),
]
WHOLE = [answer.text for answer in answers()]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_chunks_make_no_difference(data: st.DataObject) -> None:
    scraps = st.sampled_from([*SCRAPS, *CALLS])
    text = "".join(
        data.draw(st.lists(st.one_of(scraps, scraps, st.sampled_from(WHOLE)), max_size=14))
    )
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    whole = read(text)
    assert read(text, *cuts) == whole
    assert read(text, *range(1, len(text))) == whole


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_broken_answer_is_read_the_same_in_any_chunks(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(WHOLE))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 4)))
    broken = text[:start] + data.draw(st.sampled_from([*SCRAPS, ""])) + text[end:]
    assert read(broken, *range(1, len(broken))) == read(broken)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(SCRAPS), max_size=30).map("".join))
def test_text_without_calls_comes_out_as_it_came(text: str) -> None:
    assert read(text) == ([Prose(text)] if text else [])


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Ll", "Lu"]), max_size=60))
def test_any_text_comes_out_as_it_came(text: str) -> None:
    assert read(text) == ([Prose(text)] if text else [])


def test_prose_is_shown_at_once() -> None:
    text = "The loop in `app.py` ends early: see line 12, where x < 3 and y[0] is {}.\nRead it.\n"
    parser = Parser(tools())
    shown, most = "", 0
    for count, character in enumerate(text, 1):
        shown += "".join(piece.text for piece in parser.feed(character) if isinstance(piece, Prose))
        most = max(most, count - len(shown))
    assert most <= len("Read ")  # it may become `Read_file(`
    assert shown == text


def test_code_in_a_fence_is_shown_line_by_line() -> None:
    parser = Parser(tools())
    parser.feed("```python\n")
    parser.feed("def f():\n")
    assert _prose(parser.feed("    return {'a': [1]}\n")) == "    return {'a': [1]}\n"


def test_a_call_comes_as_soon_as_its_bracket_is_closed() -> None:
    parser = Parser(tools())
    assert parser.feed('<tool_call>\n{"name": "git_status", "arguments": {}') == []
    assert parser.feed("}") == [Call("git_status", {})]
    assert parser.feed("\n</tool_call>") == parser.finish() == []


def test_thoughts_are_told_as_they_come() -> None:
    parser = Parser(tools())
    assert joined(parser.feed("<think>hm, a < b")) == [Thought("hm, a < b")]
    assert parser.feed("</thi") == []
    assert parser.feed("nk>\n\nYes.") == [Prose("Yes.")]


def test_a_prompt_that_ends_in_a_thought() -> None:
    parser = Parser(tools(), thinking=True)
    assert joined(parser.feed("read_file?\n</think>\nNo.")) == [
        Thought("read_file?\n"),
        Prose("No."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "list_files", "arguments": {"path" "src"}}</tool_call>',
        '<tool_call>{"name": "list_files", "arguments": [path}}</tool_call>',
        '<tool_call>{"name": "list_files", "arguments": {: "src"}}</tool_call>',
        '<tool_call>{"name": "list_files", "arguments": {"folder": "src"}}</tool_call>',
        '<tool_call>{"name": "read_file", "arguments": {"path": }}</tool_call>',
        '<tool_call>{"name": "list_files", "arguments": "{path=src"}</tool_call>',
        "<function=list_files>the folder src</function>",
        "list_files(path=folder())",
    ],
)
def test_arguments_are_never_lost_silently(text: str) -> None:
    for piece in read(text):
        given = list(piece.arguments.values()) if isinstance(piece, Call) else [piece]
        assert given and all(given), piece
    assert any(isinstance(piece, Call | Rejected) for piece in read(text))


def _prose(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Prose))
