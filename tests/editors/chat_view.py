"""The chat of a Neovim, as its user sees it."""

from __future__ import annotations

from pathlib import Path

import psutil

from tests.editors.neovim import Editor

TRANSCRIPT = """
local buf = vim.fn.bufnr('fimble://chat$')
return buf == -1 and {} or vim.api.nvim_buf_get_lines(buf, 0, -1, true)
"""
BAR = """
local bar = require('fimble.chat.view').winbar()
return vim.api.nvim_eval_statusline(bar, { maxwidth = 200 }).str
"""
# Menus answer themselves: with what was put into `_G.choices`, by the beginning of its text.
MENUS = """
_G.choices, _G.menus = {}, {}
vim.ui.select = function(items, options, chosen)
  local shown = vim.tbl_map(options.format_item or tostring, items)
  table.insert(_G.menus, { options.prompt, shown })
  local wanted = table.remove(_G.choices, 1)
  for index, text in ipairs(shown) do
    if wanted and vim.startswith(text, wanted) then return chosen(items[index], index) end
  end
  chosen(nil)
end
"""


class ChatView:
    """Of an editor that runs."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor

    @property
    def lines(self) -> list[str]:
        """The transcript."""
        return [str(line) for line in self.editor.lua(TRANSCRIPT)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def bar(self) -> str:
        """What stands above the transcript."""
        return str(self.editor.lua(BAR))

    def open(self) -> None:
        """Open the chat, with the cursor where one writes."""
        self.editor.command("Fimble chat")
        assert self.editor.lua("return vim.fn.bufname()") == "fimble://chat/input"

    def say(self, message: str) -> None:
        """Write a message and send it."""
        self.open()
        self.editor.keys(f"i{message}<Esc><CR>")

    def until(self, text: str) -> None:
        """Wait until the transcript has it."""
        self.editor.until(lambda: text in self.text or self.text, True)

    def until_idle(self) -> None:
        """Wait until no turn is under way."""
        self.editor.until(lambda: "works" in self.bar or "asks" in self.bar, False)

    def choose(self, *texts: str) -> None:
        """Have the next menus answered so."""
        self.editor.lua("vim.list_extend(_G.choices, ...)", list(texts))

    @property
    def menus(self) -> list[tuple[str, list[str]]]:
        """Menus that were shown."""
        return [(prompt, list(shown)) for prompt, shown in self.editor.lua("return _G.menus")]


def server_of(editor: Editor) -> psutil.Process:
    """The language server's process."""
    nvim = psutil.Process(editor.lua("return vim.fn.getpid()"))
    [server] = [child for child in nvim.children() if "lsp_server" in " ".join(child.cmdline())]
    return server


def project(folder: Path, **files: str) -> Path:
    """A folder with files, named by their stem; all of Python."""
    root = folder / "project"
    (root / ".git").mkdir(parents=True)
    for stem, text in files.items():
        (root / f"{stem}.py").write_text(text, encoding="utf-8")
    return root


def in_project(editor: Editor, root: Path) -> ChatView:
    """The chat about a folder."""
    editor.command(f"cd {root}")
    return ChatView(editor)


def compared(editor: Editor) -> list[tuple[str, list[str]]]:
    """What is compared in this tab, from left to right: names of buffers, and their lines."""
    found = editor.lua(
        """
        local found = {}
        for _, win in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
          if vim.wo[win].diff then
            local buf = vim.api.nvim_win_get_buf(win)
            local lines = vim.api.nvim_buf_get_lines(buf, 0, -1, true)
            table.insert(found, { vim.api.nvim_buf_get_name(buf), lines })
          end
        end
        return found
        """
    )
    return [(name, list(lines)) for name, lines in found]
