--- Buffers that are no files, and text in them that changes while it is shown.

local api = vim.api

local M = {}

---@param name string after `fimble://`
---@param filetype string
---@return integer buf that nobody may type in; the one with this name, if there is one
function M.buffer(name, filetype)
  local uri = 'fimble://' .. name
  for _, buf in ipairs(api.nvim_list_bufs()) do
    if api.nvim_buf_get_name(buf) == uri then
      return buf
    end
  end
  local buf = api.nvim_create_buf(false, true)
  api.nvim_buf_set_name(buf, uri)
  vim.bo[buf].bufhidden = 'hide'
  vim.bo[buf].filetype = filetype
  vim.bo[buf].modifiable = false
  return buf
end

---Windows of all tabs that show a buffer, and of which the cursor is on its last line: they follow
---what is added.
---@param buf integer
---@return integer[]
local function following(buf)
  local last = api.nvim_buf_line_count(buf)
  return vim.tbl_filter(function(win)
    return api.nvim_win_get_cursor(win)[1] == last
  end, vim.fn.win_findbuf(buf))
end

---Change a buffer; windows that show its end go on showing it.
---@param buf integer
---@param change fun()
function M.change(buf, change)
  local windows = following(buf)
  vim.bo[buf].modifiable = true
  change()
  vim.bo[buf].modifiable = false
  local last = api.nvim_buf_line_count(buf)
  for _, win in ipairs(windows) do
    api.nvim_win_set_cursor(win, { last, 0 })
  end
end

---@param old string[]
---@param new string[]
---@return integer count of lines at the beginning that are the same
function M.common(old, new)
  local count = 0
  while count < #old and old[count + 1] == new[count + 1] do
    count = count + 1
  end
  return count
end

---Show a window beside the current one, or the one that shows the buffer.
---@param buf integer
---@param enter boolean
---@param options vim.api.keyset.win_config
---@return integer win
function M.show(buf, enter, options)
  local win = vim.fn.bufwinid(buf)
  if win == -1 then
    win = api.nvim_open_win(buf, enter, options)
    vim.wo[win][0].wrap = true
    vim.wo[win][0].linebreak = true
    vim.wo[win][0].number = false
    vim.wo[win][0].relativenumber = false
    vim.wo[win][0].signcolumn = 'no'
    vim.wo[win][0].spell = false
  elseif enter then
    api.nvim_set_current_win(win)
  end
  return win
end

---A split at the right of the tab, which is wide enough for one.
---@return vim.api.keyset.win_config
function M.at_the_right()
  return { split = 'right', win = -1, width = math.max(40, math.floor(vim.o.columns * 0.42)) }
end

return M
