"""A command that is shown a file as it is not: it sees that, and nobody else ever does."""

from __future__ import annotations

import py_compile
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from lsp_server.agent.commands import rooms
from lsp_server.agent.commands.rooms import open_rooms
from lsp_server.agent.commands.run import run
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.errors import UsageError

_FAILED = re.compile("(touch|cat): ")


def _names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_it_is_seen_and_cannot_be_written(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("old")
    line = "cat a.txt; echo more >> a.txt; rm -f a.txt; mv a.txt b.txt; cp a.txt c.txt; ls"
    finished = await run(line, tmp_path, sandbox=sandbox, instead={file: b"new\n"})
    assert finished.output.startswith("new\n")
    assert file.read_text() == "old"
    assert "\na.txt\nc.txt\n" in finished.output
    assert (tmp_path / "c.txt").read_text() == "new\n"


async def test_a_secret_is_not_shown_so(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("old")
    instead = {tmp_path / ".env": b"new"}
    finished = await run("cat .env", tmp_path, sandbox=sandbox, instead=instead)
    assert "new" not in finished.output


async def test_python_takes_no_compiled_file_for_it(sandbox: Sandbox, tmp_path: Path) -> None:
    module = tmp_path / "a.py"
    module.write_text("print(1)\n")
    py_compile.compile(str(module))
    finished = await run(
        "python -B -c 'import a'", tmp_path, sandbox=sandbox, instead={module: b"print(2)\n"}
    )
    assert finished.output == "2\n"


async def test_a_new_file_is_seen_among_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "one.txt").write_text("one\n")
    (folder / "link").symlink_to("data/one.txt")
    (folder / ".env").write_text("secret\n")
    (tmp_path / "top.txt").write_text("top\n")
    new = {folder / "new.txt": b"new\n", tmp_path / "deep" / "er" / "new.txt": b"deep\n"}
    line = (
        "cat tests/new.txt deep/er/new.txt tests/data/one.txt tests/link top.txt tests/.env;"
        "touch made tests/made tests/new.txt tests/data/one.txt deep/made; ls tests deep"
    )
    finished = await run(line, tmp_path, sandbox=sandbox, instead=new, writable=False)
    shown = [text for text in finished.output.split("\n") if not _FAILED.match(text)]
    assert shown[:5] == ["new", "deep", "one", "one", "top"]
    assert "secret" not in finished.output
    assert shown[5:-1] == ["deep:", "er", "", "tests:", "data", "link", "new.txt"]
    assert _names(tmp_path) == ["tests", "top.txt"]
    assert _names(folder) == [".env", "data", "link"]


async def test_what_was_compiled_of_one_is_not_taken_for_another(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    module = tmp_path / "a.py"
    module.write_text("print(1)\n")
    for code in (b"print(2)\n", b"print(3)\n", b"print(4)\n"):
        shown = {module: code}
        finished = await run("python -c 'import a'", tmp_path, sandbox=sandbox, instead=shown)
        assert finished.output == code[6:7].decode() + "\n"
    assert (await run("python -c 'import a'", tmp_path, sandbox=sandbox)).output == "1\n"


async def test_what_new_files_need_does_not_lead_out(sandbox: Sandbox, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    line = "ls -l /proc/*/fd | grep -c -E -- '-> /.*(one|two)'; cd /proc/self/fd; ls; ls 9/.. 10/.."
    finished = await run(
        line, tmp_path, sandbox=sandbox, instead={tmp_path / "new": b""}, writable=False
    )
    shown = finished.output.split("\n")
    assert shown[0] == "0"
    assert {int(number) for number in shown if number.isdecimal()} <= {0, 1, 2, 3}


def test_an_entry_that_becomes_a_link_does_not_lead_out(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "workspace"
    for folder, text in ((outside, "secret"), (inside / "data", "ours")):
        folder.mkdir(parents=True)
        (folder / "key").write_text(text)
    with ExitStack() as stack:
        [room] = open_rooms(inside, [inside / "new.py"], stack)
        (inside / "data").rename(inside / "moved")
        (inside / "data").symlink_to(outside)
        argv = ["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", *room.arguments()]
        done = subprocess.run(
            [*argv, "cat", str(inside / "data" / "key")],
            capture_output=True,
            pass_fds=list(room.entries.values()),
            check=True,
        )
    assert done.stdout == b"ours"


async def test_bad_orders(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only that can't write"):
        await run("true", tmp_path, sandbox=sandbox, instead={tmp_path / "gone": b""})
    for number in range(rooms.MAX_ENTRIES + 1):
        (tmp_path / str(number)).touch()
    with pytest.raises(UsageError, match="too many entries"):
        await run(
            "true", tmp_path, sandbox=sandbox, instead={tmp_path / "new": b""}, writable=False
        )
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't be read any more"):
        await run("true", tmp_path, sandbox=sandbox, instead={tmp_path / "file" / "a": b""})
    (tmp_path / "a").touch()
    with pytest.raises(UsageError, match="in a sandbox only"):
        await run("true", tmp_path, sandbox=None, instead={tmp_path / "a": b""})
