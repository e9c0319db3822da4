--- What was said in a chat: a buffer of Markdown that nobody types in, made of blocks.
---
--- Invariant: the buffer is its blocks, one after the other, with an empty line between two. Text
--- streams to the end of the last block; another block is replaced from the first line on that
--- differs. So what a change costs goes by its own size, not by the size of the chat.

local api = vim.api
local page = require('fimble.page')

local M = {}

local FLUSH_MS = 40
local FOLDED_FROM = 4 -- lines; fewer are shown

local places = api.nvim_create_namespace('fimble.chat.places')
local colours = api.nvim_create_namespace('fimble.chat.colours')

---@class fimble.Content how a block looks
---@field lines string[]
---@field fold? [integer, integer] first and last line to fold, from 0
---@field hidden? integer[] lines that are concealed, from 0
---@field colours? table<integer, string> highlight groups of lines, from 0

---@class fimble.Block
---@field mark integer where it starts
---@field content fimble.Content

---@type table<string, fimble.Block> by key
local blocks = {}

---@type string? key of the block at the end
local last

---@class fimble.Pending
---@field key string
---@field content? fimble.Content
---@field text? string[] pieces to add to its end

---@type integer? in which they are
local holder

---@type fimble.Pending[] what the next flush does, in this order
local pending = {}

local timer = assert(vim.uv.new_timer())

---@return integer buf
function M.buffer()
  local buf = page.buffer('chat', 'markdown')
  if vim.bo[buf].syntax ~= 'markdown' or vim.treesitter.highlighter.active[buf] then
    vim.treesitter.stop(buf) -- it takes longer the more was said; the syntax file does not
    vim.bo[buf].syntax = 'markdown'
  end
  if buf ~= holder then -- it is new, or the user has wiped out the last one
    blocks, last, holder = {}, nil, buf
  end
  return buf
end

---@param block fimble.Block
---@return integer row where it starts, from 0
local function row_of(block)
  return api.nvim_buf_get_extmark_by_id(M.buffer(), places, block.mark, {})[1]
end

---@param win integer
---@param row integer where its block starts
---@param fold? [integer, integer]
local function fold_in(win, row, fold)
  if fold and fold[2] - fold[1] + 1 >= FOLDED_FROM then
    api.nvim_win_call(win, function()
      vim.cmd(('%d,%dfold'):format(row + fold[1] + 1, row + fold[2] + 1))
    end)
  end
end

---@param buf integer
---@param row integer
---@param content fimble.Content
local function decorate(buf, row, content)
  api.nvim_buf_clear_namespace(buf, colours, row, row + #content.lines)
  for line, group in pairs(content.colours or {}) do
    api.nvim_buf_set_extmark(buf, colours, row + line, 0, { line_hl_group = group })
  end
  for _, line in ipairs(content.hidden or {}) do
    api.nvim_buf_set_extmark(buf, colours, row + line, 0, { conceal_lines = '' })
  end
  for _, win in ipairs(vim.fn.win_findbuf(buf)) do
    fold_in(win, row, content.fold)
  end
end

---@param buf integer
---@param key string
---@param content fimble.Content
local function begin(buf, key, content)
  local is_first = last == nil
  local row = is_first and 0 or api.nvim_buf_line_count(buf) + 1
  local lines = is_first and content.lines or vim.list_extend({ '' }, content.lines)
  api.nvim_buf_set_lines(buf, is_first and 0 or -1, -1, true, lines)
  blocks[key] = { mark = api.nvim_buf_set_extmark(buf, places, row, 0, {}), content = content }
  last = key
  decorate(buf, row, content)
end

---@param buf integer
---@param block fimble.Block
---@param content fimble.Content
local function replace(buf, block, content)
  local row, old = row_of(block), block.content.lines
  local same = page.common(old, content.lines)
  api.nvim_buf_set_lines(buf, row + same, row + #old, true, vim.list_slice(content.lines, same + 1))
  api.nvim_buf_set_extmark(buf, places, row, 0, { id = block.mark })
  block.content = content
  decorate(buf, row, content)
end

---@param buf integer
---@param block fimble.Block the last
---@param text string
local function append(buf, block, text)
  local lines = block.content.lines
  local added = vim.split(text, '\n', { plain = true })
  local row = row_of(block) + #lines - 1
  api.nvim_buf_set_text(buf, row, #lines[#lines], row, #lines[#lines], added)
  lines[#lines] = lines[#lines] .. added[1]
  vim.list_extend(lines, added, 2)
end

---Show all that has been told.
function M.flush()
  timer:stop()
  local todo, buf = pending, M.buffer()
  pending = {}
  if #todo == 0 then
    return
  end
  page.change(buf, function()
    for _, each in ipairs(todo) do
      local block = blocks[each.key]
      local text = each.text and table.concat(each.text)
      if block and text then
        append(buf, block, text)
      elseif block then
        replace(buf, block, each.content)
      else
        local lines = text and vim.split(text, '\n', { plain = true })
        begin(buf, each.key, each.content or { lines = lines })
      end
    end
  end)
end

---@param each fimble.Pending
local function later(each)
  table.insert(pending, each)
  if not timer:is_active() then
    timer:start(FLUSH_MS, 0, vim.schedule_wrap(M.flush))
  end
end

---Show a block; the one with this key if there is one, else a new one at the end.
---@param key string
---@param content fimble.Content
function M.put(key, content)
  local known
  pending = vim.tbl_filter(function(each)
    if each.key ~= key then
      return true
    end
    known = known or (each.content and each) -- it keeps its place
    return known == each
  end, pending)
  if known then
    known.content = content
  else
    later({ key = key, content = content })
  end
end

---Add text to a block that was put last.
---@param key string
---@param text string
function M.append(key, text)
  local newest = pending[#pending]
  if newest and newest.key == key and newest.text then
    table.insert(newest.text, text)
  else
    later({ key = key, text = { text } })
  end
end

---Forget all that was said.
function M.clear()
  timer:stop()
  blocks, last, pending = {}, nil, {}
  local buf = M.buffer()
  api.nvim_buf_clear_namespace(buf, places, 0, -1)
  api.nvim_buf_clear_namespace(buf, colours, 0, -1)
  page.change(buf, function()
    api.nvim_buf_set_lines(buf, 0, -1, true, {})
  end)
end

---Fold in a window that did not show it what is folded in the others.
---@param win integer
function M.fold(win)
  api.nvim_win_call(win, function()
    vim.cmd('normal! zE')
  end)
  for _, block in pairs(blocks) do
    fold_in(win, row_of(block), block.content.fold)
  end
end

---'foldtext' of windows that show it.
function M.fold_text()
  local first = vim.fn.getline(vim.v.foldstart):gsub('^> ?', '')
  return ('▸ %d lines: %s'):format(vim.v.foldend - vim.v.foldstart + 1, vim.trim(first))
end

return M
