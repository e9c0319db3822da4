"""Pictures of Neovim with Fimble in a terminal, to be looked at.

    python -m tests.editors.screens build/screens

A scripted model answers, so they need no model. tmux is the terminal, rich makes HTML of what it
shows, and Chromium a picture of that.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.e2e.acp_client import call
from tests.editors.neovim import NVIM, PLUGIN

OPTIONS = """
vim.o.termguicolors = true
vim.o.swapfile = false
vim.o.statusline = ' %f %m%=%{v:lua.require("fimble").status()} '
"""
COLUMNS, ROWS = 150, 42
PIXELS = (1290, 740)
PATIENCE = 30.0

CODE = '''"""Sums and means."""


def add(a, b):
    return a - b


def mean(values):
    return add(values) / len(values)
'''
SCRIPT: Sequence[dict[str, Any]] = (
    {"after": "def area(", "text": "width, height):\n    return width * height"},
    {"chat": "It gives the **sum**:\n\n- `a`\n- `b`\n", "when": "Explain in"},
    {"chat": f"The sum is a difference. Let me look.\n{call('read', path='calc.py')}"},
    {"chat": call("edit", path="calc.py", old="return a - b", new="return a + b")},
    {"chat": call("run", command="python -m pytest -q && rm -r build")},
    {"chat": "`add` **adds** now, as its name says:\n\n- `a + b` in place of `a - b`\n"},
)
THEME = TerminalTheme(
    (20, 22, 27),
    (224, 226, 234),
    [
        (20, 22, 27),
        (255, 192, 185),
        (179, 246, 192),
        (252, 224, 148),
        (166, 219, 255),
        (255, 202, 255),
        (140, 248, 247),
        (224, 226, 234),
    ],
)
PAGE = """<meta charset="utf-8">
<style>
{stylesheet}
body {{ margin: 8px; background: {background}; color: {foreground}; }}
pre {{ margin: 0; font: 14px/17px "DejaVu Sans Mono", monospace; }}
</style>
<pre>{code}</pre>
"""


class Terminal:
    """A tmux of its own, in which Neovim runs."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-L", f"fimble-screens-{os.getpid()}", "-f", "/dev/null"]
        server = [sys.executable, "-m", "lsp_server", "serve", "--script", str(folder / "script")]
        setup = f"require('fimble').setup({{ cmd = {_lua(server)} }})"
        start = folder / "init.lua"
        start.write_text(f"{OPTIONS}{setup}\n")
        nvim = [str(NVIM), "--clean", "--cmd", f"set rtp^={PLUGIN}", "-u", str(start), "calc.py"]
        places = [f"XDG_{kind}_HOME={folder / kind}" for kind in ("CONFIG", "DATA", "STATE")]
        states = [f"FIMBLE_{kind}={folder / kind}" for kind in ("CONFIG", "STATE")]
        command = shlex.join(["env", "COLORTERM=truecolor", *places, *states, *nvim])
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        new = ["new-session", "-d", *size, "-c", str(folder / "project"), command]
        self._run("set-option", "-g", "default-terminal", "tmux-256color", ";", *new)
        self._run("set-option", "-sg", "escape-time", "0")

    def close(self) -> None:
        self._run("kill-server")

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names, such as `Escape`; other words are typed."""
        for key in keys:
            self._run("send-keys", key)

    def until(self, met: Callable[[str], bool]) -> None:
        """Wait for what is on the screen."""
        deadline = time.monotonic() + PATIENCE
        while not met(shown := self._run("capture-pane", "-p")):
            assert time.monotonic() < deadline, shown
            time.sleep(0.05)

    def picture(self, path: Path) -> None:
        """Write what is on the screen as a PNG, and the HTML that it is made of."""
        time.sleep(0.3)  # what follows the awaited words is drawn, too
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), highlight=False)
        console.print(Text.from_ansi(self._run("capture-pane", "-pe")), no_wrap=True, crop=False)
        page = path.with_suffix(".html")
        page.write_text(console.export_html(theme=THEME, code_format=PAGE))
        chromium = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]
        size = f"--window-size={PIXELS[0]},{PIXELS[1]}"
        command = [*chromium, size, f"--screenshot={path}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], check=True, capture_output=True, text=True)
        return done.stdout


def _lua(words: Sequence[str]) -> str:
    return "{ " + ", ".join(json.dumps(word) for word in words) + " }"


def take(terminal: Terminal, folder: Path) -> None:
    """Take all pictures, one after the other."""

    def shows(text: str) -> None:
        terminal.until(lambda shown: text in shown)

    shows("Fimble ready")
    terminal.keys("G", "o", "Enter", "def area(")
    shows("width, height):")
    terminal.picture(folder / "ghost.png")
    terminal.keys("Escape", "u", ":Fimble chat", "Enter")
    shows("Message")
    terminal.keys("i", "@ca")
    shows("@calc.py")
    terminal.picture(folder / "mention.png")
    terminal.keys("C-y", " does add what it says?", "C-s")
    shows("Write calc.py?")
    terminal.picture(folder / "edit.png")
    terminal.keys("Escape", "gd")
    shows("before")
    terminal.picture(folder / "diff.png")
    terminal.keys("ga")
    shows("Run python")
    terminal.picture(folder / "permission.png")
    terminal.keys("gr")
    shows("Changed:")
    terminal.picture(folder / "chat.png")
    terminal.keys(":Fimble review", "Enter")
    shows("1 of 1")
    terminal.picture(folder / "review.png")
    terminal.keys("q", ":wincmd h", "Enter", ":4,5Fimble explain", "Enter")
    shows("It gives")
    terminal.picture(folder / "explanation.png")
    terminal.keys(":checkhealth fimble", "Enter")
    shows("what chats have")
    terminal.picture(folder / "health.png")


def main() -> None:
    """Take the pictures into the folder that is named."""
    target = Path(sys.argv[1]).resolve()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "project" / ".git").mkdir(parents=True)
        (folder / "project" / "calc.py").write_text(CODE)
        (folder / "script").write_text(json.dumps(SCRIPT))
        terminal = Terminal(folder)
        try:
            take(terminal, target)
        finally:
            terminal.close()


if __name__ == "__main__":
    main()
