"""A headless Neovim with Fimble's plugin, driven by keys as a user presses them."""

from __future__ import annotations

import contextlib
import json
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pynvim

PLUGIN = Path(__file__).parents[2] / "extension" / "nvim"
NVIM = Path(sysconfig.get_path("scripts")) / "nvim"
SERVER = [sys.executable, "-m", "lsp_server", "serve"]

# What Neovim shows and asks, for tests to look at.
COLLECT = """
_G.messages = {}
vim.notify = function(message) table.insert(_G.messages, message) end
_G.requests = {}
vim.api.nvim_create_autocmd('LspRequest', { callback = function(event)
  table.insert(_G.requests, event.data.request.type)
end })
"""
GHOST = """
local namespace = vim.api.nvim_get_namespaces().fimble
local lines = {}
local function text(chunks)
  return vim.iter(chunks):map(function(chunk) return chunk[1] end):join('')
end
local marks = namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })
for _, mark in ipairs(marks or {}) do
  local _, row, col, shown = unpack(mark)
  table.insert(lines, { row + 1, col, shown.virt_text_pos })
  table.insert(lines, text(shown.virt_text))
  for _, line in ipairs(shown.virt_lines or {}) do table.insert(lines, text(line)) end
end
return lines
"""


class Editor:
    """One Neovim; `close` ends it and what it has started."""

    def __init__(self, home: Path, options: dict[str, Any], before: str = "") -> None:
        """Start with `setup(options)`; `before` is Lua that runs ahead of it."""
        places = [f"XDG_{kind}_HOME={home / kind}" for kind in ("CONFIG", "DATA", "STATE")]
        nvim = [str(NVIM), "--embed", "--headless", "--clean", "--cmd", f"set rtp^={PLUGIN}"]
        self._home = home
        self._nvim = pynvim.attach("child", argv=["env", *places, *nvim])
        self._process = psutil.Process(self.lua("return vim.fn.getpid()"))
        self.lua(COLLECT + before)
        self.lua("require('fimble').setup(...)", options)

    def close(self) -> None:
        """Quit as a user does; raise if a process stays behind."""
        processes = [self._process, *self._process.children(recursive=True)]
        with contextlib.suppress(OSError, EOFError):
            self._nvim.command("qall!")
        self._nvim.close()
        deadline = time.monotonic() + 10
        while (left := [process for process in processes if _runs(process)]) and (
            time.monotonic() < deadline
        ):
            time.sleep(0.01)
        for process in left:
            process.kill()
        assert not left, f"left behind: {left}"

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua, return its value."""
        return self._nvim.exec_lua(code, *arguments)

    def command(self, command: str) -> None:
        """Run an Ex command."""
        self._nvim.command(command)

    def keys(self, keys: str) -> None:
        """Press keys, such as `iabc<Tab>`; it does not wait for what they do."""
        self._nvim.input(keys)

    def open(self, name: str, text: str) -> None:
        """Open a new file in Normal mode and wait for the server to follow it."""
        path = self._home / name
        path.write_text(text, encoding="utf-8")
        self.keys("<Esc>")
        self.until(lambda: self.mode, "n")
        self.command("silent! %bwipeout!")
        self.command(f"edit {path}")
        self.until_followed()

    def until_followed(self) -> None:
        """Wait until the server follows the buffer."""
        self.until(lambda: self.lua("return #vim.lsp.get_clients({ bufnr = 0 })"), 1)

    def saved(self) -> str:
        """Save the file; what it holds then."""
        self.command("write")
        return Path(self.lua("return vim.api.nvim_buf_get_name(0)")).read_text(encoding="utf-8")

    @property
    def mode(self) -> str:
        """Neovim's short name of it: `n`, `i`."""
        return str(self.lua("return vim.api.nvim_get_mode().mode"))

    @property
    def text(self) -> str:
        """The whole buffer, without the last line end."""
        return "\n".join(self._nvim.current.buffer[:])

    @property
    def cursor(self) -> tuple[int, int]:
        """Line from 1, byte from 0."""
        row, column = self._nvim.current.window.cursor
        return row, column

    @property
    def ghost(self) -> list[str]:
        """The lines of ghost text; none if nothing is shown."""
        return [str(line) for line in self.lua(GHOST)[1:]]

    @property
    def ghost_place(self) -> tuple[int, int, str]:
        """Line from 1, byte from 0, and Neovim's name for how it is drawn."""
        row, column, how = self.lua(GHOST)[0]
        return row, column, how

    @property
    def messages(self) -> list[str]:
        """What was shown to the user."""
        return [str(message) for message in self.lua("return _G.messages")]

    def requests(self, kind: str) -> int:
        """How many have been asked (`pending`), answered (`complete`) or taken back (`cancel`)."""
        return [str(request) for request in self.lua("return _G.requests")].count(kind)

    def until(self, look: Callable[[], Any], expected: Any, seconds: float = 30) -> None:
        """Wait until `look` gives what is expected."""
        deadline = time.monotonic() + seconds
        while (seen := look()) != expected:
            assert time.monotonic() < deadline, f"{seen!r}, not {expected!r}; {self.messages}"
            time.sleep(0.01)

    def until_ghost(self, lines: Sequence[str]) -> None:
        """Wait until exactly this is shown."""
        self.until(lambda: self.ghost, list(lines))


def options(*arguments: str, **more: Any) -> dict[str, Any]:
    """What the plugin is set up with; `arguments` are the server's."""
    return {"cmd": [*SERVER, *arguments], "debounce_ms": 10, **more}


def scripted(folder: Path, *replies: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    """Options of a server whose model says this; texts are what it says in chats."""
    path = folder / "script.json"
    entries = [{"chat": each} if isinstance(each, str) else each for each in replies]
    path.write_text(json.dumps(entries))
    return options("--script", str(path), **more)


@contextmanager
def running(home: Path, setup: dict[str, Any], before: str = "") -> Iterator[Editor]:
    """An editor that is closed again, and in which no Lua has failed."""
    editor = Editor(home, setup, before)
    try:
        yield editor
        said = editor.lua("return vim.fn.execute('messages')")
        assert "stack traceback" not in said, said
    finally:
        editor.close()


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
