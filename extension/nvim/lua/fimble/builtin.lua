--- Neovim 0.12 and newer: its own inline completion client shows the suggestions.

local M = {}

---@param buf integer
function M.attach(buf)
  vim.lsp.inline_completion.enable(true, { bufnr = buf })
end

function M.complete()
  vim.notify('Fimble: Neovim itself asks for suggestions here.', vim.log.levels.INFO)
end

function M.toggle()
  local on = not vim.lsp.inline_completion.is_enabled({ bufnr = 0 })
  vim.lsp.inline_completion.enable(on, { bufnr = 0 })
  return on
end

M.actions = {
  accept = function()
    return vim.lsp.inline_completion.get() and '' or nil
  end,
  complete = function()
    return '<Cmd>Fimble complete<CR>'
  end,
}

return M
