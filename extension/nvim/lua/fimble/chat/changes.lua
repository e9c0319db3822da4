--- What turns have changed: looked at, taken back.

local chat = require('fimble.chat')
local events = require('fimble.chat.events')
local files = require('fimble.files')
local view = require('fimble.chat.view')

local M = {}

---What the server calls the edits of a chat, which the user has allowed.
local LABEL = 'Fimble'

---Make an edit of the server's. One of a chat is saved where nothing else was to be saved: commands,
---and the user's other tools, read the disk. What he types meanwhile is not saved for him.
---@param label? string
---@param edit fun(): any
---@return any
function M.apply(label, edit)
  local clean = label ~= LABEL and {}
    or vim.tbl_filter(function(buf)
      return not vim.bo[buf].modified
    end, files.loaded())
  local answer = edit()
  for _, buf in ipairs(clean) do
    if vim.bo[buf].modified then
      vim.api.nvim_buf_call(buf, function()
        pcall(vim.cmd, 'silent update') -- where that fails, it is told as not saved
      end)
    end
  end
  return answer
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
    chat.request('undo', params, function(undone)
      chat.reload()
      events.note(undone.message)
      if not view.is_open() then
        vim.notify('Fimble: ' .. undone.message)
      end
      if done then
        done()
      end
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
