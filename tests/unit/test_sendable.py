"""Which documents an engine on another machine may see, as ignore files change."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lsp_server.completion import sendable
from lsp_server.completion.sendable import Sendable
from lsp_server.engines.fake import FakeEngine
from tests.remote import RemoteFake


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    return path


def asked(file: Path) -> Sendable:
    return Sendable(RemoteFake([]), file.parent)


async def test_what_is_known_is_remembered_until_files_change(file: Path) -> None:
    documents = asked(file)
    assert await documents.may_be_sent(file.as_uri())
    (file.parent / ".gitignore").write_text("a.py\n")
    assert await documents.may_be_sent(file.as_uri())
    documents.forget()
    assert not await documents.may_be_sent(file.as_uri())


async def test_a_client_that_tells_of_no_change_is_not_relied_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sendable, "REMEMBERED_SECONDS", 0.0)
    documents = asked(file)
    assert await documents.may_be_sent(file.as_uri())
    (file.parent / ".gitignore").write_text("a.py\n")
    await asyncio.sleep(0.001)
    assert not await documents.may_be_sent(file.as_uri())


async def test_what_is_looked_at_while_files_change_is_looked_at_again(file: Path) -> None:
    documents = asked(file)
    looking = asyncio.create_task(documents.may_be_sent(file.as_uri()))
    await asyncio.sleep(0)
    documents.forget()
    await looking
    (file.parent / ".gitignore").write_text("a.py\n")
    assert not await documents.may_be_sent(file.as_uri())


async def test_an_engine_on_this_machine_sees_all(file: Path) -> None:
    (file.parent / ".gitignore").write_text("a.py\n")
    documents = Sendable(FakeEngine([]), file.parent)
    assert await documents.may_be_sent(file.as_uri())
