--- Which folder something belongs to.

local M = {}

---Names that mark the root of a project.
---@type string[]
M.root_markers = {}

---@param name string of a buffer
---@return boolean
function M.is_file(name)
  return name ~= '' and not name:match('^%a[%w+.-]+://')
end

---@param folder string
---@return string root of the project that it is in, or else the folder
function M.root_of(folder)
  return vim.fs.root(folder, M.root_markers) or folder
end

---@return string root of what the user looks at: of the current file, else the current directory
function M.here()
  local name = vim.api.nvim_buf_get_name(0)
  local is_file = vim.bo.buftype == '' and M.is_file(name)
  return M.root_of(is_file and vim.fs.dirname(name) or vim.fn.getcwd())
end

return M
