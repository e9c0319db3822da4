--- What may be named behind an `@` in a message: files, folders, symbols.

local api = vim.api
local server = require('fimble.server')

local M = {}

local KINDS = { file = 'f', folder = 'd', symbol = 's', special = '*' }

---@return integer? col of the `@` before the cursor, in bytes from 0
---@return string typed what stands behind it
local function mention()
  local col = api.nvim_win_get_cursor(0)[2]
  local left = api.nvim_get_current_line():sub(1, col)
  local at, typed = left:match('()@(%S*)$')
  local before = at and at > 1 and left:sub(at - 1, at - 1) or ' '
  if not at or not before:match('[%s(]') then
    return nil, ''
  end
  return at - 1, typed
end

---Ask what fits, and show it in the popup menu if nothing was typed meanwhile.
local function request()
  local client, col, typed = server.client(), mention()
  if not client or not col then
    return
  end
  client:request('fimble/chat/mentions', { text = typed }, function(problem, answer)
    local now, typed_now = mention()
    if problem or now ~= col or typed_now ~= typed or api.nvim_get_mode().mode:sub(1, 1) ~= 'i' then
      return
    end
    local items = vim.tbl_map(function(item)
      return {
        word = item.mention,
        menu = item.detail,
        kind = KINDS[item.kind],
        equal = 1, -- the server has chosen what fits
      }
    end, answer.items)
    vim.fn.complete(col + 1, items)
  end)
end

---'completefunc' of the buffer in which one writes.
---@param find_start 0|1
function M.complete(find_start)
  if find_start == 1 then
    request()
    return -2 -- the menu comes with the answer
  end
  return {}
end

---@param buf integer
function M.attach(buf)
  vim.bo[buf].completefunc = "v:lua.require'fimble.chat.mentions'.complete"
  vim.bo[buf].completeopt = 'menuone,noinsert,popup'
  api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP' }, {
    group = api.nvim_create_augroup('fimble.mentions', {}),
    buffer = buf,
    callback = request,
  })
end

return M
