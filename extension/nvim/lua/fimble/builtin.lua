--- Neovim 0.12 and newer: its own inline completion client shows the suggestions.

local M = {}

local enabled = true

---@param buf integer
function M.attach(buf)
  vim.lsp.inline_completion.enable(enabled, { bufnr = buf })
end

function M.complete()
  vim.notify('Fimble: Neovim itself asks for suggestions here.', vim.log.levels.INFO)
end

---@param on boolean
function M.enable(on)
  enabled = on
  local client = require('fimble.server').client()
  for buf in pairs(client and client.attached_buffers or {}) do
    vim.lsp.inline_completion.enable(on, { bufnr = buf })
  end
end

function M.is_enabled()
  return enabled
end

M.actions = {
  accept = function()
    return vim.lsp.inline_completion.get() and '' or nil
  end,
  complete = function()
    return '<Cmd>Fimble complete<CR>'
  end,
  next = function()
    return '<Cmd>lua vim.lsp.inline_completion.select({ count = 1 })<CR>'
  end,
  previous = function()
    return '<Cmd>lua vim.lsp.inline_completion.select({ count = -1 })<CR>'
  end,
}

return M
