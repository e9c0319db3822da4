--- The windows of a chat: the transcript, and below it a place to write.

local api = vim.api
local page = require('fimble.page')
local server = require('fimble.server')
local transcript = require('fimble.chat.transcript')

local M = {}

local INPUT_LINES = 5

---@class fimble.ChatKeymaps keys of the chat's buffers, in Normal mode but for two; false: no key
---@field send? string|false send what is written
---@field send_insert? string|false likewise, in Insert mode
---@field stop? string|false end the turn, in Insert mode too
---@field allow? string|false answer a question
---@field always? string|false
---@field reject? string|false
---@field never? string|false
---@field diff? string|false look at the edit that is asked about

---@type fimble.ChatKeymaps
M.keymaps = {}

---@class fimble.Header what the bar above the transcript says
---@field title string
---@field mode string
---@field doing string what the agent does; empty between turns
---@field usage? { used: integer, size: integer }

---@type fimble.Header
local header = { title = '', mode = '', doing = '' }

---@return integer buf
local function input_buffer()
  local buf = page.buffer('chat/input', 'fimble-input')
  vim.bo[buf].modifiable = true
  return buf
end

---@param text string
local function escaped(text)
  return (text:gsub('%%', '%%%%'))
end

---@return string what the server is not ready for
local function trouble()
  local status = server.status()
  return status and status.state ~= 'ready' and status.message or ''
end

---'winbar' of windows that show the transcript.
---@return string
function M.winbar()
  local folder = vim.fs.basename(server.folder())
  local parts = { ' Fimble in ' .. folder, header.mode, vim.fn.strcharpart(header.title, 0, 40) }
  local left = escaped(table.concat(
    vim.tbl_filter(function(part)
      return part ~= ''
    end, parts),
    ' · '
  ))
  local right = escaped(header.doing ~= '' and header.doing or trouble())
  local usage = header.usage
  if usage and usage.size > 0 then
    local percent = math.floor(100 * usage.used / usage.size + 0.5)
    local group = percent >= 80 and '%#WarningMsg#' or ''
    local size = math.floor(usage.size / 1024 + 0.5)
    right = ('%s  %s%d%%%% of %dk '):format(right, group, percent, size)
  end
  return left .. '%=' .. right
end

---@param changes table fields of a header
function M.tell(changes)
  header = vim.tbl_extend('force', header, changes)
  vim.cmd.redrawstatus()
end

---Forget how full the model's window is.
function M.forget_usage()
  header.usage = nil
  vim.cmd.redrawstatus()
end

---@param buf integer
---@param modes string|string[]
---@param lhs string|false|nil
---@param action fun()
---@param what string
local function map(buf, modes, lhs, action, what)
  if lhs then
    vim.keymap.set(modes, lhs, action, { buffer = buf, nowait = true, desc = 'Fimble: ' .. what })
  end
end

---@param buf integer
---@param answers fimble.Answers
function M.map_answers(buf, answers)
  local keys = M.keymaps
  map(buf, 'n', keys.allow, answers.allow, 'allow it')
  map(buf, 'n', keys.always, answers.always, 'always allow it')
  map(buf, 'n', keys.reject, answers.reject, 'reject it')
  map(buf, 'n', keys.never, answers.never, 'always reject it')
  map(buf, 'n', keys.diff, answers.diff, 'show the edit')
end

---@class fimble.ChatActions
---@field send fun(text: string): boolean whether it was taken
---@field stop fun()
---@field answers fimble.Answers

---@return string text what is written
local function written()
  return vim.trim(table.concat(api.nvim_buf_get_lines(input_buffer(), 0, -1, true), '\n'))
end

---@param actions fimble.ChatActions
local function map_keys(actions)
  local input, buf = input_buffer(), transcript.buffer()
  local function send()
    if written() ~= '' and actions.send(written()) then
      api.nvim_buf_set_lines(input_buffer(), 0, -1, true, {})
      vim.cmd.stopinsert() -- what comes next are keys that answer
    end
  end
  map(input, 'n', M.keymaps.send, send, 'send')
  map(input, 'i', M.keymaps.send_insert, send, 'send')
  for _, each in ipairs({ input, buf }) do
    M.map_answers(each, actions.answers)
  end
  map(input, { 'n', 'i' }, M.keymaps.stop, actions.stop, 'stop')
  map(buf, 'n', M.keymaps.stop, actions.stop, 'stop')
  for _, lhs in ipairs({ 'i', 'a', 'o' }) do
    map(buf, 'n', lhs, function()
      M.open(actions)
      vim.cmd.startinsert({ bang = true })
    end, 'write')
  end
end

---@param win integer
local function set_up_transcript(win)
  local options = vim.wo[win][0]
  options.foldmethod = 'manual'
  options.foldtext = "v:lua.require'fimble.chat.transcript'.fold_text()"
  options.foldenable = true
  options.fillchars = 'fold: '
  options.winbar = "%{%v:lua.require'fimble.chat.view'.winbar()%}"
  options.winhighlight = 'markdownCode:Special,Folded:Comment'
  options.conceallevel = 2
  options.concealcursor = 'n'
  transcript.fold(win)
  api.nvim_win_set_cursor(win, { api.nvim_buf_line_count(transcript.buffer()), 0 })
end

---@return boolean
function M.is_open()
  return vim.fn.bufwinid(transcript.buffer()) ~= -1
end

---@return string 'winbar' of windows to write in
local function input_bar()
  local parts = { ' Message' }
  local keys = M.keymaps
  if keys.send then
    table.insert(parts, keys.send .. ' send')
  end
  if keys.stop then
    table.insert(parts, keys.stop .. ' stop')
  end
  table.insert(parts, '@ names a file')
  return escaped(table.concat(parts, '   ')) .. '%<'
end

---Show the windows in this tab, with the cursor where one writes.
---@param actions fimble.ChatActions
function M.open(actions)
  local was_open = M.is_open()
  local above = page.show(transcript.buffer(), false, page.at_the_right())
  if not was_open then
    map_keys(actions)
    set_up_transcript(above)
  end
  local below = { split = 'below', win = above, height = INPUT_LINES }
  local win = page.show(input_buffer(), true, below)
  vim.wo[win][0].winfixheight = true
  vim.wo[win][0].winbar = input_bar()
  require('fimble.chat.mentions').attach(input_buffer())
end

return M
