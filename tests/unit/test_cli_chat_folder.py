"""A chat in a folder that is too large to be read at once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_server.cli import chat_folder, main
from lsp_server.workspace.indexer import Indexer

TOLD = "Of this folder 7 of 90000 files are read so far; the rest is read while you chat"


class Endless(Indexer):
    """A scan that goes on for ever."""

    interrupts = False
    ended = False

    async def scan(self) -> bool:
        assert self._on_progress
        self._on_progress(7, 90_000)
        if Endless.interrupts:
            os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            Endless.ended = True
        return True


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "project").mkdir()
    (tmp_path / "script.json").write_text(json.dumps([{"chat": "Good day."}]))
    (tmp_path / "typed.txt").write_text("hello\n")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(chat_folder, "Indexer", Endless)
    monkeypatch.setattr(Endless, "interrupts", False)
    monkeypatch.setattr(Endless, "ended", False)
    for name in ("FIMBLE_STATE", "FIMBLE_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with (tmp_path / "typed.txt").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield
    signal.signal(signal.SIGINT, before)


def chat(*arguments: str) -> int:
    return main(["chat", "--script", "../script.json", *arguments])


@pytest.mark.parametrize("arguments", [("-p", "hello"), ()])
def test_the_chat_begins_with_what_is_read(
    arguments: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_folder, "PATIENCE_SECONDS", 0.01)
    assert chat(*arguments) == 0
    printed = capsys.readouterr()
    assert TOLD in printed.err
    assert "Good day." in printed.out
    assert Endless.ended


def test_ctrl_c_begins_a_conversation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endless, "interrupts", True)
    assert chat() == 0
    printed = capsys.readouterr()
    assert TOLD in printed.err
    assert "Good day." in printed.out


def test_ctrl_c_ends_the_command_where_nobody_converses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endless, "interrupts", True)
    assert chat("-p", "hello") == 130
    printed = capsys.readouterr()
    assert printed.err.endswith("fimble: stopped.\n")
    assert "Good day." not in printed.out
    assert Endless.ended
