"""What Fimble is where the system has no POSIX calls, as on Windows: all of it but chats."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2] / "lsp_server"
RUNNER = ("lsp_server.agent.commands.placeholders", "lsp_server.agent.commands.runner")
"""Of a process of their own, which begins where commands are run."""
SYSTEM = """
import os, signal, sys
import acp, asyncio, filelock, mcp, platformdirs, platformdirs.unix, psutil, subprocess, tempfile

for module, names in (
    (os, "O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_NOCTTY O_CLOEXEC nice killpg getuid"),
    (signal, "SIGKILL SIGSTOP SIGCHLD SIGHUP"),
):
    for name in names.split():
        delattr(module, name)
os.supports_dir_fd = os.supports_follow_symlinks = os.supports_fd = frozenset()
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
"""
"""Takes away what Windows lacks; other people's packages have a way of their own there."""
COMMAND = "from lsp_server.cli import main\nsys.exit(main(sys.argv[1:]))"


def fimble(code: str, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SYSTEM + code, *arguments],
        input=said, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def message(**fields: Any) -> str:
    body = json.dumps({"jsonrpc": "2.0", **fields})
    return f"Content-Length: {len(body)}\r\n\r\n{body}"


def test_everything_can_be_imported() -> None:
    files = (path.relative_to(PACKAGE.parent).with_suffix("") for path in PACKAGE.rglob("*.py"))
    names = {".".join(path.parts).removesuffix(".__init__") for path in files}
    names -= {*RUNNER, "lsp_server.__main__"}
    code = "import importlib\nfor name in sys.argv[1:]: importlib.import_module(name)"
    ended = fimble(code, *sorted(names))
    assert (ended.returncode, ended.stderr) == (0, "")


def test_chats_end_with_one_sentence(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text("[]")
    begun = ("--script", str(script))
    for arguments in (("chat", "-p", "hello", "--cwd", str(tmp_path), *begun), ("acp", *begun)):
        ended = fimble(COMMAND, *arguments)
        assert ended.returncode == 2
        assert ended.stderr.startswith("fimble: Chats need Linux or macOS")
        assert ended.stderr.count("\n") == 1


def test_the_doctor_tells(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text("[]")
    ended = fimble(COMMAND, "doctor", "--script", str(script))
    assert "note Chats need Linux or macOS" in ended.stdout
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_line_is_completed(tmp_path: Path) -> None:
    script, file = tmp_path / "script.json", tmp_path / "calc.py"
    script.write_text('[{"after": "return ", "text": "a + b"}]')
    file.write_text("def add(a, b):\n    return \n")
    ended = fimble(COMMAND, "complete", f"{file}:2", "--script", str(script))
    assert (ended.returncode, ended.stdout) == (0, "a + b\n")


def test_the_server_starts(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text("[]")
    begun = {"rootUri": tmp_path.as_uri(), "capabilities": {}}
    ended = fimble(
        COMMAND, "serve", "--script", str(script),
        said=message(id=1, method="initialize", params=begun)
        + message(method="initialized", params={})
        + message(id=2, method="shutdown")
        + message(method="exit"),
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "inlineCompletionProvider" in ended.stdout
