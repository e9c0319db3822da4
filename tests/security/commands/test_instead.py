"""A command that is shown a file as it is not: it sees that, and nobody else ever does."""

from __future__ import annotations

import py_compile
from pathlib import Path

import pytest

from lsp_server.agent.commands.run import run
from lsp_server.agent.commands.sandbox import Sandbox
from lsp_server.errors import UsageError


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


async def test_bad_orders(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read any more"):
        await run("true", tmp_path, sandbox=sandbox, instead={tmp_path / "gone": b""})
    (tmp_path / "a").touch()
    with pytest.raises(UsageError, match="in a sandbox only"):
        await run("true", tmp_path, sandbox=None, instead={tmp_path / "a": b""})
