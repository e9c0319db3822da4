--- The sessions of the folder: gone on with, deleted.

local chat = require('fimble.chat')

local M = {}

---@param told table of `fimble/chat/list`
---@return string
local function described(told)
  local when = told.updatedAt:sub(1, 16):gsub('T', ' ')
  return ('%s  %s'):format(when, told.title or '(nothing said yet)')
end

---Let the user choose a session.
---@param prompt string
---@param chosen fun(id: string)
local function choose(prompt, chosen)
  chat.request('list', {}, function(answer)
    if #answer.sessions == 0 then
      return vim.notify('Fimble: there are no sessions of this folder.')
    end
    vim.ui.select(answer.sessions, { prompt = prompt, format_item = described }, function(told)
      if told then
        chosen(told.sessionId)
      end
    end)
  end)
end

function M.resume()
  choose('Go on with', chat.resume)
end

function M.delete()
  choose('Delete for good', chat.delete)
end

return M
