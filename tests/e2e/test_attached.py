"""`fimble acp` beside a language server of the same folder: it sees what is open there."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lsp_server.edge.attach import address
from tests.e2e.acp_client import call, running, written
from tests.e2e.chatting import Chat
from tests.e2e.conftest import Start

TEXT = "def add(a, b):\n    return a - b\n"
UNSAVED = TEXT + "UNSAVED = 1\n"
READ = call("read", path="calc.py")
FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")

Connect = Callable[[], Awaitable[Chat]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "calc.py").write_text(TEXT)
    return folder


@pytest.fixture
def connect(start: Start, root: Path) -> Connect:
    async def connected() -> Chat:
        chat = Chat(await start(root_uri=root.as_uri()))
        await chat.editor.until(lambda: address.found(root))
        return chat

    return connected


async def test_open_documents_are_read_and_edited_in_the_editor(
    connect: Connect, root: Path, tmp_path: Path
) -> None:
    chat = await connect()
    uri = chat.open(root / "calc.py", UNSAVED)
    script = written(tmp_path / "acp.json", READ, FIX, "Done.")
    async with running(script, "allow_once") as client:
        session = await client.begin(root)
        assert await client.prompt(session, "mend add") == "end_turn"
        assert chat.texts[uri] == UNSAVED.replace("-", "+")
        assert (root / "calc.py").read_text() == TEXT
        assert "UNSAVED" in json.dumps(client.told("tool_call_update"))
        await client.prompt(session, "/undo")
        assert chat.texts[uri] == UNSAVED


async def test_what_is_not_open_or_was_open_is_edited_on_the_disk(
    connect: Connect, root: Path, tmp_path: Path
) -> None:
    chat = await connect()
    (file,) = address.found(root)
    async with running(written(tmp_path / "acp.json", FIX, "Done."), "allow_once") as client:
        session = await client.begin(root)
        chat.editor.process.kill()
        await chat.editor.process.wait()
        assert await client.prompt(session, "mend add") == "end_turn"
    assert (root / "calc.py").read_text() == TEXT.replace("-", "+")
    assert not file.exists()


async def test_who_has_no_secret_is_told_nothing(connect: Connect, root: Path) -> None:
    chat = await connect()
    chat.open(root / "calc.py", UNSAVED)
    ((file, where),) = address.found(root).items()
    assert file.stat().st_mode & 0o777 == 0o600
    assert Path(where.socket).parent.stat().st_mode & 0o777 == 0o700

    def is_told(secret: str | None) -> bool:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(5)
            asking.connect(where.socket)
            request = {"do": "text", "path": "calc.py", "secret": secret}
            asking.sendall(json.dumps(request).encode() + b"\n")
            return b"UNSAVED" in asking.recv(10_000)

    await chat.editor.until(lambda: is_told(where.secret))  # it comes on another way
    assert not any(is_told(secret) for secret in ("", "0" * 32, None))
    await chat.editor.client.shutdown_session()
    assert not file.exists()
    assert not Path(where.socket).parent.exists()
