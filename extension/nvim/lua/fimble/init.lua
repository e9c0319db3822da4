--- Fimble in Neovim: inline completion from the `fimble` language server.
---
--- `server` starts the server. A *client* shows what it suggests: `typing` on Neovim 0.11,
--- `builtin` where Neovim has an inline completion client of its own. `keymaps` maps keys to the
--- client's actions.

local M = {}

---@class fimble.Keymaps keys of Insert mode; false leaves an action without a key
---@field accept? string|false the whole suggestion
---@field accept_word? string|false its next word
---@field accept_line? string|false its next line
---@field dismiss? string|false hide it
---@field complete? string|false ask for a suggestion

---@class fimble.Config
---@field cmd? string[] command that starts the server
---@field settings? table the server's settings, such as `{ completion = { maxLines = 8 } }`
---@field filetypes? string[] file types to suggest in; all if nil
---@field root_markers? string[] names that mark the root of a project
---@field keymaps? fimble.Keymaps
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
  },
  debounce_ms = 20,
}

---@class fimble.Client what shows suggestions
---@field attach fun(buf: integer)
---@field complete fun() ask, whether or not suggestions while typing are on
---@field toggle fun(): boolean suggestions while typing on or off; returns which
---@field actions table<string, fun(): string?> keys that do it; nil if there is nothing to do

---@return fimble.Client
local function client()
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
  require('fimble.keymaps').map(options.keymaps, client().actions)
  require('fimble.server').start(options, client().attach)
end

---Change the server's settings while it runs.
---@param settings table
function M.configure(settings)
  require('fimble.server').configure(settings)
end

---The state of the model in a word or two, for a statusline; empty without a server.
---@return string
function M.status()
  local status = require('fimble.server').status()
  if not status then
    return ''
  elseif status.state == 'loading' and status.fraction then
    return ('Fimble %d%%'):format(100 * status.fraction)
  end
  return 'Fimble ' .. status.state
end

---@param figures table the result of `fimble/stats`
---@return string sentence empty while no key has been answered
local function latency(figures)
  local times, tokens = figures.latencyMs, figures.promptTokensPerKey.mean
  if times.count == 0 then
    return ''
  end
  local told = ' Half of the answers took at most %.0f ms, 95%% at most %.0f ms; %.0f%% were there'
  local sentence = told:format(times.p50, times.p95, 100 * figures.reuseRate)
  -- An endpoint need not tell its costs; null is not nil here.
  if type(tokens) == 'number' then
    sentence = sentence .. ('; a key cost %.1f prompt tokens'):format(tokens)
  end
  return sentence .. '.'
end

---What `:Fimble` can do.
---@type table<string, fun()>
M.commands = {
  complete = function()
    client().complete()
  end,
  restart = function()
    require('fimble.server').restart()
  end,
  status = function()
    local server = require('fimble.server')
    local status, running = server.status(), server.client()
    if not status or not running then
      return vim.notify('Fimble: the server is not running.')
    end
    local answer = running:request_sync('fimble/stats', vim.empty_dict(), 500)
    vim.notify(status.message .. (answer and answer.result and latency(answer.result) or ''))
  end,
  toggle = function()
    vim.notify('Fimble: suggestions while typing are ' .. (client().toggle() and 'on.' or 'off.'))
  end,
}

return M
