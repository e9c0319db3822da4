--- The process of the language server: whether it ended as it was asked to, and an end to one that
--- hangs.

local M = {}

---@class fimble.End how a process has ended
---@field was_ready boolean whether the server had been initialized
---@field was_asked boolean whether Neovim has ended it, for whatever reason

---@class fimble.Process
---@field pid? integer nil if it ended at once

---@type fimble.Process? the one that runs
local running

---@return integer[] pids
local function children()
  return vim.api.nvim_get_proc_children(vim.fn.getpid())
end

---Start the process. Of each Neovim is told that it ended well: of one that did not it would say
---the same as `ended`, without what follows.
---@param command string[]
---@param dispatchers vim.lsp.rpc.Dispatchers
---@param ended fun(how: fimble.End) called when Neovim has forgotten its client
---@return vim.lsp.rpc.PublicClient
function M.spawn(command, dispatchers, ended)
  local how = { was_ready = false, was_asked = false }
  local others = children()
  local this = {} ---@type fimble.Process
  local on_exit, notification = dispatchers.on_exit, dispatchers.notification
  dispatchers.on_exit = function()
    on_exit(0, 0)
    if running == this then
      running = nil
    end
    if vim.v.exiting == vim.NIL then
      vim.schedule(function() -- behind what Neovim has scheduled to forget the client
        ended(how)
      end)
    end
  end
  dispatchers.notification = function(...)
    how.was_ready = true -- the first is sent once the server has been initialized
    notification(...)
  end

  local rpc = vim.lsp.rpc.start(command, dispatchers)
  running = this
  this.pid = vim.iter(children()):find(function(child)
    return not vim.list_contains(others, child)
  end)
  local request, terminate = rpc.request, rpc.terminate
  rpc.request = function(method, ...)
    how.was_asked = how.was_asked or method == 'shutdown'
    return request(method, ...)
  end
  rpc.terminate = function()
    how.was_asked = true
    terminate()
  end
  return rpc
end

---@return boolean
function M.is_running()
  return running ~= nil
end

---Kill the process unless it ends in time: one that hangs hears nothing else.
---@param ms integer
function M.kill_after(ms)
  local hanging = running
  vim.defer_fn(function()
    if hanging and hanging.pid and running == hanging then
      vim.uv.kill(hanging.pid, 'sigkill')
    end
  end, ms)
end

return M
