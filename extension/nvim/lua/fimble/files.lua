--- Buffers of files.

local api = vim.api

local M = {}

---@param path string
---@return string path the same for all names of a file
local function real(path)
  return vim.uv.fs_realpath(path) or vim.fs.normalize(path)
end

---@return integer[] buffers of files, as far as they are loaded
function M.loaded()
  return vim.tbl_filter(function(buf)
    return api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == ''
  end, api.nvim_list_bufs())
end

---@param path string a whole one
---@return integer? buf that is loaded; other than `bufnr` this takes no pattern
function M.buffer(path)
  local wanted = real(path)
  return vim.iter(M.loaded()):find(function(buf)
    local name = api.nvim_buf_get_name(buf)
    return name ~= '' and real(name) == wanted
  end)
end

return M
