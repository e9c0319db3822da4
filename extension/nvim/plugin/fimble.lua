vim.api.nvim_create_user_command('Fimble', function(command)
  local action = require('fimble').commands[command.args]
  if action then
    action()
  else
    vim.notify('Fimble: no such command; there are complete, restart, status and toggle.')
  end
end, {
  nargs = 1,
  complete = function(lead)
    return vim.tbl_filter(function(name)
      return vim.startswith(name, lead)
    end, vim.tbl_keys(require('fimble').commands))
  end,
  desc = 'Complete here, restart the server, show its status, toggle suggestions while typing',
})
