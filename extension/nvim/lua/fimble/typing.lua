--- Neovim 0.11's client: when to ask for a suggestion, and which answers still count.
---
--- Invariant: at most one request is under way, and only its answer is shown, if buffer and cursor
--- are still as they were when it was asked.

local api = vim.api
local server = require('fimble.server')
local suggestion = require('fimble.suggestion')

local M = { debounce_ms = 20 }

local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2

local enabled = true
local timer = assert(vim.uv.new_timer())

---@class fimble.Request
---@field place table
---@field cancel fun()

---@type fimble.Request?
local pending

---@class fimble.Choices what was answered
---@field kind 1|2 INVOKED or AUTOMATIC, to which there is one suggestion at most
---@field place table
---@field items lsp.InlineCompletionItem[]
---@field at integer which is shown
---@field encoding string

---@type fimble.Choices?
local choices

---What a request is asked for; its answer counts as long as this is the same.
local function place()
  local buf = api.nvim_get_current_buf()
  return { buf, api.nvim_buf_get_changedtick(buf), api.nvim_win_get_cursor(0) }
end

local function cancel()
  timer:stop()
  if pending then
    pending.cancel()
    pending = nil
  end
end

---Whether there is room for ghost text: plain Insert mode without a popup menu.
local function can_show()
  return api.nvim_get_mode().mode:sub(1, 1) == 'i' and vim.fn.pumvisible() == 0
end

---@param kind 1|2 INVOKED or AUTOMATIC
---@param answered? fun() called once it is shown
local function request(kind, answered)
  cancel()
  local client = server.client(0)
  if not client or not can_show() then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = kind }
  local asked = { place = place() }
  local sent, id = client:request(METHOD, params, function(problem, answer)
    if pending ~= asked then
      return
    end
    pending = nil
    local items = answer and answer.items or {}
    if not can_show() or not vim.deep_equal(asked.place, place()) then
      return
    elseif items[1] then
      local encoding = client.offset_encoding
      choices = { kind = kind, place = asked.place, items = items, at = 1, encoding = encoding }
      suggestion.show(items[1], encoding)
      if answered then
        answered()
      end
    elseif kind == INVOKED then
      local level = problem and vim.log.levels.ERROR or vim.log.levels.INFO
      local message = problem and problem.message or 'there is nothing to suggest here.'
      vim.notify('Fimble: ' .. message, level)
    end
  end)
  if sent then
    asked.cancel = function()
      client:cancel_request(id)
    end
    pending = asked
  end
end

---After a key: follow the suggestion; ask for another once it no longer fits.
local function refresh()
  if pending and vim.deep_equal(pending.place, place()) then
    return -- Neovim tells of several keys, typed at once, after the last of them.
  end
  cancel()
  if not suggestion.follow() and enabled then
    local ask = vim.schedule_wrap(request)
    timer:start(M.debounce_ms, 0, function()
      ask(AUTOMATIC)
    end)
  end
end

function M.dismiss()
  cancel()
  suggestion.hide()
end

---The user wants none of it.
function M.reject()
  cancel()
  suggestion.reject()
end

---@param by 1|-1
local function show_another(by)
  if #choices.items == 1 then
    return vim.notify('Fimble: there is no other suggestion here.')
  end
  choices.at = (choices.at - 1 + by) % #choices.items + 1
  suggestion.show(choices.items[choices.at], choices.encoding)
end

---Show another suggestion. There is more than one to choose from only if the server was asked
---explicitly, so it is, if it was not.
---@param by 1|-1
function M.cycle(by)
  local here = choices and vim.deep_equal(choices.place, place())
  if here and choices.kind == INVOKED then
    return show_another(by)
  end
  local before = suggestion.rest()
  request(INVOKED, function()
    if suggestion.rest() == before then
      show_another(by)
    end
  end)
end

---The cursor rests here: the model may read what it would need for a suggestion.
local function tell_focus()
  local client = server.client(0)
  if client and enabled then
    local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
    client:notify('fimble/didFocus', params)
  end
end

---@param buf integer
function M.attach(buf)
  local group = api.nvim_create_augroup('fimble.typing.' .. buf, {})
  api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI', 'CursorMovedI', 'CompleteDone' }, {
    group = group,
    buffer = buf,
    callback = refresh,
  })
  api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave', 'TextChangedP', 'CompleteChanged' }, {
    group = group,
    buffer = buf,
    callback = M.dismiss,
  })
  api.nvim_create_autocmd({ 'BufEnter', 'CursorHold' }, {
    group = group,
    buffer = buf,
    callback = tell_focus,
  })
  if buf == api.nvim_get_current_buf() then
    tell_focus()
  end
end

function M.complete()
  if can_show() then
    request(INVOKED)
  else
    vim.notify('Fimble: suggestions are shown in Insert mode; map a key of that mode to complete.')
  end
end

---@param on boolean
function M.enable(on)
  enabled = on
  M.dismiss()
end

function M.is_enabled()
  return enabled
end

---@param plug string
local function if_shown(plug)
  return function()
    return suggestion.rest() and plug or nil
  end
end

M.actions = {
  accept = if_shown('<Plug>(fimble-accept)'),
  accept_word = if_shown('<Plug>(fimble-accept-word)'),
  accept_line = if_shown('<Plug>(fimble-accept-line)'),
  dismiss = if_shown('<Plug>(fimble-dismiss)'),
  next = if_shown('<Plug>(fimble-next)'),
  previous = if_shown('<Plug>(fimble-previous)'),
  complete = function()
    return '<Cmd>Fimble complete<CR>'
  end,
}

return M
