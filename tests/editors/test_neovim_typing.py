"""Suggestions in Neovim as they end up in saved files; cycled, snoozed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.editors.neovim import Editor, running, scripted

SCRIPT: list[dict[str, Any]] = [
    {"after": "def area(", "text": "width, height):\n    return width * height"},
    {"after": 'print("é😀", ', "text": "len('größe'), 1)"},
    {"after": "pick = ", "text": "min"},
    {"after": "pick = ", "text": "max", "choice": 1},
    {"after": "pick = ", "text": "sum", "choice": 2},
    {"after": "only = ", "text": "dict"},
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    home = tmp_path_factory.mktemp("nvim")
    keymaps = {"accept_word": "<C-l>", "accept_line": "<C-j>"}
    with running(home, scripted(home, *SCRIPT, keymaps=keymaps)) as editor:
        yield editor


@pytest.fixture
def editor(shared: Editor) -> Editor:
    shared.lua("_G.messages = {}")
    return shared


def saved(editor: Editor) -> str:
    """Leave Insert mode and save the file; what it holds then."""
    editor.keys("<Esc>")
    editor.until(lambda: editor.mode, "n")
    return editor.saved()


def test_all_of_it_is_saved(editor: Editor) -> None:
    editor.open("all.py", "# größer\n\n")
    editor.keys("Gidef area(")
    editor.until_ghost(["width, height):", "    return width * height"])
    editor.keys("<Tab>")
    editor.until_ghost([])
    assert saved(editor) == "# größer\ndef area(width, height):\n    return width * height\n"


def test_a_word_and_a_line_are_saved(editor: Editor) -> None:
    editor.open("parts.py", "\n")
    editor.keys("idef area(")
    editor.until_ghost(["width, height):", "    return width * height"])
    editor.keys("<C-l>")
    editor.until_ghost([", height):", "    return width * height"])
    assert saved(editor) == "def area(width\n"
    editor.keys("cc" + "def area(")
    editor.until_ghost(["width, height):", "    return width * height"])
    editor.keys("<C-j>")
    editor.until_ghost(["", "    return width * height"])
    assert saved(editor) == "def area(width, height):\n"


def test_wide_characters_are_saved(editor: Editor) -> None:
    editor.open("wide.py", "\n")
    editor.keys('iprint("é😀", ')
    editor.until_ghost(["len('größe'), 1)"])
    editor.keys("<C-l><C-l><C-l>")
    editor.until_ghost(["'), 1)"])
    assert saved(editor) == 'print("é😀", len(\'größe\n'


def test_further_suggestions_are_shown_in_turn(editor: Editor) -> None:
    editor.open("pick.py", "\n")
    editor.keys("ipick = ")
    editor.until_ghost(["min"])
    for key, shown in (("]", "max"), ("]", "sum"), ("]", "min"), ("[", "sum"), ("[", "max")):
        editor.keys(f"<M-{key}>")
        editor.until_ghost([shown])
    editor.keys("<Tab>")
    editor.until_ghost([])
    assert saved(editor) == "pick = max\n"
    assert editor.messages == []


def test_where_there_is_no_other_that_is_said(editor: Editor) -> None:
    editor.open("only.py", "\n")
    editor.keys("ionly = ")
    editor.until_ghost(["dict"])
    editor.keys("<M-]>")
    editor.until(lambda: editor.messages, ["Fimble: there is no other suggestion here."])
    editor.keys("d<M-[>")
    editor.until(lambda: len(editor.messages), 2)
    assert editor.ghost == ["ict"]


def test_snoozed_nothing_is_shown_unless_asked_for(editor: Editor) -> None:
    status = "return require('fimble').status()"
    editor.open("snooze.py", "\n")
    editor.command("Fimble snooze 5")
    assert editor.lua(status) == "Fimble snoozes 5 min"
    asked = editor.requests("pending")
    editor.keys("ionly = ")
    editor.until(lambda: editor.text, "only = ")
    editor.keys("<Cmd>Fimble complete<CR>")
    editor.until_ghost(["dict"])
    assert editor.requests("pending") == asked + 1
    editor.keys("<Esc>")
    editor.command("Fimble snooze 0")
    editor.until(lambda: editor.lua(status), "Fimble ready")
    editor.keys("oonly = ")
    editor.until_ghost(["dict"])
    editor.keys("<Esc>")
    editor.command("Fimble snooze 0.001")
    assert "is a whole number" in editor.messages[-1]


def test_a_snooze_ends_by_itself_and_by_the_toggle(editor: Editor) -> None:
    enabled = "return require('fimble').client().is_enabled()"
    editor.open("ends.py", "\n")
    editor.lua("require('fimble.switch').snooze(0.001)")
    assert editor.lua(enabled) is False
    editor.until(lambda: editor.lua(enabled), True)
    editor.command("Fimble snooze")
    editor.command("Fimble toggle")
    assert editor.lua(enabled) is True
    editor.command("Fimble toggle")
    editor.command("Fimble snooze")
    assert editor.lua(enabled) is False
    assert "`:Fimble toggle` turns them on" in editor.messages[-1]
    editor.command("Fimble toggle")
    assert editor.lua("return require('fimble').status()") == "Fimble ready"


def test_commands_and_what_follows_them_are_completed(editor: Editor) -> None:
    def completed(line: str) -> list[str]:
        return list(editor.lua("return vim.fn.getcompletion(..., 'cmdline')", line))

    assert completed("Fimble s") == ["servers", "sessions", "snooze", "status", "stop"]
    assert completed("Fimble mode ") == ["plan", "ask", "edit", "all"]
    assert completed("'<,'>Fimble sessions d") == ["delete"]
    assert completed("Fimble restart ") == []
    editor.command("Fimble nonsense")
    editor.command("Fimble chat nonsense")
    assert editor.messages[0].startswith(
        "Fimble: no such command; there are actions, answer, chat,"
    )
    assert editor.messages[1] == "Fimble chat: it is followed by new."
