--- Fimble in Neovim: what the `fimble` language server can do, for its user.
---
--- `server` starts the server. A *client* shows what it suggests: `typing` on Neovim 0.11,
--- `builtin` where Neovim has an inline completion client of its own. `keymaps` maps keys to the
--- client's actions. `commands` is the table of what `:Fimble` can do: `actions` with code,
--- `chat` with the agent. Buffers that are no files are made by `page`.

local M = {}

---@class fimble.Keymaps keys of Insert mode; false leaves an action without a key
---@field accept? string|false the whole suggestion
---@field accept_word? string|false its next word
---@field accept_line? string|false its next line
---@field dismiss? string|false hide it
---@field complete? string|false ask for a suggestion
---@field next? string|false show another suggestion instead
---@field previous? string|false the one before

---@class fimble.Config
---@field cmd? string[] command that starts the server
---@field settings? table the server's settings, such as `{ completion = { maxLines = 8 } }`
---@field filetypes? string[] file types to suggest in; all if nil
---@field root_markers? string[] names that mark the root of a project
---@field keymaps? fimble.Keymaps
---@field chat? { keymaps: fimble.ChatKeymaps }
---@field debounce_ms? integer pause after a key before the server is asked
local defaults = {
  cmd = { 'fimble', 'serve' },
  settings = {},
  root_markers = { '.git', 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' },
  keymaps = {
    accept = '<Tab>',
    accept_word = false,
    accept_line = false,
    dismiss = '<C-]>',
    complete = false,
    next = '<M-]>',
    previous = '<M-[>',
  },
  chat = {
    keymaps = {
      send = '<CR>',
      send_insert = '<C-s>',
      stop = '<C-c>',
      allow = 'ga',
      always = 'gA',
      reject = 'gr',
      never = 'gR',
      diff = 'gd',
    },
  },
  debounce_ms = 20,
}

---@class fimble.Client what shows suggestions
---@field attach fun(buf: integer)
---@field complete fun() ask, whether or not suggestions while typing are on
---@field enable fun(on: boolean) suggestions while typing
---@field is_enabled fun(): boolean
---@field actions table<string, fun(): string?> keys that do it; nil if there is nothing to do

---@return fimble.Client
function M.client()
  return require(vim.lsp.inline_completion and 'fimble.builtin' or 'fimble.typing')
end

---Start Fimble for every file that is opened from now on, and for those that are open.
---@param config? fimble.Config
function M.setup(config)
  if vim.fn.has('nvim-0.11') == 0 then
    return vim.notify('Fimble needs Neovim 0.11 or newer.', vim.log.levels.ERROR)
  end
  local options = vim.tbl_deep_extend('force', defaults, config or {})
  require('fimble.typing').debounce_ms = options.debounce_ms
  require('fimble.keymaps').map(options.keymaps, M.client().actions)
  require('fimble.chat.view').keymaps = options.chat.keymaps
  require('fimble.server').start(options, M.client().attach)
end

---Change the server's settings while it runs.
---@param settings table
function M.configure(settings)
  require('fimble.server').configure(settings)
end

---The state in a word or two, for a statusline; empty without a server.
---@return string
function M.status()
  return require('fimble.state').short()
end

return M
