--- How the engines do: which are up, how quick they are, and why one is down.

local api = vim.api
local page = require('fimble.page')
local server = require('fimble.server')

local M = {}

local METHOD = 'fimble/health'
local ASKING = 'Each engine is asked for one token …'

---@class fimble.Engine an engine in one of its roles
---@field role 'fim'|'chat'
---@field name string what the user calls it
---@field state 'unused'|'ready'|'down'
---@field message string why it is down
---@field answered integer requests
---@field failed integer
---@field firstWordMs number|vim.NIL what the latest answer took to begin

local ROLES = { fim = 'completions', chat = 'chat' }
local STATES = { ready = 'ready', down = 'down', unused = 'not asked yet' }

---@type integer how many looks have begun; only the latest is shown
local looks = 0

local is_looking = false

---@param engine fimble.Engine
---@return string line without why it is down
function M.described(engine)
  local words = { engine.name, ROLES[engine.role], STATES[engine.state] }
  local time = engine.firstWordMs
  -- What it took before it went down is no news; null is not nil here.
  if engine.state == 'ready' and type(time) == 'number' then
    local told = time < 1000 and ('%.0f ms'):format(time) or ('%.1f s'):format(time / 1000)
    table.insert(words, 'first word after ' .. told)
  end
  local is_used = engine.answered + engine.failed > 0
  local counts = ('%d answered, %d failed'):format(engine.answered, engine.failed)
  table.insert(words, is_used and counts or 'no requests')
  return table.concat(words, ' · ')
end

---@param engines fimble.Engine[]
---@return string[]
local function lines_of(engines)
  local lines = {}
  for _, engine in ipairs(engines) do
    table.insert(lines, M.described(engine))
    if engine.message ~= '' then
      table.insert(lines, '    ' .. engine.message:gsub('\n', ' '))
    end
  end
  return lines
end

---@param lines string[]
local function write(lines)
  local buf = page.buffer('engines', 'fimble-engines')
  page.change(buf, function()
    api.nvim_buf_set_lines(buf, 0, -1, true, lines)
  end)
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    local height = api.nvim_win_text_height(win, {}).all + 1 -- with its bar
    api.nvim_win_set_height(win, math.min(height, math.floor(vim.o.lines * 0.4)))
    api.nvim_win_set_cursor(win, { 1, 0 })
  end
end

local function open()
  local buf = page.buffer('engines', 'fimble-engines')
  local options = { buffer = buf, nowait = true, desc = 'Fimble: close' }
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', options)
  local win = page.show(buf, true, { split = 'below', win = 0, height = 3 })
  vim.wo[win][0].winbar = ' Engines%=q close '
end

---Have each engine write one token, and show how they do.
function M.show()
  local client = server.client()
  if not client then
    return vim.notify('Fimble: the server is not running.')
  end
  open()
  write({ ASKING })
  looks, is_looking = looks + 1, true
  local this = looks
  client:request(METHOD, { look = true }, function(problem, told)
    if this == looks then
      is_looking = false
      write(problem and { problem.message } or lines_of(told.engines))
    end
  end)
end

server.on_end(function()
  if is_looking then
    is_looking, looks = false, looks + 1
    write({ 'The server has ended; `:Fimble engines` asks again.' })
  end
end)

---What is known of the engines, without asking them anything.
---@param client vim.lsp.Client
---@param most_ms integer so long the server is waited for
---@return fimble.Engine[]? engines
---@return string? problem
function M.known(client, most_ms)
  local answer, problem = client:request_sync(METHOD, { look = false }, most_ms)
  if not answer then
    return nil, problem
  end
  return answer.result and answer.result.engines, answer.err and answer.err.message
end

return M
