"""Code actions that run the project's tests, over a real connection, with the scripted engine."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.agent.commands.sandbox import find_sandbox
from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.conftest import Start
from tests.e2e.editor import PATIENCE, Editor

CODE = (
    "def half(n: int) -> int:\n    return n // 3\n\n\ndef twice(n: int) -> int:\n    return 2 * n\n"
)
TEST = "from calc import half\n\n\ndef test_half() -> None:\n    assert half(8) == 4\n"
SETTINGS = "[pytest]\npythonpath = .\naddopts = -p no:asyncio -p no:pytest-lsp -p no:anyio\n"
WRITTEN = "def test_twice():\n    assert twice(2) == 4\n    assert twice(3) == 7\n"
ODD = "def is_odd(n):\n    return n == None\n"
SCRIPT = [
    {"chat": f"```python\n{WRITTEN}```", "when": "Write a test for `twice` in calc.py"},
    {"chat": f"```python\n{ODD.replace('== None', 'is None')}```", "when": "A test fails: E  "},
    {"chat": f"```python\n{ODD.replace('== None', 'is not None')}```", "when": "still reports"},
    {"chat": f"```python\n{ODD.replace('n == None', 'None == n')}```", "when": "E711"},
]

FILES = {
    "calc.py": CODE,
    "odd.py": ODD,
    "pytest.ini": SETTINGS,
    "ruff.toml": 'lint.select = ["E711"]\n',
    "tests/test_half.py": TEST,
    "tests/test_odd.py": "from odd import is_odd\n\n\ndef test_odd():\n    assert is_odd(None)\n",
}


@pytest.fixture
async def opened(tmp_path: Path, start: Start) -> tuple[Editor, Path]:
    """An editor with a file open that has a function with a fault, which a test finds."""
    assert find_sandbox() is not None
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    for path, text in FILES.items():
        (root / path).write_text(text)
    (tmp_path / "script.json").write_text(json.dumps(SCRIPT))
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"FIMBLE_CACHE": str(tmp_path / "cache"), "PATH": programs}
    script = ["--script", str(tmp_path / "script.json")]
    editor = await start(arguments=script, root_uri=root.as_uri(), environment=environment)
    editor.open(CODE, (root / "calc.py").as_uri())
    return editor, root


async def offered(editor: Editor, uri: str, line: int, title: str) -> lsp.CodeAction:
    """The action of that title, once the folder has been read."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for action in await actions(editor, place(line, 4), uri=uri):
                if action.title == title:
                    return action
            await asyncio.sleep(0.05)


async def test_tests_are_made_to_pass(opened: tuple[Editor, Path]) -> None:
    editor, root = opened
    action = await offered(editor, (root / "calc.py").as_uri(), 1, "Make the tests of `half` pass")
    done = edited(editor, CODE, (await resolve(editor, action)).edit)
    assert done.text == CODE.replace("n // 3", "n // 2")
    assert done.version == 1
    assert (root / "calc.py").read_text() == CODE


async def test_what_a_test_tells_is_mended_by_it(opened: tuple[Editor, Path]) -> None:
    editor, root = opened
    uri = (root / "calc.py").as_uri()
    title = "Make the tests of `half` pass"
    await offered(editor, uri, 1, title)
    told = lsp.Diagnostic(place(1, 4, 17), "assert 2 == 4", source="pytest")
    first, *others = await actions(editor, place(1, 4), (told,), uri=uri)
    assert first.title == title
    assert list(first.diagnostics or ()) == [told]
    assert not [each.title for each in others if each.title.startswith("Fix")]
    other = lsp.Diagnostic(place(1, 4, 17), "This is odd", source="a linter")
    found = await actions(editor, place(1, 4), (other,), uri=uri)
    assert [each.title for each in found[:2]] == ["Fix: This is odd", title]


async def test_one_test_is_made_to_pass_from_where_it_is(opened: tuple[Editor, Path]) -> None:
    editor, root = opened
    uri = (root / "tests" / "test_half.py").as_uri()
    editor.open(TEST, uri)
    action = await offered(editor, uri, 4, "Make `test_half` pass")
    done = edited(editor, CODE, (await resolve(editor, action)).edit)
    assert done.text == CODE.replace("n // 3", "n // 2")


async def test_a_test_is_written_into_a_new_file(opened: tuple[Editor, Path]) -> None:
    editor, root = opened
    action = await offered(editor, (root / "calc.py").as_uri(), 5, "Write a test for `twice`")
    edit = (await resolve(editor, action)).edit
    assert edit is not None
    assert edit.document_changes is not None
    made, written = edit.document_changes
    uri = (root / "tests" / "test_calc.py").as_uri()
    assert isinstance(made, lsp.CreateFile)
    assert isinstance(written, lsp.TextDocumentEdit)
    assert made.uri == written.text_document.uri == uri
    [text] = written.edits
    assert isinstance(text, lsp.TextEdit | lsp.AnnotatedTextEdit)
    kept = WRITTEN.replace("    assert twice(3) == 7\n", "")
    assert text.new_text == f"from calc import twice\n\n\n{kept}"
    assert not (root / "tests" / "test_calc.py").exists()


async def test_typing_meanwhile_makes_it_void(opened: tuple[Editor, Path]) -> None:
    editor, root = opened
    uri = (root / "calc.py").as_uri()
    action = await offered(editor, uri, 1, "Make the tests of `half` pass")
    resolving = asyncio.ensure_future(resolve(editor, action))
    await asyncio.sleep(0)
    editor.edit(0, 0, 0, "\n", uri)
    with pytest.raises(JsonRpcException, match="has changed meanwhile"):
        await resolving


async def test_what_passes_is_left_alone(opened: tuple[Editor, Path]) -> None:
    editor, root = opened
    uri = (root / "calc.py").as_uri()
    editor.edit(1, 16, 17, "2", uri)
    action = await offered(editor, uri, 1, "Make the tests of `half` pass")
    assert (await resolve(editor, action)).edit is None
    assert editor.shown[-1] == "These tests pass already, so nothing was changed."


@pytest.mark.parametrize("trusted", [True, False])
async def test_the_tool_that_told_a_fault_and_tests_judge_its_fix(
    opened: tuple[Editor, Path], trusted: bool
) -> None:
    """In a folder that is trusted; else its settings could have it run anything."""
    editor, root = opened
    uri = (root / "odd.py").as_uri()
    editor.open(ODD, uri)
    await editor.client.protocol.send_request_async("fimble/chat/trust", {"trusted": trusted})
    told = lsp.Diagnostic(place(1, 16, 20), "E711 Comparison to `None`", source="Ruff")
    await offered(editor, (root / "calc.py").as_uri(), 1, "Make the tests of `half` pass")
    [fix, *_] = await actions(editor, place(1, 16), (told,), uri=uri)
    done = edited(editor, ODD, (await resolve(editor, fix)).edit)
    new = "n is None" if trusted else "None == n"
    assert done.text == ODD.replace("n == None", new)
