--- What the model explains, beside the code, while it is being written.

local api = vim.api
local page = require('fimble.page')

local M = {}

---@type string? id of the explanation that is shown
local shown

---@type string? what went wrong with it
M.problem = nil

---@return integer buf
local function buffer()
  local buf = page.buffer('explanation', 'markdown')
  if not vim.treesitter.highlighter.active[buf] then
    pcall(vim.treesitter.start, buf, 'markdown') -- without its parser the syntax file is used
  end
  local options = { buffer = buf, nowait = true, desc = 'Fimble: close' }
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', options)
  return buf
end

---@param told table params of `fimble/explanation`
---@return string[]
local function lines_of(told)
  local text = told.text
  if told.problem then
    text = ('%s\n\n> **%s**'):format(text, told.problem)
  elseif text == '' then
    text = '…'
  end
  return vim.split(vim.trim(text), '\n', { plain = true })
end

---@return vim.api.keyset.win_config
local function beside_the_code()
  if require('fimble.chat.view').is_open() then -- and has the right side
    return { split = 'below', win = 0, height = math.floor(vim.o.lines * 0.4) }
  end
  return page.at_the_right()
end

---@param told table params of `fimble/explanation`
function M.show(told)
  local buf = buffer()
  M.problem = told.problem
  local lines = lines_of(told)
  page.change(buf, function()
    local same = page.common(api.nvim_buf_get_lines(buf, 0, -1, true), lines)
    api.nvim_buf_set_lines(buf, same, -1, true, vim.list_slice(lines, same + 1))
  end)
  if told.id ~= shown then
    shown = told.id
    local win = page.show(buf, false, beside_the_code())
    vim.wo[win][0].conceallevel = 2
    vim.wo[win][0].winbar = (' ' .. told.title:gsub('%%', '%%%%')) .. '%=q close '
    api.nvim_win_set_cursor(win, { 1, 0 }) -- it is read from its beginning
  end
end

return M
