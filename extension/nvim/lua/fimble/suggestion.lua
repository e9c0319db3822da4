--- The suggestion that is shown: ghost text that follows what is typed.
---
--- Invariant: what is shown, and what is accepted, is worked out from the buffer as it is then. A
--- suggestion belongs to its place as long as the text from its start to the cursor is a beginning
--- of it, and the text on both sides of it is as it was.

local api = vim.api
local feedback = require('fimble.feedback')

local M = {}

local HIGHLIGHT = 'FimbleSuggestion'
local namespace = api.nvim_create_namespace('fimble')

---@class fimble.Suggestion
---@field buf integer
---@field row integer line where it starts, from 0
---@field before string that line, left of the suggestion
---@field text string
---@field replaced string right of the cursor: goes when the suggestion is accepted
---@field after string right of that: stays
---@field item lsp.InlineCompletionItem

---@type fimble.Suggestion?
local shown

---@return string? rest what is still to be typed; nil if the suggestion no longer fits
---@return integer row
---@return integer col of the cursor, in bytes
local function remaining()
  local cursor = api.nvim_win_get_cursor(0)
  local row, col = cursor[1] - 1, cursor[2]
  if not shown or shown.buf ~= api.nvim_get_current_buf() or row < shown.row then
    return nil, row, col
  end
  local lines = api.nvim_buf_get_lines(shown.buf, shown.row, row + 1, true)
  local right = lines[#lines]:sub(col + 1)
  lines[#lines] = lines[#lines]:sub(1, col)
  local left = table.concat(lines, '\n')
  local whole = shown.before .. shown.text
  local fits = #left >= #shown.before
    and #left < #whole
    and vim.startswith(whole, left)
    and right == shown.replaced .. shown.after
  return fits and whole:sub(#left + 1) or nil, row, col
end

---Draw text at the cursor, its first line within the line and the others below.
---@param text string
---@param row integer
---@param col integer
local function draw(text, row, col)
  local below = {}
  for line in vim.gsplit(text, '\n', { plain = true }) do
    table.insert(below, { { line, HIGHLIGHT } })
  end
  local first = table.remove(below, 1)
  local right = shown.replaced .. shown.after
  local moves = right ~= '' and (#below > 0 or shown.replaced ~= '')
  if moves then
    -- Cover what stands right of the cursor, and draw it where it is going to be.
    table.insert(below[#below] or first, { shown.after, 'Normal' })
    local start = vim.fn.virtcol('.') - 1
    local drawn = first[1][1] .. (first[2] and first[2][1] or '')
    local width = vim.fn.strdisplaywidth
    local uncovered = width(right, start) - width(drawn, start)
    table.insert(first, { (' '):rep(uncovered), 'Normal' })
  end
  api.nvim_buf_set_extmark(shown.buf, namespace, row, col, {
    virt_text = first,
    virt_text_pos = moves and 'overlay' or 'inline',
    virt_lines = below,
  })
end

---Hide the suggestion and forget it.
function M.hide()
  if shown and api.nvim_buf_is_valid(shown.buf) then
    api.nvim_buf_clear_namespace(shown.buf, namespace, 0, -1)
  end
  shown = nil
end

---Draw what is left of the suggestion, or hide it if it no longer fits.
---@return boolean shown
function M.follow()
  local rest, row, col = remaining()
  if not rest then
    M.hide()
    return false
  end
  api.nvim_buf_clear_namespace(shown.buf, namespace, 0, -1)
  draw(rest, row, col)
  return true
end

---Show an item that the server gave for the current buffer as it is now.
---@param item lsp.InlineCompletionItem with a range on the cursor's line
---@param encoding 'utf-8'|'utf-16'|'utf-32'
function M.show(item, encoding)
  M.hide()
  local row = item.range.start.line
  local line = api.nvim_buf_get_lines(0, row, row + 1, true)[1]
  local from = vim.str_byteindex(line, encoding, item.range.start.character, false)
  local to = vim.str_byteindex(line, encoding, item.range['end'].character, false)
  local col = api.nvim_win_get_cursor(0)[2]
  shown = {
    buf = api.nvim_get_current_buf(),
    row = row,
    before = line:sub(1, from),
    text = item.insertText:gsub('\r\n?', '\n'),
    replaced = line:sub(col + 1, to),
    after = line:sub(math.max(col, to) + 1),
    item = item,
  }
  api.nvim_set_hl(0, HIGHLIGHT, { link = 'Comment', default = true })
  if M.follow() then
    feedback.shown(item)
  end
end

---The user does not want it.
function M.reject()
  if remaining() then
    feedback.rejected(shown.item)
  end
  M.hide()
end

---@return string? text what is still to be typed of it; nil if none is shown
function M.rest()
  return (remaining())
end

---Insert the suggestion, or its next part, and put the cursor behind it.
---@param part 'all'|'word'|'line'
function M.accept(part)
  local rest, row, col = remaining()
  if not rest then
    return
  end
  local piece = rest
  if part == 'word' then
    piece = vim.fn.matchstr(rest, [[\v^\_s*(\k+|(\k@!\S)+)]])
  elseif part == 'line' then
    piece = rest:match('^\n*[^\n]*')
  end
  local to = piece == rest and col + #shown.replaced or col
  local lines = vim.split(piece, '\n', { plain = true })
  api.nvim_buf_set_text(shown.buf, row, col, row, to, lines)
  local last = row + #lines
  api.nvim_win_set_cursor(0, { last, (#lines == 1 and col or 0) + #lines[#lines] })
  if piece == rest then
    feedback.accepted(shown.item)
  else
    feedback.partly_accepted(shown.item, shown.text:sub(1, #shown.text - #rest + #piece))
  end
  M.follow()
end

return M
