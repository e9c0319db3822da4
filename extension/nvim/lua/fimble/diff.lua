--- Two texts side by side in a tab of their own, by Neovim's diff mode.

local api = vim.api
local page = require('fimble.page')

local M = {}

---@class fimble.DiffKey
---@field lhs string
---@field action fun()
---@field what string

---@class fimble.DiffTab
---@field buffers integer[] the left one and the right one
---@field close fun()

---@param text string
---@return string[]
local function lines_of(text)
  local lines = vim.split((text:gsub('\r\n', '\n')), '\n', { plain = true })
  if lines[#lines] == '' then
    table.remove(lines)
  end
  return lines
end

local count = 0

---@param side 'before'|'after'
---@param path string
---@param text string
---@return integer buf of its own, though the file may be compared elsewhere, too
local function scratch(side, path, text)
  count = count + 1
  local name = ('%s/%d/%s'):format(side, count, vim.fn.fnamemodify(path, ':.'))
  local buf = page.buffer(name, vim.filetype.match({ filename = path }) or '')
  page.change(buf, function()
    api.nvim_buf_set_lines(buf, 0, -1, true, lines_of(text))
  end)
  vim.bo[buf].bufhidden = 'wipe'
  return buf
end

---@param buf integer
---@param keys fimble.DiffKey[]
---@return fun() unmap to have the buffer's mappings as they were
local function map(buf, keys)
  local hidden = {}
  for _, key in ipairs(keys) do
    local own = api.nvim_buf_call(buf, function()
      return vim.fn.maparg(key.lhs, 'n', false, true)
    end)
    table.insert(hidden, own.buffer == 1 and own or nil)
    local options = { buffer = buf, nowait = true, desc = 'Fimble: ' .. key.what }
    vim.keymap.set('n', key.lhs, key.action, options)
  end

  local is_mapped = true
  return function()
    if not is_mapped or not api.nvim_buf_is_valid(buf) then
      return
    end
    is_mapped = false
    for _, key in ipairs(keys) do
      pcall(vim.keymap.del, 'n', key.lhs, { buffer = buf }) -- it may be gone with the buffer
    end
    api.nvim_buf_call(buf, function()
      for _, own in ipairs(hidden) do
        vim.fn.mapset('n', false, own)
      end
    end)
  end
end

---Close a window; of the last there is, what it shows.
---@param win integer
local function close_window(win)
  local all = vim.tbl_filter(function(each)
    return api.nvim_win_get_config(each).relative == '' -- it doesn't float
  end, api.nvim_list_wins())
  if #all > 1 then
    return api.nvim_win_close(win, true)
  end
  api.nvim_win_call(win, function()
    vim.cmd.diffoff()
    vim.wo[win][0].winbar = ''
    if vim.bo.buftype ~= '' then
      vim.cmd.enew()
    end
  end)
end

---@class fimble.Diff
---@field path string
---@field before string
---@field after? string nil: the file itself, as it is now
---@field left string what stands above the left side
---@field right string
---@field keys fimble.DiffKey[] of both sides, as long as the tab is open

---@param difference fimble.Diff
---@return fimble.DiffTab
function M.open(difference)
  local path = difference.path
  local left = scratch('before', path, difference.before)
  local right
  if difference.after then
    right = scratch('after', path, difference.after)
  else
    right = vim.fn.bufadd(path)
    vim.fn.bufload(right)
    vim.bo[right].buflisted = true
  end
  local from = api.nvim_get_current_win()
  vim.cmd('tab sbuffer ' .. left)
  local first = api.nvim_get_current_win()
  local beside = api.nvim_open_win(right, true, { split = 'right' })
  local windows = { first, beside }
  local titles = { difference.left, difference.right }
  for index, win in ipairs(windows) do
    api.nvim_win_call(win, vim.cmd.diffthis)
    vim.wo[win][0].winbar = ' ' .. titles[index]:gsub('%%', '%%%%') .. '%<'
  end

  local unmap ---@type fun()
  local function close()
    local is_inside = vim.list_contains(windows, api.nvim_get_current_win())
    unmap()
    vim.iter(vim.tbl_filter(api.nvim_win_is_valid, windows)):each(close_window)
    if is_inside and api.nvim_win_is_valid(from) then
      api.nvim_set_current_win(from)
    end
  end
  local keys = vim.list_extend({ { lhs = 'q', action = close, what = 'close' } }, difference.keys)
  map(left, keys) -- and is wiped out with them
  unmap = map(right, keys)
  -- The file goes on without them, however the window is closed.
  local closed = { pattern = tostring(beside), once = true }
  closed.callback = function()
    unmap()
  end
  api.nvim_create_autocmd('WinClosed', closed)
  return { buffers = { left, right }, close = close }
end

return M
