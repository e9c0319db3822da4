vim.api.nvim_create_user_command('Fimble', function(command)
  require('fimble.commands').run(command)
end, {
  nargs = '+',
  range = true,
  complete = function(lead, line)
    return require('fimble.commands').complete(lead, line)
  end,
  desc = 'Suggest, explain, mend, rewrite, chat; see :help :Fimble',
})
