"""Chats in Neovim: turns, questions, reviews, sessions, with the real server."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.acp_client import call
from tests.editors.chat_view import MENUS, compared, in_project, project
from tests.editors.neovim import running, scripted

TEXT = "# größer 😀\ndef add(a, b):\n    return a - b  # é\n"
MENDED = TEXT.replace("a - b", "a + b")
OTHER = "ONE = 1\n"
READ = call("read", path="calc.py")
FIX = call("edit", path="calc.py", old="return a - b", new="return a + b")
MORE = call("edit", path="other.py", old="ONE = 1", new="ONE = 'é😀'")
RUN = call("run", command="python -c 'print(6 * 7)'")
SHOWN = ("## ", "✓", "✗", "◐", "○", "what", "It")
SLOW = {"chat": "word " * 2000, "seconds_per_token": 0.01}


def test_a_turn_with_tools_is_shown_asked_about_and_undone(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    said = "It was **größer**.\n\n- one\n- two"
    with running(tmp_path, scripted(tmp_path, READ, FIX, RUN, said)) as editor:
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        assert "asks you" in chat.bar
        assert {"-    return a - b  # é", "+    return a + b  # é"} <= set(chat.lines)
        assert (root / "calc.py").read_text(encoding="utf-8") == TEXT
        editor.keys("ga")
        chat.until("**?** `Run python -c 'print(6 * 7)'`")
        assert "> Always is for: python -c" in chat.text
        editor.keys("gA")
        chat.until("- two")
        chat.until_idle()
        assert (root / "calc.py").read_text(encoding="utf-8") == MENDED
        assert "`Write calc.py?` *Allow*" in chat.lines
        assert [line for line in chat.lines if line.startswith(("✓", "✗", "◐", "○"))] == [
            "✓ `Read calc.py`",
            "✓ `Edit calc.py`",
            "✓ `Run python -c 'print(6 * 7)'`",
        ]
        assert "42" in chat.lines
        chat.until("> **Changed:** calc.py")
        assert "8k" in chat.bar and "ask" in chat.bar
        editor.command("Fimble undo")
        chat.until("> Undone: calc.py.")
        assert (root / "calc.py").read_text(encoding="utf-8") == TEXT
        assert editor.messages == []


def test_an_open_file_is_edited_in_its_buffer_at_the_right_places(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        editor.command(f"edit {root / 'calc.py'}")
        editor.until_followed()
        editor.keys("GoUNSAVED = 'é😀'<Esc>")
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("ga")
        chat.until("> Not saved yet: calc.py.")
        editor.command("wincmd h | write")
        unsaved = "UNSAVED = 'é😀'\n"
        assert (root / "calc.py").read_text(encoding="utf-8") == MENDED + unsaved
        editor.command("Fimble undo")
        chat.until("> Undone: calc.py.")
        saved = (root / "calc.py").read_text
        editor.until(lambda: saved(encoding="utf-8"), TEXT + unsaved)


def test_an_edit_of_a_file_that_is_saved_is_saved(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        editor.command(f"edit {root / 'calc.py'}")
        editor.until_followed()
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        assert "Not saved yet" not in chat.text
        assert (root / "calc.py").read_text(encoding="utf-8") == MENDED


def test_an_edit_is_looked_at_before_it_is_allowed(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, FIX, "Well.")) as editor:
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("gd")
        editor.until(lambda: editor.lua("return #vim.api.nvim_list_tabpages()"), 2)
        (_, before), (_, after) = compared(editor)
        assert (before, after) == (TEXT.splitlines(), MENDED.splitlines())
        editor.keys("q")
        editor.until(lambda: editor.lua("return #vim.api.nvim_list_tabpages()"), 1)
        assert "asks you" in chat.bar
        editor.keys("gd")
        editor.until(lambda: editor.lua("return #vim.api.nvim_list_tabpages()"), 2)
        editor.keys("gr")
        editor.until(lambda: editor.lua("return #vim.api.nvim_list_tabpages()"), 1)
        chat.until("`Write calc.py?` *Reject*")
        assert "✗ `Edit calc.py`" in chat.lines


def test_a_menu_answers_a_question_and_shows_the_command(tmp_path: Path) -> None:
    root = project(tmp_path)
    with running(tmp_path, scripted(tmp_path, RUN, "Well."), MENUS) as editor:
        chat = in_project(editor, root)
        chat.say("how much?")
        chat.until("**?** `Run python")
        editor.command("wincmd k | quit | wincmd j | quit")
        editor.command("Fimble answer")  # dismissed: still asked
        assert "asks you" in chat.bar
        chat.choose("Reject")
        editor.command("Fimble answer")
        chat.until("*Reject*")
        [(prompt, shown), _] = chat.menus
        assert prompt.startswith(f"Run python -c 'print(6 * 7)'  In {root}\n")
        assert "Always is for: python -c" in prompt
        assert shown == ["Allow", "Always allow", "Reject", "Always reject"]
        chat.until_idle()
        editor.command("Fimble answer")
        assert editor.messages == ["Fimble: nothing is asked."]


def test_a_turn_is_reviewed_file_by_file(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT, other=OTHER)
    calc, other = root / "calc.py", root / "other.py"
    with running(tmp_path, scripted(tmp_path, FIX, MORE, "Done.")) as editor:
        chat = in_project(editor, root)
        editor.command("Fimble mode edit")
        editor.until(lambda: "edit" in chat.bar, True)
        chat.say("mend both")
        chat.until("> **Changed:** calc.py, other.py")
        chat.until_idle()
        editor.command("Fimble review")
        shown = [("fimble://before/1/calc.py", TEXT), (str(calc), MENDED)]
        expected = [(name, text.splitlines()) for name, text in shown]
        editor.until(lambda: compared(editor), expected)
        editor.keys("]cdo:write<CR>")  # the hunk as it was
        editor.until(lambda: calc.read_text(encoding="utf-8"), TEXT)
        editor.keys("gK")
        editor.until(lambda: [name for name, _ in compared(editor)][-1:], [str(other)])
        editor.keys("gX")
        editor.until(lambda: other.read_text(encoding="utf-8"), OTHER)
        editor.until(lambda: editor.messages[-1:], ["Fimble: that was all of it."])
        assert editor.lua("return #vim.api.nvim_list_tabpages()") == 1
        assert calc.read_text(encoding="utf-8") == TEXT
        editor.command("Fimble review")  # of what was undone nothing is shown
        editor.until(lambda: [name for name, _ in compared(editor)][-1:], [str(calc)])
        editor.command("tabclose")
        editor.command(f"edit {calc}")
        described = "return vim.fn.execute('nmap <buffer>')"
        assert "Fimble" not in editor.lua(described)


def test_a_transcript_that_is_wiped_out_begins_anew(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.", "More.")) as editor:
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.command("bwipeout! fimble://chat")
        chat.open()
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        chat.until_idle()
        assert "Done." in chat.lines
        chat.say("more")
        chat.until("More.")
        assert editor.messages == []


def test_a_turn_is_stopped_and_sent_again(tmp_path: Path) -> None:
    root = project(tmp_path)
    with running(tmp_path, scripted(tmp_path, SLOW, "Later.")) as editor:
        chat = in_project(editor, root)
        editor.command("Fimble retry")
        assert editor.messages == ["Fimble: there is no message to send again."]
        chat.say("go on")
        chat.until("word word")
        chat.say("and on")
        editor.until(lambda: len(editor.messages), 2)
        assert "a turn is under way" in editor.messages[1]
        assert editor.text == "and on"  # it is not lost
        editor.keys("<C-c>")
        chat.until("> Stopped.")
        chat.until_idle()
        editor.command("Fimble retry")
        chat.until("Later.")
        assert chat.lines.count("go on") == 2


def test_a_question_ends_with_its_turn(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Later.")) as editor:
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.command("Fimble stop")
        chat.until("`Write calc.py?` *not answered*")
        chat.until_idle()
        editor.keys("ga")
        editor.until(lambda: editor.messages, ["Fimble: nothing is asked."])
        assert (root / "calc.py").read_text(encoding="utf-8") == TEXT


def test_sessions_are_gone_on_with_and_deleted(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    setup = scripted(tmp_path, READ, "It subtracts.", "Yes.", "Other.")
    with running(tmp_path, setup, MENUS) as editor:
        chat = in_project(editor, root)
        chat.say("what does add do?")
        chat.until("It subtracts.")
        chat.until_idle()
        before = [line for line in chat.lines if line.startswith(SHOWN)]
        editor.command("Fimble chat new")
        editor.until(lambda: chat.lines, [""])
        chat.choose("")  # the latest
        editor.command("Fimble sessions")
        chat.until("It subtracts.")
        assert [line for line in chat.lines if line.startswith(SHOWN)] == before
        assert "what does add do?" in chat.bar and "8k" in chat.bar
        chat.say("sure?")
        chat.until("Yes.")
        chat.until_idle()
        chat.choose("")
        editor.command("Fimble sessions delete")
        editor.until(lambda: chat.lines, [""])
        assert chat.bar.strip() == "Fimble in project"
        editor.command("Fimble sessions")
        nothing = "Fimble: there are no sessions of this folder."
        editor.until(lambda: editor.messages, [nothing])


def test_modes_are_chosen(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    with running(tmp_path, scripted(tmp_path, FIX, "Done."), MENUS) as editor:
        chat = in_project(editor, root)
        chat.choose("Edit")
        editor.command("Fimble mode")
        editor.until(lambda: chat.bar.strip(), "Fimble in project · edit")
        [(_, shown)] = chat.menus
        assert [each.split(":")[0] for each in shown] == ["Plan", "Ask", "Edit", "All"]
        chat.say("mend add")
        chat.until("> **Changed:** calc.py")
        editor.command("Fimble mode yolo")
        editor.until(lambda: len(editor.messages), 1)
        assert "There is no mode yolo" in editor.messages[0]


def test_what_waits_for_trust_names_the_way(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "AGENTS.md").write_text("Be brief.\n")
    way = "`:Fimble trust yes` changes that."
    with running(tmp_path, scripted(tmp_path, "First.", "Second.")) as editor:
        chat = in_project(editor, root)
        chat.say("one")
        chat.until("First.")
        chat.until_idle()
        assert chat.text.count(way) == 1
        editor.command("Fimble trust yes")
        editor.until(lambda: editor.messages, ["Fimble: this folder is trusted now."])
        editor.command("Fimble chat new")
        chat.say("two")
        chat.until("Second.")
        assert way not in chat.text


def test_what_is_mentioned_is_completed(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT, other=OTHER)
    with running(tmp_path, scripted(tmp_path, "It adds.")) as editor:
        chat = in_project(editor, root)
        chat.open()
        editor.until(lambda: editor.lua("return #vim.lsp.get_clients()"), 1)
        editor.keys("iwhat is @cal")
        editor.until(lambda: editor.lua("return vim.fn.pumvisible()"), 1)
        words = "return vim.tbl_map(function(i) return i.word end, vim.fn.complete_info().items)"
        assert "@calc.py" in editor.lua(words)
        editor.keys("c")
        editor.until(lambda: editor.lua(words), ["@calc.py"])
        editor.keys("<C-y>?")
        editor.until(lambda: editor.text, "what is @calc.py?")
        editor.keys("<C-s>")
        chat.until("It adds.")
        assert editor.mode == "n"


def test_output_is_folded_and_the_end_is_followed(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT * 20)
    setup = scripted(tmp_path, READ, "line\n" * 100 + "last", "more\n" * 100 + "end")
    with running(tmp_path, setup) as editor:
        chat = in_project(editor, root)
        chat.say("read it")
        chat.until("\nlast")
        chat.until_idle()
        window = "vim.fn.bufwinid(vim.fn.bufnr('fimble://chat$'))"
        inside = chat.lines.index("6:     return a - b  # é") + 1

        def folded() -> str:
            at = f"return vim.fn.foldtextresult(vim.fn.foldclosed({inside}))"
            return str(editor.lua(f"return vim.api.nvim_win_call({window}, function() {at} end)"))

        assert folded().startswith("▸ 61 lines: calc.py, lines 1 to 60")
        cursor = f"return vim.api.nvim_win_get_cursor({window})[1]"
        editor.until(lambda: editor.lua(cursor), len(chat.lines))
        editor.command("wincmd k | normal! gg")
        editor.command("wincmd j")
        editor.keys("igo on<Esc><CR>")
        chat.until("\nend")
        chat.until_idle()
        assert editor.lua(cursor) == 1  # who has scrolled up reads
        editor.command("wincmd k | quit")
        chat.open()
        assert folded().startswith("▸ 61 lines: calc.py")


def test_what_streams_is_added_and_nothing_else_is_drawn_again(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    words = {"chat": "a few *words*\n" * 300 + "end", "seconds_per_token": 0.001}
    with running(tmp_path, scripted(tmp_path, READ, words)) as editor:
        chat = in_project(editor, root)
        chat.open()
        editor.lua(
            """
            _G.touched, _G.changes = 0, 0
            vim.api.nvim_buf_attach(vim.fn.bufnr('fimble://chat$'), false, {
              on_lines = function(_, _, _, first, _, last)
                _G.touched, _G.changes = _G.touched + last - first, _G.changes + 1
              end,
            })
            """
        )
        chat.say("go on")
        chat.until("\nend")
        chat.until_idle()
        touched, changes = editor.lua("return { _G.touched, _G.changes }")
        assert changes > 10
        assert touched < 1.5 * len(chat.lines) + 2 * changes


def test_only_what_an_undo_has_left_is_saved_again(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT, other=OTHER)
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        for name in ("other.py", "calc.py"):
            editor.command(f"edit {root / name}")
            editor.until_followed()
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        chat.until_idle()
        editor.command("wincmd h | write")
        editor.command("Fimble undo")
        editor.lua("vim.api.nvim_buf_set_lines(vim.fn.bufnr('other.py'), -1, -1, true, { 'TW' })")
        chat.until("> Undone: calc.py.")
        assert (root / "calc.py").read_text(encoding="utf-8") == TEXT
        assert (root / "other.py").read_text(encoding="utf-8") == OTHER


def test_a_file_that_is_not_open_is_not_taken_for_another(tmp_path: Path) -> None:
    root = project(tmp_path, calc=TEXT)
    (root / "calc.pyi").write_text("\n")
    with running(tmp_path, scripted(tmp_path, FIX, "Done.")) as editor:
        editor.command(f"edit {root / 'calc.pyi'}")
        editor.keys("iUNSAVED<Esc>")
        chat = in_project(editor, root)
        chat.say("mend add")
        chat.until("Write calc.py?")
        editor.keys("ga")
        chat.until("> **Changed:** calc.py")
        chat.until_idle()
        assert "Not saved yet" not in chat.text


def test_nothing_is_sent_while_another_session_is_opened(tmp_path: Path) -> None:
    root = project(tmp_path)
    with running(tmp_path, scripted(tmp_path, "First.", "Second."), MENUS) as editor:
        chat = in_project(editor, root)
        chat.say("one")
        chat.until("First.")
        chat.until_idle()
        editor.command("Fimble chat new")
        editor.until(lambda: chat.lines, [""])
        listed = (
            "require('fimble.chat').request('list', {}, function(a) _G.listed = a.sessions end)"
        )
        editor.lua(listed)
        editor.until(lambda: editor.lua("return #(_G.listed or {})"), 1)
        both = "local c = require('fimble.chat'); c.resume(_G.listed[1].sessionId)"
        assert editor.lua(f"{both} return c.send('two')") is False
        chat.until("First.")
        assert editor.messages == ["Fimble: another session is being opened."]
        chat.say("two")
        chat.until("Second.")
        chat.until_idle()
        assert "one" in chat.lines
