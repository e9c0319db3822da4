--- What may be done with code: Neovim's own menu of code actions, and Fimble's commands.

local server = require('fimble.server')

local M = {}

---@class fimble.Range places are lines from 1 and columns in bytes from 0
---@field start [integer, integer]
---@field end [integer, integer] behind its last character

---@param command vim.api.keyset.create_user_command.command_args
---@return fimble.Range? range that was given with a command; what is selected, if that is its lines
local function range_of(command)
  if command.range == 0 then
    return nil
  end
  local from, to = vim.api.nvim_buf_get_mark(0, '<'), vim.api.nvim_buf_get_mark(0, '>')
  local is_selection = from[1] == command.line1 and to[1] == command.line2
  local last = vim.fn.getline(command.line2)
  if is_selection and vim.fn.visualmode() == 'v' then
    local rest = last:sub(to[2] + 1)
    local size = #vim.fn.strpart(rest, 0, 1, true)
    return { start = from, ['end'] = { to[1], math.min(to[2], #last) + size } }
  end
  return { start = { command.line1, 0 }, ['end'] = { command.line2, #last } }
end

---@param place [integer, integer]
---@param encoding string
---@return lsp.Position
local function position(place, encoding)
  local line = vim.fn.getline(place[1])
  return { line = place[1] - 1, character = vim.str_utfindex(line, encoding, place[2], false) }
end

---@return vim.lsp.Client? client of the current buffer; the user is told if there is none
local function client_here()
  local client = server.client(0)
  if not client then
    vim.notify('Fimble: the server does not follow this buffer.', vim.log.levels.WARN)
  end
  return client
end

---@param command vim.api.keyset.create_user_command.command_args
---@return lsp.Diagnostic[] of all tools on the lines of a command
local function diagnostics(command)
  local found = vim.tbl_filter(function(each)
    return each.lnum < command.line2 and (each.end_lnum or each.lnum) >= command.line1 - 1
  end, vim.diagnostic.get(0))
  return vim.lsp.diagnostic.from(found)
end

---@param command vim.api.keyset.create_user_command.command_args
---@param only? lsp.CodeActionKind[]
local function menu(command, only)
  local range = range_of(command)
  if range then -- Neovim counts the last byte in
    range['end'][2] = math.max(range['end'][2] - 1, 0)
  end
  if client_here() then
    vim.lsp.buf.code_action({
      context = { only = only, diagnostics = diagnostics(command) },
      range = range,
      apply = only ~= nil, -- the only one that fits needs no menu
    })
  end
end

---@param command vim.api.keyset.create_user_command.command_args
function M.menu(command)
  menu(command)
end

---@param command vim.api.keyset.create_user_command.command_args
function M.fix(command)
  menu(command, { 'quickfix' })
end

---@param name string
---@param command vim.api.keyset.create_user_command.command_args
---@param more? table
local function execute(name, command, more)
  local client = client_here()
  if not client then
    return
  end
  local range = range_of(command)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local from, to = range and range.start or cursor, range and range['end'] or cursor
  local encoding = client.offset_encoding
  local argument = vim.tbl_extend('error', {
    uri = vim.uri_from_bufnr(0),
    range = { start = position(from, encoding), ['end'] = position(to, encoding) },
  }, more or {})
  client:exec_cmd({ title = name, command = name, arguments = { argument } }, {}, function(problem)
    -- What an explanation has failed of stands where it would.
    if problem and problem.message ~= require('fimble.explanation').problem then
      vim.notify('Fimble: ' .. problem.message, vim.log.levels.ERROR)
    end
  end)
end

---Have code explained; it is shown beside it.
---@param command vim.api.keyset.create_user_command.command_args
function M.explain(command)
  execute('fimble.explain', command)
end

---Have a function changed as is said.
---@param command vim.api.keyset.create_user_command.command_args
---@param instruction string empty: the user is asked
function M.rewrite(command, instruction)
  if instruction ~= '' then
    return execute('fimble.rewrite', command, { instruction = instruction })
  end
  vim.ui.input({ prompt = 'Change it how? ' }, function(text)
    if text and text ~= '' then
      execute('fimble.rewrite', command, { instruction = text })
    end
  end)
end

return M
