"""Output, ends and limits of a command, without a sandbox."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lsp_server.agent.commands.environment import scrubbed
from lsp_server.agent.commands.limits import Limits
from lsp_server.agent.commands.output import HeadAndTail
from lsp_server.agent.commands.placeholders import placeholders
from lsp_server.agent.commands.protected import FILES, FOLDERS, find_protected
from lsp_server.agent.commands.run import Finished, run
from lsp_server.agent.files.protected import is_protected
from lsp_server.errors import UsageError


async def bare(line: str, workspace: Path, limits: Limits | None = None) -> Finished:
    return await run(line, workspace, sandbox=None, limits=limits)


async def test_output_and_exit_status(tmp_path: Path) -> None:
    finished = await bare("echo a; echo b >&2; pwd; exit 3", tmp_path)
    assert finished.output == f"a\nb\n{tmp_path}\n"
    assert (finished.exit_status, finished.truncated, finished.timed_out) == (3, False, False)
    assert (await bare("kill -TERM $$", tmp_path)).exit_status == 143
    assert (await bare("no-such-program", tmp_path)).exit_status == 127


async def test_output_comes_as_it_is_written_in_whole_characters(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    pieces: list[str] = []

    def on_output(text: str) -> None:
        pieces.append(text)
        if text.startswith("first"):
            (tmp_path / "go").unlink()  # only who saw the first piece lets the second come

    line = "printf 'first \\xc3'; while test -e go; do sleep 0.01; done; printf '\\xa4 \\xff'"
    finished = await run(
        line, tmp_path, sandbox=None, limits=Limits(seconds=20), on_output=on_output
    )
    assert not finished.timed_out
    assert pieces == ["first ", "ä \ufffd"]
    assert finished.output == "first ä \ufffd"


async def test_there_is_no_input(tmp_path: Path) -> None:
    finished = await bare("read x; echo $?; cat", tmp_path, Limits(seconds=20))
    assert (finished.output, finished.timed_out) == ("1\n", False)


async def test_a_timeout(tmp_path: Path) -> None:
    finished = await bare("echo before; sleep 30", tmp_path, Limits(seconds=1))
    assert (finished.output, finished.timed_out, finished.exit_status) == ("before\n", True, 137)
    assert finished.seconds < 10


async def test_cancelled_at_any_step(tmp_path: Path) -> None:
    for steps in range(12):
        running = asyncio.create_task(bare("sleep 30", tmp_path))
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, 10)


async def test_an_error_of_the_listener_ends_the_command(tmp_path: Path) -> None:
    def fail(text: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run("echo a; sleep 30", tmp_path, sandbox=None, on_output=fail)


async def test_who_writes_too_much_is_stopped(tmp_path: Path) -> None:
    finished = await bare("yes", tmp_path, Limits(output_bytes=1 << 20, kept_characters=100))
    assert (finished.exceeded, finished.exit_status, finished.truncated) == ("output", 137, True)
    assert len(finished.output) < 200


async def test_the_loop_is_not_held_up(tmp_path: Path) -> None:
    running = asyncio.create_task(bare("head -c 20000000 /dev/zero", tmp_path))
    longest = 0.0
    while not running.done():
        before = time.monotonic()
        await asyncio.sleep(0)
        longest = max(longest, time.monotonic() - before)
    assert (await running).exit_status == 0
    assert longest < 0.5


async def test_variables_are_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "env"))
    monkeypatch.setenv("BASH_FUNC_ls%%", "() { echo hacked; }")
    (tmp_path / "env").write_text("echo hacked")
    finished = await bare("env; ls", tmp_path)
    assert "hacked" not in finished.output
    assert "SECRET_TOKEN" not in finished.output
    assert f"HOME={Path.home()}\n" in finished.output


def test_only_absolute_folders_stay_on_path() -> None:
    path = os.pathsep.join(["", "bin", "/usr/bin", ".", "/bin", "./node_modules/.bin"])
    assert scrubbed({"PATH": path, "A": "b"})["PATH"] == os.pathsep.join(["/usr/bin", "/bin"])


async def test_what_can_not_be_run_as_asked(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        await bare("echo \0", tmp_path)
    with pytest.raises(UsageError):
        await run("ls", tmp_path, sandbox=None, cwd=tmp_path.parent)


def test_head_and_tail() -> None:
    kept = HeadAndTail(10)
    for piece in ("abc", "defgh", "", "ijk", "lmnopqrs", "t"):
        kept.add(piece)
    assert kept.text() == "abcde\n[… 10 characters left out …]\npqrst"
    whole = HeadAndTail(10)
    for piece in "abcdefghij":
        whole.add(piece)
    assert (whole.text(), whole.is_truncated) == ("abcdefghij", False)


def test_placeholders_come_and_go(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / "AGENTS.md").write_text("mine")
    with placeholders(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {*FOLDERS, *FILES}
        with placeholders(tmp_path):  # another command at the same time
            pass
        assert {path.name for path in tmp_path.iterdir()} == {*FOLDERS, *FILES}
        (tmp_path / ".idea" / "users.xml").touch()
        (tmp_path / ".npmrc").write_text("the user's")
    assert {path.name for path in tmp_path.iterdir()} == {
        *(".vscode", "AGENTS.md", ".idea", ".npmrc")
    }


def test_placeholders_that_were_left_go_with_the_next(tmp_path: Path) -> None:
    code = (
        "import os; from pathlib import Path\n"
        "from lsp_server.agent.commands.placeholders import placeholders\n"
        f"with placeholders(Path({str(tmp_path)!r})): os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert any(tmp_path.iterdir())
    with placeholders(tmp_path):
        pass
    assert not any(tmp_path.iterdir())


def test_a_protected_link_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").touch()
    for name in ("AGENTS.md", ".vscode"):
        (tmp_path / name).symlink_to("CLAUDE.md")
    with placeholders(tmp_path):
        for name in ("AGENTS.md", ".vscode"):
            (tmp_path / name).unlink()
        (tmp_path / "AGENTS.md").write_text("evil")
        (tmp_path / ".vscode" / "inner").mkdir(parents=True)
    for name in ("AGENTS.md", ".vscode"):
        assert (tmp_path / name).readlink() == Path("CLAUDE.md")


CODE = ("f/a.py", "f/x/b.js", "f/sitecustomize.py", "f/.pnpmfile.cjs", "f/x.pth", "f/x.md")


def test_names_that_can_not_be_made_are_protected() -> None:
    assert [name for name in FILES if not is_protected(name)] == []
    whole = {".github", ".cargo"}  # of these only some
    assert {name for name in FOLDERS if not is_protected(f"{name}/x")} == whole


def test_what_is_protected(tmp_path: Path) -> None:
    for folder in (
        *("a/.git/x", "a/.VSCode", "node_modules/.vscode", "b/.idea/.vscode", "c/.github/x"),
        *("d/.cargo", "e/.yarn/plugins", "f/x"),
    ):
        (tmp_path / folder).mkdir(parents=True)
    for file in (
        "a/.npmrc",
        "a/id_rsa",
        "b/secrets.py",
        "a/.MCP.json",
        "node_modules/x.pem",
        *CODE,
    ):
        (tmp_path / file).touch()
    (tmp_path / "b" / ".env").symlink_to("../a/id_rsa")
    found = find_protected(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in found.read_only} == {
        *("a/.git", "a/.VSCode", "a/.MCP.json", "b/.idea", "c/.github", "d/.cargo"),
        *("e/.yarn/plugins", "f/sitecustomize.py", "f/.pnpmfile.cjs", "f/x.pth"),
    }
    assert {str(path.relative_to(tmp_path)) for path in found.hidden} == {"a/.npmrc", "a/id_rsa"}
