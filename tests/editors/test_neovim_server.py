"""The server of a Neovim: it ends, hangs, can't be started, works elsewhere; chats go on."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from lsp_server.edge.chat.words import INTERRUPTED
from tests.e2e.acp_client import call
from tests.editors.chat_view import MENUS, ChatView, in_project, project, server_of
from tests.editors.neovim import options, running, scripted

TEXT = "def add(a, b):\n    return a - b\n"
FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")
SLOW = {"chat": "word " * 2000, "seconds_per_token": 0.01}
CRASHED = "Fimble: the server has crashed and is started again."


@pytest.mark.parametrize(
    ("asked", "how"),
    [(False, signal.SIGKILL), (True, signal.SIGKILL), (False, signal.SIGTERM)],
)
def test_a_server_that_is_killed_is_started_again(
    tmp_path: Path, asked: bool, how: signal.Signals
) -> None:
    root = project(tmp_path, calc=TEXT)
    first = FIX if asked else SLOW
    with running(tmp_path, scripted(tmp_path, first, "Later.")) as editor:
        editor.command(f"edit {root / 'calc.py'}")
        editor.until_followed()
        chat = in_project(editor, root)
        chat.say("go on")
        chat.until("Write calc.py?" if asked else "word word")
        killed = server_of(editor)
        killed.send_signal(how)
        chat.until("> The server has ended in this turn.")
        chat.until_idle()
        assert editor.messages == [CRASHED]
        editor.command("wincmd h")
        editor.until_followed()
        assert server_of(editor).pid != killed.pid
        editor.command("Fimble retry")  # the script begins anew with the server
        chat.until("Write calc.py?" if asked else "\nword word")
        editor.command("Fimble stop")
        chat.until_idle()
        assert editor.messages == [CRASHED]


def test_a_server_that_keeps_crashing_is_given_up(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path)) as editor:
        editor.command(f"edit {root / 'calc.py'}")
        client = "return (vim.lsp.get_clients({ bufnr = 0 })[1] or {}).id or 0"
        last = 0
        for _ in range(4):
            editor.until(lambda: editor.lua(client) > last, True)  # noqa: B023
            editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
            last = editor.lua(client)
            server_of(editor).kill()
            editor.until(lambda: editor.lua(client) != last, True)  # noqa: B023
        editor.until(lambda: len(editor.messages), 2)
        assert "has crashed and is started again" in editor.messages[0]
        assert "keeps crashing; see `:checkhealth fimble`" in editor.messages[1]
        assert editor.lua(client) == 0
        editor.command("Fimble restart")
        editor.until(lambda: editor.lua(client) > last, True)


@pytest.mark.parametrize("setup", [options("--no-such-option"), {"cmd": ["true"]}])
def test_a_server_that_can_not_start_is_named_once(tmp_path: Path, setup: dict[str, Any]) -> None:
    with running(tmp_path, setup) as editor:
        (tmp_path / "file.py").write_text("\n")
        editor.command(f"edit {tmp_path / 'file.py'}")
        editor.until(lambda: len(editor.messages) > 0, True)
        assert (
            "Fimble: the server could not be started; see `:checkhealth fimble`"
            in editor.messages[0]
        )
        chat = ChatView(editor)
        chat.say("hello")
        chat.until("`:Fimble retry` sends your message again.")  # it is not lost


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--model", "no-such-model"), "no-such-model"),
        (("--endpoint", "http://127.0.0.1:9"), "127.0.0.1:9"),
    ],
)
def test_a_model_that_is_not_there_is_shown(
    tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    root = project(tmp_path)
    with running(tmp_path, options(*arguments)) as editor:
        chat = in_project(editor, root)
        chat.say("hello")
        chat.until("`:Fimble retry` sends your message again.")
        chat.until_idle()
        assert named in chat.text
        editor.command("checkhealth fimble")
        found = [line for line in editor.text.splitlines() if "ERROR" in line]
        assert any(named in line for line in found), editor.text


def test_a_message_is_stopped_before_the_server_has_it(tmp_path: Path) -> None:
    root = project(tmp_path)
    with running(tmp_path, {"cmd": ["sleep", "100"]}) as editor:
        chat = in_project(editor, root)
        chat.say("hello")
        editor.until(lambda: editor.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, true)"), [""])
        editor.command("Fimble stop")
        chat.until("> Stopped. `:Fimble retry` sends your message again.")
        editor.command("Fimble stop")
        assert editor.messages == ["Fimble: nothing is under way."]


def test_a_server_that_hangs_is_killed_and_nobody_waits(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, SLOW, "Later.")) as editor:
        editor.command(f"edit {root / 'calc.py'}")
        editor.until_followed()
        chat = in_project(editor, root)
        chat.say("go on")
        chat.until("word word")
        hanging = server_of(editor)
        hanging.suspend()
        editor.command("Fimble status")
        assert editor.messages == []  # as it is asked while one goes on
        editor.until(lambda: len(editor.messages), 1)
        assert "the server does not answer; `:Fimble restart`" in editor.messages[0]
        editor.command("Fimble restart")
        assert hanging.is_running()
        chat.until("> The server has ended in this turn.")
        assert "works" not in chat.bar
        chat.say("again")  # waits for the new server
        editor.until(lambda: chat.text.count("\nword word"), 2)
        assert not hanging.is_running()
        assert server_of(editor).pid != hanging.pid
        assert editor.lua("return #vim.lsp.get_clients()") == 1
        editor.command("Fimble stop")
        chat.until_idle()
        assert len(editor.messages) == 1


def test_a_chat_says_which_folder_it_is_about(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / "calc.py").write_text(TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        editor.command(f"edit {root / 'calc.py'}")
        editor.until_followed()
        chat = in_project(editor, other)
        chat.open()
        assert editor.messages == []  # the file is in it
        editor.command(f"wincmd t | edit {other / 'calc.py'}")
        chat.say("mend add")
        told = f"Fimble: chats are about {root}, not about {other}; `:Fimble restart` goes there."
        assert editor.messages == [told]
        chat.until("Write calc.py?")
        assert f"> In `{root}`" in chat.lines
        assert chat.bar.strip().startswith("Fimble in project · ask")
        editor.keys("gr")
        chat.until_idle()
        editor.command("wincmd t")
        editor.command("Fimble restart")
        chat.say("mend add")
        chat.until(f"> In `{other}`")
        assert chat.bar.strip().startswith("Fimble in other · ask")
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        chat.until_idle()
        assert (root / "calc.py").read_text() == TEXT
        editor.command("Fimble retry")
        editor.until(lambda: chat.lines.count("mend add"), 2)
        assert editor.messages == [told]


def test_a_turn_that_was_cut_off_says_so_when_it_is_shown_again(tmp_path: Path) -> None:
    root = project(tmp_path)
    with running(tmp_path, scripted(tmp_path, SLOW)) as editor:
        chat = in_project(editor, root)
        chat.say("go on")
        chat.until("word word")
        server_of(editor).kill()
        chat.until("> The server has ended in this turn.")
    with running(tmp_path, scripted(tmp_path, "Here."), MENUS) as editor:
        chat = in_project(editor, root)
        chat.choose("")  # the latest
        editor.command("Fimble sessions")
        chat.until(f"> {INTERRUPTED} `:Fimble retry` sends your message again.")
        editor.command("Fimble retry")
        chat.until("Here.")
        assert chat.lines.count("go on") == 2
