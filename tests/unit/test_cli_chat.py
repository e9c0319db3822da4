"""`fimble chat` with a scripted model: what is printed, exit codes, stored sessions."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from lsp_server.agent.agent import Places
from lsp_server.agent.claims import default_folder
from lsp_server.agent.events import Diff, ToolUpdated
from lsp_server.agent.store import Store
from lsp_server.cli import main
from lsp_server.cli.chat_lines import Lines
from lsp_server.cli.chat_screen import Screen

TEXT = "def add(a, b):\n    return a - b\n"
EDIT = {"name": "edit", "arguments": {"path": "calc.py", "old": "a - b", "new": "a + b"}}
FIX = f"I mend it.\n```json\n{json.dumps(EDIT)}\n```\n"
RUN = '```json\n{"name": "run", "arguments": {"command": "cat calc.py; rm calc.py"}}\n```'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "calc.py").write_text(TEXT)
    monkeypatch.chdir(root)
    for name in ("FIMBLE_STATE", "FIMBLE_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    return root


@pytest.fixture
def chat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Chat:
    return Chat(tmp_path / "script.json", capsys)


class Chat:
    """Runs the command with a script."""

    def __init__(self, script: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._script = script
        self._capsys = capsys

    def __call__(
        self, *arguments: str, script: tuple[str, ...] = (), typed: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        """Exit code, and what was printed on both streams."""
        self._script.write_text(json.dumps([{"chat": text} for text in script]))
        lines = self._script.with_name("typed.txt")
        lines.write_text("".join(f"{line}\n" for line in typed))
        with pytest.MonkeyPatch.context() as patch, lines.open() as stdin:
            patch.setattr("sys.stdin", stdin)
            code = main(["chat", "--script", str(self._script), *arguments])
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err


def session_id(chat: Chat) -> str:
    return chat("--list")[1].split()[0]


def test_one_message_edits_and_says_what_changed(chat: Chat, project: Path) -> None:
    code, out, _ = chat("-p", "mend add", "--approve", "edit", script=(FIX, "Done."))
    assert code == 0
    assert (project / "calc.py").read_text() == TEXT.replace("-", "+")
    assert out == (
        "I mend it.\n\n● Edit calc.py\n"
        "  --- calc.py\n  +++ calc.py\n  @@ -1,2 +1,2 @@\n   def add(a, b):\n"
        "  -    return a - b\n  +    return a + b\nDone.\nChanged: calc.py\n\n"
    )


def test_of_an_edit_of_several_files_each_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(Lines())
    diffs = [Diff(f"{name}.py", "x = 1\n", f"x = {name}\n") for name in "abc"]
    for diff in diffs[:-1]:
        screen.show(ToolUpdated("1", "in_progress", diff=diff))
    screen.show(ToolUpdated("1", "completed", "Done.", diffs[-1]))
    shown = capsys.readouterr().out
    assert [shown.count(f"  +x = {name}\n") for name in "abc"] == [1, 1, 1]
    assert "Done." not in shown


def test_as_json_the_last_line_tells_the_answer_the_reason_and_the_files(chat: Chat) -> None:
    code, out, _ = chat("-p", "mend", "--approve", "edit", "--json", script=(FIX, "Done."))
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert events[-1] == {"stopReason": "end_turn", "answer": "Done.", "files": ["calc.py"]}
    kinds = [event.get("sessionUpdate") for event in events]
    assert kinds[0] == "usage_update"
    assert {"agent_message_chunk", "tool_call", "tool_call_update"} <= set(kinds)


def test_without_approval_it_only_reads(chat: Chat, project: Path) -> None:
    code, out, _ = chat("-p", "mend", script=(FIX, "I would write a + b."))
    assert code == 0
    assert (project / "calc.py").read_text() == TEXT
    assert "Changed" not in out


def test_nobody_is_asked_so_what_needs_a_question_is_not_done(chat: Chat, project: Path) -> None:
    code, out, _ = chat("-p", "go", "--approve", "edit", script=(RUN, "Well."))
    assert code == 0
    assert "nobody is there to be asked" in out
    assert (project / "calc.py").exists()


def test_a_turn_that_did_not_end_by_itself_has_another_exit_code(chat: Chat) -> None:
    circle = '```json\n{"name": "read", "arguments": {"path": "calc.py"}}\n```'
    code, out, _ = chat("-p", "go", script=(circle,) * 9)
    assert code == 1
    assert "[refusal] The model went round in circles" in out


def test_sessions_are_listed_exported_resumed_undone_and_deleted(chat: Chat, project: Path) -> None:
    chat("-p", "mend add", "--approve", "edit", script=(FIX, "Done."))
    identity = session_id(chat)
    assert chat("--list")[1].split()[1:] == ["edit", "mend", "add"]
    exported = json.loads(chat("--export", identity)[1])
    assert [entry["kind"] for entry in exported["entries"]][:2] == ["user", "assistant"]
    code, out, _ = chat("-p", "sure?", "--resume", identity, script=("Yes.",))
    assert (code, out) == (0, "Yes.\n\n")
    assert chat("--undo", identity)[1] == "Undone: calc.py.\n"
    assert (project / "calc.py").read_text() == TEXT
    assert chat("--delete", identity)[:2] == (0, "")
    assert chat("--list")[1] == ""


def test_what_was_done_without_asking_once_is_asked_about_the_next_time(
    chat: Chat, project: Path
) -> None:
    chat("-p", "x", "--approve", "all", script=("Yes.",))
    identity = session_id(chat)
    chat("-p", "mend add", "--resume", identity, script=(FIX, "Well."))
    assert (project / "calc.py").read_text() == TEXT


@pytest.mark.parametrize("answer", ["you must not", "yikes no", "Nein", ""])
def test_only_a_yes_is_one(chat: Chat, project: Path, answer: str) -> None:
    _, out, _ = chat(script=(FIX, "Well."), typed=("mend add", answer, "n", "/exit"))
    assert out.count("[y]es, [n]o?") == 2
    assert (project / "calc.py").read_text() == TEXT


def test_everything_is_run_where_everything_may_be(chat: Chat, project: Path) -> None:
    line = "for name in a b; do echo $name > $name.txt; done"
    call = {"name": "run", "arguments": {"command": line}}
    chat("-p", "x", "--approve", "all", script=(f"```json\n{json.dumps(call)}\n```", "Done."))
    assert (project / "a.txt").read_text() == "a\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--resume", "none", "-p", "x"), "There is no session none"),
        (("--export", "none"), "There is no session none"),
        (("--undo", "none"), "There is no session none"),
        (("--cwd", "nowhere", "-p", "x"), "nowhere can't be opened"),
        (("-p", " "), "The message is empty"),
        (("--json",), "--json is for one message"),
        (("--export", ""), "There is no session"),
        (("--cwd", "/", "-p", "x"), "Name a project's folder"),
    ],
)
def test_bad_input_is_one_sentence(chat: Chat, arguments: tuple[str, ...], sentence: str) -> None:
    code, out, err = chat(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith(f"fimble: {sentence}")
    assert err.count("\n") == 1


def test_what_a_model_says_steers_no_terminal(chat: Chat) -> None:
    _, out, _ = chat("-p", "go", script=("\x1b]52;c;aGk=\x07 and \u202e",))
    assert out == "\\x1b]52;c;aGk=\\x07 and \\u202e\n\n"


def test_a_session_of_another_folder_is_not_resumed_here(chat: Chat, tmp_path: Path) -> None:
    chat("-p", "x", script=("Yes.",))
    identity = session_id(chat)
    (tmp_path / "other").mkdir()
    code, _, err = chat("--cwd", str(tmp_path / "other"), "--resume", identity, "-p", "x")
    assert code == 2
    assert "belongs to" in err


def test_of_a_session_whose_folder_is_gone_all_is_told_and_deleted(
    chat: Chat, project: Path, tmp_path: Path
) -> None:
    chat("-p", "mend", "--approve", "edit", script=(FIX, "Done."))
    identity = session_id(chat)
    moved = project.rename(tmp_path / "moved")
    gone = f"fimble: {project}, the folder of session {identity}, is not there any more; move it"
    for arguments in (("--undo", identity), ("--cwd", str(moved), "--resume", identity, "-p", "x")):
        code, _, err = chat(*arguments)
        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith(gone)
    assert chat("--cwd", str(project), "--list")[1].split()[0] == identity
    assert json.loads(chat("--export", identity)[1])["entries"]
    journal = tmp_path / "fimble_state" / "journal"
    assert steps_in(journal) == 1
    assert chat("--delete", identity) == (0, "", "")
    assert steps_in(journal) == 0
    assert "There is no session" in chat("--export", identity)[2]


def steps_in(journal: Path) -> int:
    count = 0
    for ledger in journal.glob("*.sqlite"):
        with closing(sqlite3.connect(ledger)) as connection:
            count += connection.execute("SELECT count(*) FROM steps").fetchone()[0]
    return count


def test_a_conversation(chat: Chat, project: Path) -> None:
    typed = ("mend add", "y", "/undo", "/mode plan", "/what", "again", "/exit")
    code, out, _ = chat(script=(FIX, "Done.", "No."), typed=typed)
    assert code == 0
    assert "? Write calc.py?" in out
    assert "Undone: calc.py." in out
    assert "No." in out
    assert (project / "calc.py").read_text() == TEXT


def test_a_turn_that_was_cut_off_is_named_and_sent_again(chat: Chat, project: Path) -> None:
    store = Store(Places.usual().sessions)
    session = store.create(project, "ask").id
    store.append(session, 1, "user", {"text": "mend add"})
    store.close()
    typed = ("/retry", "y")
    code, out, err = chat("--resume", session, script=(FIX, "Done."), typed=typed)
    assert code == 0
    assert err.splitlines()[-2:] == [
        "fimble: The last turn was interrupted at: the answer. Nothing after this was done.",
        "fimble: /retry sends its message again.",
    ]
    assert "Changed: calc.py" in out
    _, _, err = chat("--resume", session, typed=("/exit",))
    assert "interrupted" not in err
    _, _, err = chat(typed=("/retry",))
    assert "There is no message to send again" in err


def test_a_wrong_word_is_told_and_ends_no_chat(chat: Chat) -> None:
    code, out, err = chat(script=("Good day.",), typed=("/mode foo", "hello", "/exit"))
    assert code == 0
    assert "There is no mode foo" in err
    assert "Good day." in out


def test_an_undo_that_is_refused_ends_no_chat(chat: Chat, project: Path) -> None:
    chat("-p", "mend", "--approve", "edit", script=(FIX, "Done."))
    (project / "calc.py").write_text("def add(a, b):\n    return a * b\n")
    identity, typed = session_id(chat), ("/undo", "hello")
    code, out, err = chat("--resume", identity, script=("Good day.",), typed=typed)
    assert code == 0
    assert "changed since in the same lines" in err
    assert "Good day." in out


def test_what_another_process_runs_is_left_alone(chat: Chat, project: Path) -> None:
    chat("-p", "mend", "--approve", "edit", script=(FIX, "Done."))
    identity = session_id(chat)
    edited = (project / "calc.py").read_text()
    default_folder().mkdir(parents=True, exist_ok=True)
    with FileLock(default_folder() / f"{identity}.lock"):
        for arguments in (
            ("--resume", identity, "--approve", "all", "-p", "go"),
            ("--undo", identity),
            ("--delete", identity),
        ):
            code, _, err = chat(*arguments)
            assert (code, "is run by another client" in err) == (2, True)
    assert chat("--list")[1].split()[:2] == [identity, "edit"]
    assert (project / "calc.py").read_text() == edited
    assert chat("--delete", identity)[0] == 0
    assert list(default_folder().iterdir()) == []


def test_undo_is_of_the_latest_turn_that_changed_something_and_says_what_stays(
    chat: Chat, project: Path
) -> None:
    chat("-p", "mend", "--approve", "edit", script=(FIX, "Done."))
    with (project / "calc.py").open("a") as file:
        file.write("\n\nMINE = 1\n")
    _, out, _ = chat(
        "--resume",
        session_id(chat),
        script=("Good day.",),
        typed=("hello", "/undo", "/undo"),
    )
    assert "Undone: calc.py. Your own lines stay in calc.py." in out
    assert "There is nothing to undo." in out
    assert (project / "calc.py").read_text() == f"{TEXT}\n\nMINE = 1\n"
