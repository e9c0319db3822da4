--- `:checkhealth fimble`.

local M = {}

function M.check()
  local health = vim.health
  health.start('Fimble')
  if vim.lsp.inline_completion then
    health.info("Suggestions are shown by Neovim's own inline completion client.")
  else
    health.info('Suggestions are shown by Fimble, as this Neovim has no client for them.')
  end
  local config = vim.lsp.is_enabled('fimble') and vim.lsp.config.fimble
  if not config then
    return health.error('Fimble is not set up.', 'Call require("fimble").setup() in your init.lua.')
  end
  local status = require('fimble.server').status()
  local command = table.concat(config.cmd, ' ')
  if not status then
    health.warn(('The server (%s) is not running.'):format(command), 'Open a file.')
  elseif status.state == 'failed' then
    health.error(status.message, '`fimble doctor` in a shell says what to do.')
  else
    health.ok(('The server (%s) runs: %s'):format(command, status.message))
  end
end

return M
