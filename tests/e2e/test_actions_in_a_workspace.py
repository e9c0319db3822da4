"""Code actions that need other files of the folder, over a real connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types as lsp

from tests.e2e.acting import actions, edited, place, resolve
from tests.e2e.conftest import Start
from tests.e2e.editor import PATIENCE, Editor

CLIENT = "class Client:\n    def fetch(self, number: int) -> str:\n        return ''\n"
USER = "import re\n\nx = Client(), re\n"


async def in_a_shop(start: Start, folder: Path) -> tuple[Editor, Path]:
    """An editor in a project with a client, and the project's folder."""
    root = folder / "project"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "client.py").write_text(CLIENT)
    environment = {"FIMBLE_CACHE": str(folder / "cache")}
    return await start(root_uri=root.as_uri(), environment=environment), root


async def offered(editor: Editor, where: lsp.Range, uri: str, title: str) -> lsp.CodeAction:
    """The first action of that title, once the folder has been read."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await actions(editor, where, uri=uri)
            if found and found[0].title == title:
                return found[0]
            await asyncio.sleep(0.05)


async def test_a_name_is_imported_from_the_file_that_defines_it(
    tmp_path: Path, start: Start
) -> None:
    editor, root = await in_a_shop(start, tmp_path)
    uri = (root / "main.py").as_uri()
    editor.open(USER, uri)
    first = await offered(editor, place(2, 5), uri, "Import `Client` from shop.client")
    assert first.is_preferred
    action = await resolve(editor, first)
    expected = USER.replace("import re\n", "import re\n\nfrom shop.client import Client\n")
    assert edited(editor, USER, action.edit).text == expected


async def test_what_an_open_document_says_counts(tmp_path: Path, start: Start) -> None:
    """The class has a method that is not saved yet, so its name is no slip."""
    editor, root = await in_a_shop(start, tmp_path)
    uri = (root / "main.py").as_uri()
    text = "from shop.client import Client\n\nc = Client()\nc.fetsh(1)\n"
    editor.open(text, uri)
    await offered(editor, place(3, 4), uri, "Change `fetsh` to `fetch`")
    client = (root / "shop" / "client.py").as_uri()
    editor.open(CLIENT + "    def fetsh(self, number): ...\n", client)
    assert await actions(editor, place(3, 4), uri=uri) == []
