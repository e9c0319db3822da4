--- `:checkhealth fimble`.

local M = {}

---So long the doctor is waited for, and nothing else can be done meanwhile. He loads the model.
M.patience_ms = 10000

---So long the server is waited for, which only tells what it knows.
M.server_patience_ms = 5000

---@param command string[] that starts the server
---@return string[]? command of the doctor, with the same model; nil if that can't be known
local function doctor_command(command)
  local doctor, found = {}, false
  for _, word in ipairs(command) do
    local is_serve = word == 'serve' and not found
    found = found or is_serve
    table.insert(doctor, is_serve and 'doctor' or word)
  end
  return found and vim.list_extend(doctor, { '--json' }) or nil
end

---What the doctor says, as far as `fimble` can be run.
---@param command string[]
local function doctor(command)
  local health = vim.health
  health.start('Fimble: `fimble doctor`')
  local line = doctor_command(command)
  if not line then
    return health.info('`cmd` does not run `fimble serve`; ask `fimble doctor` yourself.')
  end
  local ended ---@type vim.SystemCompleted?
  local started, process = pcall(vim.system, line, { text = true }, function(how)
    ended = how
  end)
  if not started then
    return health.error(process)
  end
  vim.wait(M.patience_ms, function()
    return ended ~= nil
  end, nil, true)
  if not ended then
    process:kill('sigkill')
    local late = 'It has not answered in %g seconds; `%s` in a shell takes its time.'
    return health.warn(late:format(M.patience_ms / 1000, table.concat(line, ' ')))
  end
  local fine, told = pcall(vim.json.decode, ended.stdout)
  if not fine then
    local said = vim.trim(ended.stderr ~= '' and ended.stderr or ended.stdout)
    return health.error(('%s ended with %d: %s'):format(table.concat(line, ' '), ended.code, said))
  end
  for _, check in ipairs(told.checks) do
    (check.ok and health.ok or health.error)(check.text)
  end
  health.start('Fimble: what chats have')
  for _, check in ipairs(told.agent) do
    (check.ok and health.ok or health.warn)(check.text)
  end
  if told.servers[1] then
    health.start('Fimble: model servers on this machine')
  end
  for _, found in ipairs(told.servers) do
    health.info(found.text)
  end
end

---@param running vim.lsp.Client
local function engines(running)
  local health = vim.health
  local known, problem = require('fimble.engines').known(running, M.server_patience_ms)
  health.start('Fimble: engines of the running server')
  if not known then
    return health.warn(('The server does not tell: %s.'):format(problem), '`:Fimble restart`')
  end
  for _, engine in ipairs(known) do
    local line = require('fimble.engines').described(engine)
    if engine.state == 'down' then
      health.error(('%s: %s'):format(line, engine.message))
    else
      (engine.state == 'ready' and health.ok or health.info)(line)
    end
  end
end

---@param command string[]
local function server(command)
  local health = vim.health
  local running = require('fimble.server').client()
  local status = require('fimble.server').status()
  local line = table.concat(command, ' ')
  if not running or not status then
    local message = ('The server (%s) is not running.'):format(line)
    health.warn(message, 'Open a file, or `:Fimble restart`.')
  elseif status.state == 'failed' then
    health.error(status.message, '`fimble doctor` in a shell says what to do.')
  else
    health.ok(('The server (%s) runs: %s'):format(line, status.message))
  end
  if running then
    health.info('It works in ' .. running.root_dir)
    local version = running.server_info and running.server_info.version
    health.info('Its version is ' .. (version or 'not told'))
    engines(running)
  end
end

function M.check()
  local health = vim.health
  health.start('Fimble')
  if vim.lsp.inline_completion then
    health.info("Suggestions are shown by Neovim's own inline completion client.")
  else
    health.info('Suggestions are shown by Fimble, as this Neovim has no client for them.')
  end
  if not vim.treesitter.language.add('markdown') then
    health.warn('There is no tree-sitter parser for Markdown, so chats have less colour.')
  end
  local command = require('fimble.server').command()
  if not command then
    return health.error('Fimble is not set up.', 'Call require("fimble").setup() in your init.lua.')
  end
  server(command)
  doctor(command)
end

return M
