"""The grammar for a call, by llama.cpp's own parser: what it lets a model write, and what not."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_server.agent.calls.grammar import MAX_TEXT, Form, call_grammar
from lsp_server.agent.calls.render import written
from lsp_server.agent.calls.schema import Call, Tool
from tests import tiny_model
from tests.unit.agent.corpus import read, tools

llama_cpp = pytest.importorskip("llama_cpp")
FORMS: tuple[Form, ...] = ("json_bare", "python_call")
Accepts = Callable[[str, str], bool]


@pytest.fixture(scope="module")
def accepts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accepts]:
    """Whether a grammar accepts a text; each byte is a token of the tiny model."""
    path: Path = tiny_model.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf")
    llama = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    vocab = llama_cpp.llama_model_get_vocab(llama.model)
    end = llama_cpp.llama_vocab_eos(vocab)

    def accepts(grammar: str, text: str) -> bool:
        sampler = llama_cpp.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
        assert sampler, "llama.cpp can't parse the grammar"
        try:
            for token in (*text.encode(), end):
                if not _allows(sampler, token):
                    return False
                if token != end:
                    llama_cpp.llama_sampler_accept(sampler, token)
            return True
        finally:
            llama_cpp.llama_sampler_free(sampler)

    yield accepts
    llama.close()


def _allows(sampler: object, token: int) -> bool:
    data = llama_cpp.llama_token_data(id=token, logit=1.0, p=0.0)
    array = llama_cpp.llama_token_data_array(
        data=ctypes.pointer(data), size=1, selected=-1, sorted=False
    )
    llama_cpp.llama_sampler_apply(sampler, ctypes.byref(array))
    return bool(data.logit == 1.0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "call",
    [
        Call("read_file", {"path": "a b.py"}),
        Call("read_file", {"path": 'ü "q" \\ \n', "end_line": -3}),
        Call("list_files", {}),
        Call("list_files", {"recursive": True}),
        Call("list_files", {"path": ".", "recursive": False}),
        Call("search", {"query": "x", "glob": ["*.py", "*.c"], "mode": "regex"}),
        Call("run_command", {"command": "ls", "timeout": 1.5}),
        Call("git_status", {}),
        Call("math.factorial", {"number": 0}),
        Call("update_plan", {"steps": [{"text": "a", "done": True}, {"text": "b"}]}),
    ],
    ids=lambda call: f"{call.name}({', '.join(call.arguments)})",
)
def test_calls_that_fit_are_accepted_and_read(call: Call, form: Form, accepts: Accepts) -> None:
    text = written(call, form)
    if form == "python_call":  # its texts are written with double quotes
        text = f"{call.name}({', '.join(f'{k}={_python(v)}' for k, v in call.arguments.items())})"
    assert accepts(call_grammar(tools(), form), text)
    assert read(text) == [call]


def _python(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("true", "True").replace("false", "False")


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "fly", "arguments": {}}',
        '{"name": "read_file", "arguments": {}}',
        '{"name": "read_file", "arguments": {"start_line": 1}}',
        '{"name": "read_file", "arguments": {"path": "a", "start_line": "1"}}',
        '{"name": "read_file", "arguments": {"path": "a", "start_line": 1.5}}',
        '{"name": "read_file", "arguments": {"path": "a", "other": 1}}',
        '{"name": "read_file", "arguments": {"path": "a\nb"}}',
        '{"name": "search", "arguments": {"query": "a", "mode": "fuzzy"}}',
        '{"name": "list_files", "arguments": {"recursive": "yes"}}',
        '{"name": "list_files", "arguments": {"recursive": true, "recursive": true}}',
        '{"name": "list_files", "arguments": {, "recursive": true}}',
        f'{{"name": "read_file", "arguments": {{"path": "{"a" * (MAX_TEXT + 1)}"}}}}',
        '{"name": "git_status", "arguments": {}} and more',
    ],
)
def test_what_does_not_fit_is_not_accepted(text: str, accepts: Accepts) -> None:
    assert not accepts(call_grammar(tools(), "json_bare"), text)


def test_odd_names_and_types(accepts: Accepts) -> None:
    properties = {
        'a "b"': {"type": "string", "enum": ['x"', "\\", "é"]},
        "c": {"type": "dict"},
        "d": {"type": "tuple", "items": {"type": "float"}},
        "e": {},
        "f": {"type": ["string", "null"]},
        "g": {"enum": [1, True]},
    }
    tool = Tool("odd.name-1", "", {"type": "dict", "properties": properties, "required": ['a "b"']})
    grammar = call_grammar([tool], "json_bare")
    arguments = {
        'a "b"': "\\",
        "c": {"x": [1, None]},
        "d": [1, 2.5],
        "e": None,
        "f": "x",
        "g": True,
    }
    text = json.dumps({"name": tool.name, "arguments": arguments}, ensure_ascii=False)
    assert accepts(grammar, text)
