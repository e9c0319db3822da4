"""What may be done with code, from Neovim: its menu of code actions, and Fimble's commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.editors.chat_view import MENUS, ChatView
from tests.editors.neovim import Editor, running, scripted

TEXT = "# größer 😀\ndef é(a):\n    return a.b  # 😀\n"
DIAGNOSTIC = """
local text, source = ...
local namespace = vim.api.nvim_create_namespace('another tool')
vim.diagnostic.set(namespace, 0, {
  { lnum = 2, col = 11, end_lnum = 2, end_col = 14, message = text, source = source },
})
"""
HOSTILE = "It %{execute('let g:ran = 1')} %{v:lua.vim.cmd('let g:ran = 2')}\n"


def said(code: str, when: str, **more: object) -> dict[str, Any]:
    return {"chat": f"```python\n{code}\n```", "when": f"\n{when}\n", **more}


SCRIPT: list[dict[str, Any]] = [
    *(said("def é(a):\n    return a.c  # 😀", "mend it") for _ in range(4)),
    *(said("def é(b):\n    return b.b  # 😀", "rename a to b") for _ in range(8)),
    *({"chat": "It *gives* `b`.\n\n- größer\n", "when": "return a.b"} for _ in range(4)),
    {"chat": HOSTILE + "and more " * 900, "when": "hostile()", "seconds_per_token": 0.05},
    *({"chat": "words " * 900, "when": "slow()", "seconds_per_token": 0.05} for _ in range(4)),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    home = tmp_path_factory.mktemp("nvim")
    with running(home, scripted(home, *SCRIPT), MENUS) as editor:
        yield editor


@pytest.fixture
def editor(shared: Editor) -> Editor:
    shared.lua("_G.messages, _G.menus, _G.choices = {}, {}, {}")
    return shared


def explained(editor: Editor) -> str:
    """What is shown beside the code."""
    return str(
        editor.lua(
            """
            local win = vim.fn.bufwinid('fimble://explanation')
            local buf = win ~= -1 and vim.api.nvim_win_get_buf(win)
            local lines = buf and vim.api.nvim_buf_get_lines(buf, 0, -1, true) or {}
            return table.concat(lines, '\\n')
            """
        )
    )


def test_a_fix_of_another_tools_diagnostic_is_made_at_once(editor: Editor) -> None:
    editor.open("fix.py", TEXT)
    editor.lua(DIAGNOSTIC, "mend it", "odd")
    editor.keys("3G")
    editor.command("Fimble fix")
    editor.until(lambda: editor.text + "\n", TEXT.replace("a.b", "a.c"))
    assert editor.saved() == TEXT.replace("a.b", "a.c")
    assert ChatView(editor).menus == []


def test_a_misspelt_name_is_mended_by_rule(editor: Editor) -> None:
    text = "größe = '😀'\nprint('é😀', gröse)\n"
    editor.open("rule.py", text)
    editor.keys("2G")
    editor.command("Fimble fix")
    editor.until(lambda: editor.text + "\n", text.replace("gröse", "größe"))
    assert editor.saved() == text.replace("gröse", "größe")


def test_the_menu_of_actions_explains(editor: Editor) -> None:
    editor.open("menu.py", TEXT)
    editor.keys("3G")
    ChatView(editor).choose("Explain `é`")
    editor.command("Fimble actions")
    editor.until(lambda: explained(editor), "It *gives* `b`.\n\n- größer")
    [(_, shown)] = ChatView(editor).menus
    assert "Document `é`" in shown
    assert editor.lua("return vim.fn.bufname()").endswith("menu.py")  # one goes on in the code
    editor.command("silent! bwipeout! fimble://explanation")


def test_lines_that_are_selected_are_explained(editor: Editor) -> None:
    editor.open("lines.py", TEXT)
    editor.keys("2GVj:Fimble actions<CR>")
    editor.until(lambda: len(ChatView(editor).menus), 1)
    [(_, shown)] = ChatView(editor).menus
    assert "Explain the selection" in shown
    editor.command("2,3Fimble explain")
    editor.until(lambda: explained(editor), "It *gives* `b`.\n\n- größer")
    editor.keys("<C-w>lq")
    editor.until(lambda: explained(editor), "")


def test_a_selection_that_ends_with_a_wide_character_is_explained(editor: Editor) -> None:
    editor.open("wide.py", TEXT)
    editor.keys("2G0vj$h:Fimble explain<CR>")
    editor.until(lambda: explained(editor), "It *gives* `b`.\n\n- größer")
    assert editor.messages == []
    editor.command("silent! bwipeout! fimble://explanation")


def test_an_explanation_streams_and_is_stopped(editor: Editor) -> None:
    editor.open("slow.py", "def slow():\n    return slow()\n")
    editor.command("Fimble explain")
    editor.until(lambda: "words words" in explained(editor), True)
    assert editor.lua("return require('fimble').status()").startswith("Fimble: ")
    editor.command("Fimble stop")
    editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
    editor.until(lambda: "> **" in explained(editor), True)
    assert editor.messages == []  # it is told there
    editor.command("Fimble stop")
    assert editor.messages[-1] == "Fimble: nothing is under way."


@pytest.mark.parametrize("given", [True, False])
def test_a_function_is_rewritten_as_is_said(editor: Editor, given: bool) -> None:
    instruction = "rename a to b"
    editor.open("rewrite.py", TEXT)
    editor.keys("3G")
    if given:
        editor.command(f"Fimble rewrite {instruction}")
    else:
        editor.lua(f"vim.ui.input = function(_, done) done('{instruction}') end")
        editor.command("Fimble rewrite")
    after = "# größer 😀\ndef é(b):\n    return b.b  # 😀\n"
    editor.until(lambda: editor.text + "\n", after)
    assert editor.saved() == after
    editor.keys("u")
    editor.until(lambda: editor.text + "\n", TEXT)


def test_where_there_is_no_server_that_is_said(editor: Editor) -> None:
    editor.open("here.py", TEXT)
    editor.command("new")
    for command in ("actions", "fix", "explain", "rewrite it"):
        editor.command(f"Fimble {command}")
    assert set(editor.messages) == {"Fimble: the server does not follow this buffer."}
    editor.command("quit")


def test_nothing_that_a_model_wrote_is_in_the_statusline(editor: Editor) -> None:
    editor.open("hostile.py", "def hostile():\n    return hostile()\n")
    editor.lua("vim.o.statusline = \"%{%v:lua.require'fimble'.status()%}\"")
    editor.command("Fimble explain")
    editor.until(lambda: "and more" in explained(editor), True)
    assert editor.lua("return require('fimble').status()") == "Fimble: Explaining"
    editor.command("redrawstatus!")
    editor.command("Fimble stop")
    editor.until(lambda: editor.lua("return require('fimble').status()"), "Fimble ready")
    assert editor.lua("return vim.g.ran") is None
    editor.command("set statusline&")
