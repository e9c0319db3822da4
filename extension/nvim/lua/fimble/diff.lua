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

---@param name string
---@param path string
---@param text string
---@return integer buf
local function scratch(name, path, text)
  local buf = page.buffer(name, vim.filetype.match({ filename = path }) or '')
  page.change(buf, function()
    api.nvim_buf_set_lines(buf, 0, -1, true, lines_of(text))
  end)
  vim.bo[buf].bufhidden = 'wipe'
  return buf
end

---@param buffers integer[]
---@param keys fimble.DiffKey[]
local function map(buffers, keys)
  for _, buf in ipairs(buffers) do
    for _, key in ipairs(keys) do
      local options = { buffer = buf, nowait = true, desc = 'Fimble: ' .. key.what }
      vim.keymap.set('n', key.lhs, key.action, options)
    end
  end
end

---@param buffers integer[]
---@param keys fimble.DiffKey[]
local function unmap(buffers, keys)
  for _, buf in ipairs(vim.tbl_filter(api.nvim_buf_is_valid, buffers)) do
    for _, key in ipairs(keys) do
      pcall(vim.keymap.del, 'n', key.lhs, { buffer = buf }) -- it may be gone with the buffer
    end
  end
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
  local name = vim.fn.fnamemodify(path, ':t')
  local left = scratch('before/' .. name, path, difference.before)
  local right
  if difference.after then
    right = scratch('after/' .. name, path, difference.after)
  else
    right = vim.fn.bufadd(path)
    vim.fn.bufload(right)
    vim.bo[right].buflisted = true
  end
  local from = api.nvim_get_current_win()
  vim.cmd('tab sbuffer ' .. left)
  local tab = api.nvim_get_current_tabpage()
  local first = api.nvim_get_current_win()
  local beside = api.nvim_open_win(right, true, { split = 'right' })
  local windows = { first, beside }
  local titles = { difference.left, difference.right }
  for index, win in ipairs(windows) do
    api.nvim_win_call(win, vim.cmd.diffthis)
    vim.wo[win][0].winbar = ' ' .. titles[index]:gsub('%%', '%%%%') .. '%<'
  end

  local buffers = { left, right }
  local function close()
    if api.nvim_tabpage_is_valid(tab) then
      vim.cmd.tabclose(api.nvim_tabpage_get_number(tab))
    end
    if api.nvim_win_is_valid(from) then
      api.nvim_set_current_win(from)
    end
  end
  local keys = vim.list_extend({ { lhs = 'q', action = close, what = 'close' } }, difference.keys)
  map(buffers, keys)
  -- The file goes on without them, however the window is closed.
  api.nvim_create_autocmd('WinClosed', {
    pattern = tostring(windows[2]),
    once = true,
    callback = function()
      unmap(buffers, keys)
    end,
  })
  return { buffers = buffers, close = close }
end

return M
