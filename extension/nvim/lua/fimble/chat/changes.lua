--- What turns have changed: looked at, taken back.

local chat = require('fimble.chat')
local events = require('fimble.chat.events')
local files = require('fimble.files')
local server = require('fimble.server')
local view = require('fimble.chat.view')

local M = {}

---@type table<integer, integer>? 'changedtick's as the undo that is under way has left them, by
---buffer
local left

---Make an edit of the server's. Of an undo it is noted which buffers need only be written to be
---saved as they were: what the user types meanwhile is not saved for him.
---@param edit fun(): any
---@return any
function M.apply(edit)
  if not left then
    return edit()
  end
  local saved = vim.tbl_filter(function(buf)
    return not vim.bo[buf].modified or left[buf] == vim.b[buf].changedtick
  end, files.loaded())
  local answer = edit()
  for _, buf in ipairs(saved) do
    left[buf] = vim.bo[buf].modified and vim.b[buf].changedtick or nil
  end
  return answer
end

---Save what was saved before it was undone.
---@param paths string[] relative to the server's root
---@param ticks table<integer, integer> as `left`
local function save(paths, ticks)
  for _, path in ipairs(paths) do
    local buf = files.buffer(vim.fs.joinpath(server.folder(), path))
    if buf and ticks[buf] == vim.b[buf].changedtick then
      vim.api.nvim_buf_call(buf, function()
        vim.cmd('silent update')
      end)
    end
  end
end

---Take back a turn, or what it did to some files.
---@param what { turn?: integer, paths?: string[] }
---@param done? fun()
function M.undo(what, done)
  if chat.is_busy() then
    return
  end
  chat.with_session(function(id)
    local params = vim.tbl_extend('error', { session = id }, what)
    local ticks = {}
    left = ticks
    chat.request('undo', params, function(undone)
      left = nil
      save(undone.files, ticks)
      chat.reload()
      events.note(undone.message)
      if not view.is_open() then
        vim.notify('Fimble: ' .. undone.message)
      end
      if done then
        done()
      end
    end, function(message)
      left = nil
      chat.warn(message)
    end)
  end)
end

---Look at what a turn has changed.
---@param turn? integer the latest that changed something, if nil
function M.review(turn)
  chat.with_session(function(id)
    chat.request('changes', { session = id, turn = turn }, function(changes)
      require('fimble.chat.review').open(changes.files, function(path, done)
        M.undo({ turn = changes.turn, paths = { path } }, done)
      end)
    end)
  end)
end

return M
