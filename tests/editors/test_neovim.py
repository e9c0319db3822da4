"""The Neovim plugin with the real server, in a real Neovim."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.editors.neovim import Editor, options, running

SCRIPT = [
    {"after": "total = ", "text": "sum(locals)"},
    {"after": "def area(", "text": "width, height):\n    return width * height"},
    {"after": 'print("é😀", ', "text": "len(dict))"},
    {"after": "call(", "text": "1, 2) + 3"},
    {"after": "Dear ", "text": "reader,"},
    {"after": "slow = ", "text": "list", "seconds_per_token": 1},
    {"after": "slow = i", "text": "nt"},
]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("script") / "script.json"
    path.write_text(json.dumps(SCRIPT))
    return str(path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, script: str) -> Iterator[Editor]:
    keymaps = {"accept_word": "<C-l>", "accept_line": "<C-j>", "complete": "<C-b>"}
    setup = options("--script", script, keymaps=keymaps)
    mapped = "vim.keymap.set('i', '<C-l>', 'former')"
    with running(tmp_path_factory.mktemp("nvim"), setup, mapped) as editor:
        yield editor


@pytest.fixture
def editor(shared: Editor) -> Editor:
    """One Neovim and one server for all tests; each opens its own file."""
    shared.lua("_G.messages = {}")
    return shared


def test_tab_accepts_and_undo_takes_back_only_that(editor: Editor) -> None:
    editor.open("sum.py", "values = []\n\n")
    editor.keys("Gitotal = ")
    editor.until_ghost(["sum(locals)"])
    assert editor.ghost_place == (2, 8, "inline")
    editor.keys("<Tab>")
    editor.until(lambda: editor.text, "values = []\ntotal = sum(locals)")
    assert editor.cursor == (2, len("total = sum(locals)"))
    assert editor.ghost == []
    editor.keys(" # all<Esc>")
    editor.until(lambda: editor.text, "values = []\ntotal = sum(locals) # all")
    editor.keys("u")
    editor.until(lambda: editor.text, "values = []\ntotal = sum(locals)")
    editor.keys("u")
    editor.until(lambda: editor.text, "values = []\ntotal = ")
    editor.keys("u")
    editor.until(lambda: editor.text, "values = []\n")


def test_several_lines(editor: Editor) -> None:
    editor.open("lines.py", "\nprint(area(1, 2))\n")
    editor.keys("idef area(")
    editor.until_ghost(["width, height):", "    return width * height"])
    editor.keys("<Tab>")
    text = "def area(width, height):\n    return width * height\nprint(area(1, 2))"
    editor.until(lambda: editor.text, text)
    assert editor.cursor == (2, len("    return width * height"))
    editor.keys("<Esc>u")
    editor.until(lambda: editor.text, "def area(\nprint(area(1, 2))")


def test_what_is_typed_of_it_leaves_the_rest(editor: Editor) -> None:
    editor.open("through.py", "\n")
    editor.keys("idef area(")
    editor.until_ghost(["width, height):", "    return width * height"])
    asked = editor.requests("pending")
    editor.keys("wid")
    editor.until_ghost(["th, height):", "    return width * height"])
    assert editor.ghost_place == (1, len("def area(wid"), "inline")
    editor.keys("<BS>")
    editor.until_ghost(["dth, height):", "    return width * height"])
    editor.keys("dth, height):<CR>re")
    editor.until_ghost(["turn width * height"])
    assert editor.requests("pending") == asked
    editor.keys("<Tab>")
    editor.until(lambda: editor.text, "def area(width, height):\n    return width * height")


@pytest.mark.parametrize(
    "keys", ["x", "<Left>", "su<Left>", "<BS>", "<Esc>", "<C-]>", "<CR>", "<C-x><C-n>"]
)
def test_hides(editor: Editor, keys: str) -> None:
    editor.open("hides.py", "\n")
    editor.keys("itotal = ")
    editor.until_ghost(["sum(locals)"])
    editor.keys(keys)
    editor.until_ghost([])


def test_keys_without_suggestion_do_what_they_did(editor: Editor) -> None:
    editor.open("plain.py", "\n")
    editor.command("set expandtab shiftwidth=4 softtabstop=4")
    editor.keys("i<Tab>x<C-l>")
    editor.until(lambda: editor.text, "    xformer")
    editor.keys("<Esc>:set noexpandtab<CR>cc<Tab>y")
    editor.until(lambda: editor.text, "\ty")
    assert editor.messages == []


def test_word_and_line(editor: Editor) -> None:
    editor.open("parts.py", "\n")
    editor.keys("idef area(")
    editor.until_ghost(["width, height):", "    return width * height"])
    editor.keys("<C-l>")
    editor.until_ghost([", height):", "    return width * height"])
    editor.keys("<C-j>")
    editor.until_ghost(["", "    return width * height"])
    editor.keys("<C-l>")
    editor.until(lambda: editor.text, "def area(width, height):\n    return")
    assert editor.cursor == (2, len("    return"))
    editor.until_ghost([" width * height"])


def test_the_server_hears_what_became_of_suggestions(script: str, tmp_path: Path) -> None:
    names = ("shown", "accepted", "partlyAccepted", "rejected", "acceptedCharacters")
    ask = """
    local answer = vim.lsp.get_clients()[1]:request_sync('fimble/stats', vim.empty_dict(), 5000)
    return answer.result
    """

    keymaps = {"accept_word": "<C-l>"}
    with running(tmp_path, options("--script", script, keymaps=keymaps)) as editor:

        def counted() -> list[int]:
            figures = editor.lua(ask)
            return [figures[name] for name in names]

        editor.open("told.py", "\n")
        editor.keys("itotal = ")
        editor.until_ghost(["sum(locals)"])
        editor.until(counted, [1, 0, 0, 0, 0])
        editor.keys("<C-l>")
        editor.until_ghost(["(locals)"])
        editor.until(counted, [1, 0, 1, 0, 3])
        editor.keys("<Tab>")
        editor.until(counted, [1, 1, 0, 0, 11])
        editor.keys("<CR>total = ")
        editor.until_ghost(["sum(locals)"])
        editor.keys("<C-]>")
        editor.until(counted, [2, 1, 0, 1, 11])
        assert editor.messages == []


def test_text_right_of_the_cursor_is_replaced(editor: Editor) -> None:
    editor.open("right.py", "x = call()\n")
    editor.keys("f(a")
    editor.until_ghost(["1, 2) + 3"])
    assert editor.ghost_place == (1, len("x = call("), "overlay")
    editor.keys("<Tab>")
    editor.until(lambda: editor.text, "x = call(1, 2) + 3")
    assert editor.cursor == (1, len("x = call(1, 2) + 3"))


def test_text_that_moves_below_is_drawn_there(editor: Editor) -> None:
    editor.open("moves.txt", "f(wide)\n")
    editor.keys("fwi")
    editor.until(lambda: editor.mode, "i")
    item = {
        "insertText": "a,\n  b",
        "range": {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 6}},
    }
    editor.lua("require('fimble.suggestion').show(...)", item, "utf-8")
    assert editor.ghost == ["a,   ", "  b)"]
    editor.keys("<Tab>")
    editor.until(lambda: editor.text, "f(a,\n  b)")
    assert editor.cursor == (2, 3)


def accept_behind_wide_characters(editor: Editor) -> str:
    """Return the position encoding it was done in."""
    editor.open("word.py", "\n")
    editor.keys('iprint("é😀", )<Left>')
    editor.until_ghost(["len(dict)"])
    assert editor.ghost_place == (1, 16, "inline")
    editor.keys("<Tab>")
    editor.until(lambda: editor.text, 'print("é😀", len(dict))')
    return str(editor.lua("return vim.lsp.get_clients()[1].offset_encoding"))


def test_counts_in_bytes(editor: Editor) -> None:
    assert accept_behind_wide_characters(editor) == "utf-8"


def test_counts_in_utf16(script: str, tmp_path: Path) -> None:
    only_utf16 = "{ capabilities = { general = { positionEncodings = { 'utf-16' } } } }"
    before = f"vim.lsp.config('fimble', {only_utf16})"
    with running(tmp_path, options("--script", script), before) as editor:
        assert accept_behind_wide_characters(editor) == "utf-16"


def test_a_new_key_takes_the_old_request_back(editor: Editor) -> None:
    editor.open("slow.py", "\n")
    asked, cancelled = editor.requests("pending"), editor.requests("cancel")
    editor.keys("islow = ")
    editor.until(lambda: editor.requests("pending"), asked + 1)
    editor.keys("i")
    editor.until_ghost(["nt"])
    assert editor.requests("cancel") == cancelled + 1


def test_asked_only_when_wanted(editor: Editor) -> None:
    editor.open("letter", "\n")  # a file without a file type
    editor.command("Fimble toggle")
    asked = editor.requests("pending")
    editor.keys("iDear ")
    editor.until(lambda: editor.text, "Dear ")
    editor.keys("<C-b>")
    editor.until_ghost(["reader,"])
    assert editor.requests("pending") == asked + 1
    editor.keys("<C-]>x<C-b>")
    nothing = "Fimble: there is nothing to suggest here."
    editor.until(lambda: editor.messages[-1], nothing)
    editor.keys("<Esc>")
    editor.command("Fimble toggle")
    assert editor.messages == [
        "Fimble: suggestions while typing are off.",
        nothing,
        "Fimble: suggestions while typing are on.",
    ]


def test_settings_reach_a_running_server(editor: Editor) -> None:
    editor.open("settings.py", "\n")
    editor.lua("require('fimble').configure({ completion = { automatic = false } })")
    editor.keys("itotal = <C-b>")
    editor.until_ghost(["sum(locals)"])
    answered = editor.requests("complete")
    editor.keys("<Esc>otot<BS>tal = ")
    editor.until(lambda: editor.requests("complete") > answered, True)
    assert editor.ghost == []
    editor.lua("require('fimble').configure({})")
    editor.keys("<Esc>ototal = ")
    editor.until_ghost(["sum(locals)"])
    assert editor.messages == []


def test_only_files_are_followed(editor: Editor) -> None:
    editor.open("file.py", "\n")
    for buffer in ("new | set filetype=python", "new | set buftype=nofile filetype=python", "help"):
        editor.command(buffer)
        assert editor.lua("return #vim.lsp.get_clients({ bufnr = 0 })") == 0
    editor.command("only!")


def test_restart_and_status(editor: Editor) -> None:
    editor.open("restart.py", "\n")
    editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
    clients = "return vim.tbl_map(function(c) return c.id end, vim.lsp.get_clients())"
    [before] = editor.lua(clients)
    editor.command("Fimble restart")
    editor.until(lambda: [each > before for each in editor.lua(clients)], [True])
    editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
    editor.command("Fimble status")
    editor.until(lambda: editor.messages, ["The scripted engine is ready."])
    editor.keys("itotal = ")
    editor.until_ghost(["sum(locals)"])
    editor.command("Fimble status")
    editor.until(lambda: len(editor.messages), 2)
    assert re.fullmatch(
        r"The scripted engine is ready\. Half of the answers took at most \d+ ms, "
        r"95% at most \d+ ms; \d+% were there; a key cost \d+\.\d prompt tokens\.",
        editor.messages[-1],
    )


def test_a_model_that_is_missing_is_named_once(tmp_path: Path) -> None:
    with running(tmp_path, options("--model", "no-such-model")) as editor:
        editor.open("file.py", "\n")
        editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble failed")
        editor.keys("iabc")
        editor.until(lambda: editor.requests("complete") > 0, True)
        [message] = editor.messages
        assert message.startswith("Fimble: ") and "no-such-model" in message
        assert editor.ghost == []


def test_a_command_that_is_missing_is_named(tmp_path: Path) -> None:
    with running(tmp_path, {"cmd": ["no-such-command"]}) as editor:
        assert editor.messages == [
            "Fimble: no-such-command is not a command; install Fimble or set `cmd` to where it is."
        ]


def test_health(editor: Editor) -> None:
    editor.command("checkhealth fimble")
    assert "runs: The scripted engine is ready." in editor.text
    editor.command("close")


def test_health_does_not_wait_for_a_doctor_that_hangs(tmp_path: Path) -> None:
    command = tmp_path / "fimble"
    command.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/$1.pid\nexec sleep 1000\n")
    command.chmod(0o755)
    with running(tmp_path, {"cmd": [str(command), "serve"]}) as editor:
        editor.lua("require('fimble.health').patience_ms = 200")
        editor.command("checkhealth fimble")
        late = f"It has not answered in 0.2 seconds; `{command} doctor --json` in a shell"
        assert late in editor.text
        hanging = int((tmp_path / "doctor.pid").read_text())
        editor.until(lambda: psutil.pid_exists(hanging), False)


STAND_IN = """
vim.lsp.inline_completion = {
  enable = function(on, filter) _G.enabled = { on, filter.bufnr == vim.fn.bufnr() } end,
  get = function() return _G.has_item end,
}
"""


def test_leaves_it_to_a_client_of_neovims_own(script: str, tmp_path: Path) -> None:
    """Neovim 0.12 can't be had from a package index: this checks only what we ask of it."""
    with running(tmp_path, options("--script", script), STAND_IN) as editor:
        editor.open("file.txt", "\n")
        editor.until(lambda: editor.lua("return _G.enabled"), [True, True])
        editor.keys("itotal = <Tab>x")
        editor.until(lambda: editor.text, "total = \tx")
        editor.lua("_G.has_item = true")
        editor.keys("<Tab>y")
        editor.until(lambda: editor.text, "total = \txy")
        assert editor.ghost == []


@pytest.mark.model
def test_a_real_model(tmp_path: Path) -> None:
    with running(tmp_path, options("--model", "qwen2.5-coder-0.5b")) as editor:
        text = "def add(a, b):\n    return a + b\n\n\ndef subtract(a, b):\n"
        editor.open("arithmetic.py", text)
        ready = "Fimble ready"
        editor.until(lambda: editor.lua("return require('fimble').status()"), ready, seconds=60)
        editor.keys("Goreturn ")
        editor.until(lambda: editor.ghost, ["a - b"], seconds=30)
        editor.keys("<Tab>")
        editor.until(lambda: editor.text, text + "    return a - b")
