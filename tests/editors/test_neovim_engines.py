"""How the engines do, as a user of Neovim sees it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.editors.chat_view import server_of
from tests.editors.neovim import Editor, options, running, scripted

CLOSED = {"url": "http://127.0.0.1:9"}
ONE_THAT_IS_DOWN = {
    "endpoints": {"office": CLOSED},
    "roles": {"fim": ["office"], "chat": ["office"]},
}
SLOW = {"after": "", "text": "word " * 2000, "seconds_per_token": 60}
ASKING = "Each engine is asked for one token …"
PAGE = "fimble://engines"


def shown(editor: Editor) -> list[str]:
    """The page, on which the cursor is, once engines have answered."""
    assert editor.lua("return vim.fn.bufname()") == PAGE
    editor.until(lambda: editor.text != ASKING, True)
    return editor.text.splitlines()


def test_engines_are_asked_and_shown_beside_the_code(tmp_path: Path) -> None:
    with running(tmp_path, scripted(tmp_path, "Yes.")) as editor:
        editor.command("Fimble engines")
        assert editor.messages == ["Fimble: the server is not running."]
        editor.open("a.py", "x = 1\n")
        editor.command("Fimble engines")
        fim, chat = shown(editor)
        ready = r"ready · first word after [\d.]+ m?s"
        # The server may have read ahead where the cursor is.
        assert re.fullmatch(
            rf"script · completions · {ready} · (no requests|\d answered, 0 failed)", fim
        )
        assert re.fullmatch(rf"script · chat · {ready} · no requests", chat)
        editor.command("Fimble engines")  # in the window that is there
        assert editor.lua("return #vim.api.nvim_tabpage_list_wins(0)") == 2
        editor.keys("q")
        editor.until(lambda: editor.text, "x = 1")


def test_why_one_is_down_is_shown(tmp_path: Path) -> None:
    with running(tmp_path, options(settings=ONE_THAT_IS_DOWN)) as editor:
        editor.open("a.py", "x = 1\n")
        editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble failed")
        editor.command("Fimble engines")
        fim, why, chat, _ = shown(editor)
        assert re.fullmatch(r"office · completions · down · 0 answered, \d+ failed", fim)
        assert why.startswith("    No server answers at 127.0.0.1:9")
        assert chat == "office · chat · down · no requests"
        editor.command("close")
        editor.command("checkhealth fimble")
        line = next(each for each in editor.text.splitlines() if "completions · down" in each)
        assert "ERROR" in line and "No server answers at 127.0.0.1:9" in line


def test_a_server_that_ends_meanwhile_is_told(tmp_path: Path) -> None:
    with running(tmp_path, scripted(tmp_path, SLOW)) as editor:
        editor.open("a.py", "x = 1\n")
        editor.command("Fimble engines")
        assert editor.text == ASKING
        server_of(editor).kill()
        assert shown(editor) == ["The server has ended; `:Fimble engines` asks again."]


def test_health_lists_what_is_known_and_waits_for_no_server(tmp_path: Path) -> None:
    with running(tmp_path, scripted(tmp_path)) as editor:
        editor.open("a.py", "x = 1\n")
        editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
        editor.command("checkhealth fimble")
        assert "script · completions · " in editor.text
        assert "script · chat · not asked yet · no requests" in editor.text
        editor.command("close")
        hanging = server_of(editor)
        hanging.suspend()
        editor.lua("require('fimble.health').server_patience_ms = 100")
        editor.command("checkhealth fimble")
        assert "The server does not tell: timeout." in editor.text
        hanging.resume()
