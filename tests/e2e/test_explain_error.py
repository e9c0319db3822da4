"""The command that explains an error, over a real connection, with the scripted engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.conftest import Start
from tests.e2e.test_model_actions import page, run

TRACE = """\
Traceback (most recent call last):
  File "shop.py", line 2, in mean
    return total(prices) / len(price)
NameError: name 'price' is not defined
"""
CODE = "def mean(prices):\n    return sum(prices) / len(price)\n"
CHAT = [
    *({"chat": "With *code*.\n", "when": "def mean(prices)"} for _ in "12"),
    *({"chat": "By its text.", "when": "exit status 1"} for _ in "12"),
]


def command(*arguments: object) -> lsp.Command:
    return lsp.Command("", "fimble.explainError", arguments=list(arguments))


async def test_an_error_is_explained_with_the_code_it_comes_from(
    tmp_path: Path, start: Start
) -> None:
    root = tmp_path / "project"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "shop.py").write_text(CODE)
    script = tmp_path / "script.json"
    script.write_text(json.dumps(CHAT))
    editor = await start(
        arguments=["--script", str(script)],
        root_uri=root.as_uri(),
        environment={"FIMBLE_CACHE": str(tmp_path)},
    )
    uri = (root / "sub" / "main.py").as_uri()
    assert await run(editor, command({"text": TRACE, "uri": uri})) == "With *code*."
    await editor.until(lambda: editor.client.shown_documents)
    assert page(editor.client.shown_documents.pop()) == ("# main.py\n\nWith *code*.\n", 0)

    assert await run(editor, command({"text": "exit status 1"})) == "By its text."
    await editor.until(lambda: editor.client.shown_documents)
    assert page(editor.client.shown_documents.pop()) == ("# error\n\nBy its text.\n", 0)

    with pytest.raises(JsonRpcException, match="text must be a text"):
        await run(editor, command())
    with pytest.raises(JsonRpcException, match="uri must be a text"):
        await run(editor, command({"text": "exit status 1", "uri": 1}))
    with pytest.raises(JsonRpcException, match="no error to explain"):
        await run(editor, command({"text": " "}))
