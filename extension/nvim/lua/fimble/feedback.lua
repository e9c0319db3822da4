--- What becomes of a suggestion, told to the server. It counts; nothing leaves the machine.

local server = require('fimble.server')

local M = {}

---@param method string
---@param item lsp.InlineCompletionItem
---@param more? table
local function tell(method, item, more)
  local client = server.client(0)
  if client and item.command then
    local params = vim.tbl_extend('error', { id = item.command.arguments[1] }, more or {})
    client:notify('fimble/' .. method, params)
  end
end

---@param item lsp.InlineCompletionItem
function M.shown(item)
  tell('didShow', item)
end

---@param item lsp.InlineCompletionItem
function M.rejected(item)
  tell('didReject', item)
end

---@param item lsp.InlineCompletionItem
---@param text string what stands in the buffer of it
function M.partly_accepted(item, text)
  tell('didPartlyAccept', item, { acceptedLength = vim.str_utfindex(text, 'utf-16') })
end

---@param item lsp.InlineCompletionItem
function M.accepted(item)
  local client = server.client(0)
  if client and item.command then
    client:exec_cmd(item.command, { bufnr = vim.api.nvim_get_current_buf() })
  end
end

return M
