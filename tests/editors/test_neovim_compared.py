"""Texts side by side in Neovim: whatever the user does with the tab, his windows and keys stay."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.acp_client import call
from tests.editors.chat_view import compared, in_project, project
from tests.editors.neovim import Editor, running, scripted

TEXT = "def add(a, b):\n    return a - b\n"
MENDED = TEXT.replace("a - b", "a + b")
FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")
MORE = call("edit", path="other.py", old="x = 1", new="x = 2")


def tabs(editor: Editor) -> int:
    return int(editor.lua("return #vim.api.nvim_list_tabpages()"))


def test_a_question_is_answered_in_the_only_tab(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("gd")
        editor.until(lambda: tabs(editor), 2)
        editor.command("tabonly")
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        assert (root / "calc.py").read_text(encoding="utf-8") == MENDED
        assert compared(editor) == []
        assert editor.lua("return #vim.api.nvim_list_wins()") == 1


def test_a_review_goes_on_in_the_only_tab(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT, other="x = 1\n")
    with running(tmp_path, scripted(tmp_path, FIX, MORE, "Done.")) as editor:
        chat = in_project(editor, root)
        editor.command("Fimble mode edit")
        chat.say("mend both")
        chat.until("> **Changed:** calc.py, other.py")
        chat.until_idle()
        editor.command("Fimble review")
        editor.until(lambda: tabs(editor), 2)
        editor.command("tabonly")
        editor.keys("gK")
        names = lambda: [Path(name).name for name, _ in compared(editor)]  # noqa: E731
        editor.until(names, ["other.py", "other.py"])


def test_mappings_of_the_file_are_as_they_were(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        chat = in_project(editor, root)
        editor.command(f"edit {root / 'calc.py'}")
        editor.command("nnoremap <buffer> q :let g:mine = 1<CR>")
        own = "return vim.fn.maparg('q', 'n')"
        before = editor.lua(own)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        chat.until_idle()
        for close in ("q", ":tabclose<CR>"):
            editor.command("Fimble review")
            editor.until(lambda: tabs(editor), 2)
            editor.keys(close)
            editor.until(lambda: tabs(editor), 1)
            editor.command("wincmd t | buffer calc.py")
            assert editor.lua(own) == before
            assert editor.lua("return vim.fn.maparg('gK', 'n')") == ""


def test_who_has_closed_the_tab_is_left_where_he_types(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        chat = in_project(editor, root)
        editor.command(f"edit {root / 'calc.py'}")
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("gd")
        editor.until(lambda: tabs(editor), 2)
        editor.keys("q")
        editor.until(lambda: tabs(editor), 1)
        editor.command("wincmd t")
        editor.keys("i")
        editor.until(lambda: editor.mode, "i")
        editor.command("Fimble stop")
        chat.until("`Write calc.py?` *not answered*")
        assert editor.lua("return vim.fn.bufname()").endswith("calc.py")
        assert editor.mode == "i"


def test_files_of_the_same_name_are_not_mixed_up(tmp_path: Path) -> None:
    root = project(tmp_path)
    for folder in ("a", "b"):
        (root / folder).mkdir()
        (root / folder / "x.py").write_text(f"{folder} = 1\n")
    edits = [call("edit", path=f"{each}/x.py", old=f"{each} = 1", new="new = 2") for each in "ab"]
    with running(tmp_path, scripted(tmp_path, edits[0], "Done.", edits[1], "Done.")) as editor:
        chat = in_project(editor, root)
        chat.say("mend a")
        chat.until("Write a/x.py?")
        editor.keys("ga")
        chat.until("> **Changed:** a/x.py")
        chat.until_idle()
        editor.command("Fimble review")
        editor.until(lambda: tabs(editor), 2)
        editor.command("tabfirst")
        chat.say("mend b")
        chat.until("Write b/x.py?")
        editor.keys("gd")
        editor.until(lambda: tabs(editor), 3)
        assert [lines for _, lines in compared(editor)] == [["b = 1"], ["new = 2"]]
        editor.keys("gr")
        editor.until(lambda: tabs(editor), 2)
        editor.command("tablast")
        assert [lines for _, lines in compared(editor)] == [["a = 1"], ["new = 2"]]
