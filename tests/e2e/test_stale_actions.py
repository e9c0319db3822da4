"""Code actions of a document that changes meanwhile: no edit for a text that is gone."""

from __future__ import annotations

import asyncio
import random

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.conftest import Start

IMPORTS = {
    "Import `Path` from pathlib": "from pathlib import Path\n",
    "Import `Path` from zipfile": "from zipfile import Path\n",
}
MISSING = 'import re\n\nx = Path("a"), re\n'


@pytest.mark.parametrize("change", ["edit", "close", "reopen"])
async def test_an_action_for_a_text_that_is_gone_has_no_edit(start: Start, change: str) -> None:
    editor = await start()
    editor.open(MISSING)
    action, *_ = await actions(editor, place(2, 5))
    if change == "edit":
        editor.edit(0, 0, 0, "#")
    else:
        editor.close()
    if change == "reopen":
        editor.open(MISSING + "y = 1\n")  # with the version that the other text had
    with pytest.raises(JsonRpcException, match="ask for the actions again") as caught:
        await resolve(editor, action)
    assert caught.value.code == lsp.LSPErrorCodes.ContentModified


def asks_for_all_at_once(able: lsp.ClientCapabilities) -> None:
    assert able.text_document is not None
    assert able.text_document.code_action is not None
    able.text_document.code_action.resolve_support = None


async def test_a_client_that_can_not_ask_later_gets_the_edit_at_once(start: Start) -> None:
    editor = await start(change=asks_for_all_at_once)
    editor.open(MISSING)
    editor.edit(1, 0, 0, "#")
    action, *_ = await actions(editor, place(2, 5))
    text = MISSING.replace("\n\n", "\n#\n", 1)
    result = edited(editor, text, action.edit)
    assert result.version == 2
    assert result.text == text.replace("import re\n", f"import re\n{IMPORTS[action.title]}")


async def test_no_edit_is_for_another_version_than_it_says(start: Start) -> None:
    """Typing, asking and resolving in any order, 500 times, with the answers read at the end."""
    editor = await start()
    chance = random.Random(6)
    texts = [MISSING]
    editor.open(MISSING)
    offered: list[lsp.CodeAction] = []
    waiting: list[asyncio.Task[object]] = []

    async def ask() -> None:
        offered.extend(await actions(editor, place(2, 5)))

    resolving: list[asyncio.Task[lsp.CodeAction]] = []
    for _ in range(500):
        step = chance.choice(("type", "ask", "resolve", "resolve", "wait"))
        if step == "type":
            editor.edit(1, 0, 0, "#")
            texts.append(texts[-1].replace("import re\n", "import re\n#", 1))
        elif step == "ask":
            waiting.append(asyncio.create_task(ask()))
        elif step == "resolve" and offered:
            action = chance.choice(offered[-3:])
            resolving.append(asyncio.create_task(resolve(editor, action)))
        elif resolving or waiting:  # for what was begun last, or for something before
            await asyncio.wait([chance.choice([*waiting, *resolving][-5:])])
    answers = await asyncio.gather(*resolving, return_exceptions=True)
    asked = await asyncio.gather(*waiting, return_exceptions=True)
    good = [each for each in answers if isinstance(each, lsp.CodeAction)]
    refused = [each for each in (*answers, *asked) if isinstance(each, JsonRpcException)]
    assert len(good) > 20
    assert len(refused) > 20
    assert {each.code for each in refused} == {lsp.LSPErrorCodes.ContentModified}
    for action in good:
        assert action.edit is not None
        assert action.edit.document_changes is not None
        [change] = action.edit.document_changes
        assert isinstance(change, lsp.TextDocumentEdit)
        assert change.text_document.version is not None
        text = texts[change.text_document.version - 1]
        after = edited(editor, text, action.edit).text
        assert after != text
        assert after.replace(IMPORTS[action.title], "") == text
