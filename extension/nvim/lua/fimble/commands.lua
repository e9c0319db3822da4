--- What `:Fimble` can do.

local M = {}

---@class fimble.Command
---@field run fun(argument: string, command: vim.api.keyset.create_user_command.command_args)
---@field arguments? string[] what may follow, to be completed

---@param name string of a module that is loaded when it is needed
---@param method string
---@return fun()
local function call(name, method)
  return function()
    require(name)[method]()
  end
end

---@param argument string
---@param what string
---@return integer? number nil if nothing was given
local function number(argument, what)
  if argument == '' then
    return nil
  end
  local given = tonumber(argument)
  if not given or given < 0 or given % 1 ~= 0 then
    error({ usage = ('%s is a whole number, not %s.'):format(what, argument) })
  end
  return given
end

---@param argument string
---@param actions table<string, fun()>
local function choose(argument, actions)
  local action = actions[argument]
  if not action then
    local names = vim.tbl_filter(function(name)
      return name ~= ''
    end, vim.tbl_keys(actions))
    table.sort(names)
    error({ usage = ('it is followed by %s.'):format(table.concat(names, ' or ')) })
  end
  action()
end

---@type table<string, fimble.Command>
M.all = {
  actions = {
    run = function(_, command)
      require('fimble.actions').menu(command)
    end,
  },
  answer = { run = call('fimble.chat.asking', 'menu') },
  chat = {
    run = function(argument)
      choose(argument, { [''] = call('fimble.chat', 'open'), new = call('fimble.chat', 'new') })
    end,
    arguments = { 'new' },
  },
  complete = {
    run = function()
      require('fimble').client().complete()
    end,
  },
  engines = { run = call('fimble.engines', 'show') },
  explain = {
    run = function(_, command)
      require('fimble.actions').explain(command)
    end,
  },
  fix = {
    run = function(_, command)
      require('fimble.actions').fix(command)
    end,
  },
  mode = {
    run = function(argument)
      if argument == '' then
        require('fimble.chat').choose_mode()
      else
        require('fimble.chat').set_mode(argument)
      end
    end,
    arguments = { 'plan', 'ask', 'edit', 'all' },
  },
  restart = { run = call('fimble.server', 'restart') },
  retry = { run = call('fimble.chat', 'retry') },
  review = {
    run = function(argument)
      require('fimble.chat.changes').review(number(argument, 'A turn'))
    end,
  },
  rewrite = {
    run = function(argument, command)
      require('fimble.actions').rewrite(command, argument)
    end,
  },
  servers = { run = call('fimble.servers', 'choose') },
  sessions = {
    run = function(argument)
      local resume = call('fimble.chat.sessions', 'resume')
      choose(argument, {
        [''] = resume,
        resume = resume,
        delete = call('fimble.chat.sessions', 'delete'),
      })
    end,
    arguments = { 'resume', 'delete' },
  },
  snooze = {
    run = function(argument)
      require('fimble.switch').snooze(number(argument, 'A time in minutes'))
    end,
  },
  status = { run = call('fimble.state', 'show') },
  stop = {
    run = function()
      if not (require('fimble.chat').stop() or require('fimble.progress').cancel()) then
        vim.notify('Fimble: nothing is under way.')
      end
    end,
  },
  toggle = { run = call('fimble.switch', 'toggle') },
  trust = {
    run = function(argument)
      local function trust(is_trusted)
        return function()
          require('fimble.chat').trust(is_trusted)
        end
      end
      choose(argument, { yes = trust(true), no = trust(false) })
    end,
    arguments = { 'yes', 'no' },
  },
  undo = {
    run = function(argument)
      require('fimble.chat.changes').undo({ turn = number(argument, 'A turn') })
    end,
  },
}

---@return string[]
local function names()
  local found = vim.tbl_keys(M.all)
  table.sort(found)
  return found
end

---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, argument = command.args:match('^(%S+)%s*(.*)$')
  local known = M.all[name]
  if not known then
    return vim.notify('Fimble: no such command; there are ' .. table.concat(names(), ', ') .. '.')
  end
  local fine, problem = pcall(known.run, argument, command)
  if not fine and type(problem) == 'table' and problem.usage then
    vim.notify(('Fimble %s: %s'):format(name, problem.usage), vim.log.levels.ERROR)
  elseif not fine then
    error(problem, 0)
  end
end

---@param lead string what is typed of the word
---@param line string the whole command
---@return string[]
function M.complete(lead, line)
  local name = line:match('Fimble%s+(%S+)%s+%S*$')
  local known = name and M.all[name]
  local choices = name and (known and known.arguments or {}) or names()
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M
