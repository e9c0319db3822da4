"""The command that explains an error, over a real connection, with the scripted engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from lsp_server.edge.params import plain
from tests.e2e.acting import place
from tests.e2e.conftest import Start
from tests.e2e.test_model_actions import page, run

TRACE = """\
Traceback (most recent call last):
  File "shop.py", line 2, in mean
    return total(prices) / len(price)
NameError: name 'price' is not defined
"""
CODE = "def mean(prices):\n    return sum(prices) / len(price)\n"
SLOW = {"when": "exit status 2", "seconds_per_token": 0.02}
CHAT = [
    {"chat": "word " * 2_000, **SLOW},
    {"chat": "Half \x1b[2J", "when": "exit status 3", "crash": True},
    {"chat": "Half", "when": "exit status 3", "crash": True},
    *({"chat": "With *code*.\n", "when": "def mean(prices)"} for _ in "12"),
    *({"chat": "By its text.", "when": "exit status 1"} for _ in "123"),
]


def command(*arguments: object) -> lsp.Command:
    return lsp.Command("", "fimble.explainError", arguments=list(arguments))


def explain(uri: str, more: dict[str, Any]) -> lsp.Command:
    given = {"uri": uri, "range": place(0, 0, 0, 4), **more}
    return lsp.Command("", "fimble.explain", arguments=[given])


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


async def test_a_client_with_a_chat_is_told_while_it_is_written(
    tmp_path: Path, start: Start
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(CHAT))
    options = {"chat": True, "fimble": {"chat": {"contextTokens": 4096}}}
    editor = await start(arguments=["--script", str(script)], options=options)
    told: list[dict[str, Any]] = []
    editor.client.feature("fimble/explanation")(lambda params: told.append(plain(params)))

    async def ended() -> dict[str, Any]:
        await editor.until(lambda: told and told[-1]["done"])
        assert len({each["id"] for each in told}) == 1
        assert [each["done"] for each in told[:-1]] == [False] * (len(told) - 1)
        last = told[-1]
        told.clear()
        return last

    assert await run(editor, command({"text": "No.\n  exit status 1\n"})) == "By its text."
    said = {"title": "Explain: exit status 1", "text": "By its text.", "done": True}
    assert said.items() <= (await ended()).items()

    with pytest.raises(JsonRpcException, match="crashed"):
        await run(editor, command({"text": "exit status 3"}))
    last = await ended()
    assert "crashed" in last["problem"]

    request = asyncio.ensure_future(run(editor, command({"text": "exit status 2"}), "slow"))
    await editor.until(lambda: told and told[-1]["text"].count("word") > 1)
    assert told[0]["text"] == ""
    editor.client.cancel_request(lsp.CancelParams("slow"))
    with pytest.raises((JsonRpcException, asyncio.CancelledError)):
        await request
    last = await ended()
    assert "problem" not in last
    assert last["text"].startswith("word")

    editor.open("some words\n", "file:///project/a.txt", "plaintext")
    await run(editor, explain("file:///project/a.txt", {"instruction": "exit status 1"}))
    assert (await ended())["title"] == "Explain: exit status 1"
    assert not editor.client.shown_documents
    assert editor.shown == []


@pytest.mark.parametrize(("chat", "named"), [(True, "fimble.colour"), ({"x": 1}, "fimble.chat.x")])
async def test_a_chat_is_no_unknown_setting(start: Start, chat: object, named: str) -> None:
    editor = await start(options={"chat": chat, "colour": "red"})
    await editor.until(lambda: any("colour" in each for each in editor.shown))
    assert editor.shown[0] == f"{named} is not a setting of Fimble and is ignored."
