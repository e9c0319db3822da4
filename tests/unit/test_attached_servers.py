"""Documents that are open in several servers of a folder: each is changed where it is open."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from lsp_server.agent.desk import Change, File
from lsp_server.edge.attach import guest
from lsp_server.edge.attach.guest import ServersBuffers
from lsp_server.edge.attach.host import Host

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no such sockets")


class Editor:
    """`agent.desk.Buffers` over texts."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts
        self.declines = False
        self.is_silent = False

    async def text(self, path: str) -> str | None:
        return self.texts.get(path)

    async def apply(self, changes: Sequence[Change]) -> bool:
        if not self.declines:
            if any(self.texts.get(each.path) != each.file.text for each in changes):
                return False
            self.texts |= {each.path: each.text for each in changes}
        if self.is_silent:
            await asyncio.Event().wait()
        return not self.declines

    async def problems(self, path: str) -> list[str] | None:
        return None


Open = Callable[[Editor], Awaitable[None]]


@pytest.fixture
async def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(guest, "WAIT_SECONDS", 0.3)
    hosts: list[Host] = []

    async def open_(editor: Editor) -> None:
        hosts.append(Host(tmp_path, editor))
        await hosts[-1].open()

    yield open_
    for host in hosts:
        await host.close()


def changes(*paths: str) -> list[Change]:
    return [Change(File(path, f"{path} 1", None), f"{path} 2") for path in paths]


async def test_each_server_makes_the_changes_of_what_it_has(opened: Open, tmp_path: Path) -> None:
    editors = [Editor(a="a 1"), Editor(b="b 1", c="c 1")]
    for editor in editors:
        await opened(editor)
    others = Editor(d="d 1")
    assert await ServersBuffers(tmp_path, others).apply(changes("b", "a", "d", "c"))
    assert [*(editor.texts for editor in editors), others.texts] == [
        {"a": "a 2"},
        {"b": "b 2", "c": "c 2"},
        {"d": "d 2"},
    ]


@pytest.mark.parametrize("declining", [0, 1])
async def test_if_one_declines_none_is_made(opened: Open, tmp_path: Path, declining: int) -> None:
    editors = [Editor(a="a 1"), Editor(b="b 1")]
    for editor in editors:
        await opened(editor)
    editors[declining].declines = True
    assert not await ServersBuffers(tmp_path).apply(changes("a", "b"))
    assert [editor.texts for editor in editors] == [{"a": "a 1"}, {"b": "b 1"}]


async def test_what_nobody_has_open_is_not_changed(opened: Open, tmp_path: Path) -> None:
    editor = Editor(a="a 1")
    await opened(editor)
    assert not await ServersBuffers(tmp_path).apply(changes("a", "x"))
    assert editor.texts == {"a": "a 1"}


async def test_one_that_closes_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIMBLE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(guest, "WAIT_SECONDS", 0.3)
    before = asyncio.all_tasks()
    editor = Editor(a="a 1")
    editor.is_silent = True
    host = Host(tmp_path, editor)
    await host.open()
    assert await ServersBuffers(tmp_path).apply(changes("a"))
    gc.collect()  # what waits is waited for, whoever else knows of it
    assert len(asyncio.all_tasks() - before) == 1
    await host.close()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("declines", [False, True])
async def test_one_that_does_not_answer_is_looked_at(
    opened: Open, tmp_path: Path, declines: bool
) -> None:
    editor = Editor(a="a 1")
    editor.is_silent, editor.declines = True, declines
    await opened(editor)
    assert await ServersBuffers(tmp_path).apply(changes("a")) is not declines
