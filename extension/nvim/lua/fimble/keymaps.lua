--- Keys of Insert mode. A key whose action has nothing to do does what it did before.
---
--- Mappings are expressions, which may not change text, so what they return is a `<Plug>` mapping
--- that does. `<C-g>u` on both sides makes what is accepted an undo step of its own.

local M = {}

local DESCRIPTION = 'Fimble: '

---Keep the mapping that a key has under another name.
---@param lhs string
---@return string keys that do what the key did before
local function keep(lhs)
  local mapping = vim.fn.maparg(lhs, 'i', false, true)
  local plug = '<Plug>(fimble-before-' .. lhs:gsub('[<>]', '') .. ')'
  if vim.startswith(mapping.desc or '', DESCRIPTION) then
    return vim.fn.maparg(plug, 'i') == '' and lhs or plug
  elseif vim.tbl_isempty(mapping) or mapping.buffer == 1 then
    return lhs -- the start of its own expansion is not mapped again
  end
  mapping.lhs = plug
  mapping.lhsraw = vim.keycode(plug)
  mapping.lhsrawalt = nil
  vim.fn.mapset('i', false, mapping)
  return plug
end

---@param keys fimble.Keymaps
---@param actions table<string, fun(): string?>
function M.map(keys, actions)
  for part, plug in pairs({ all = 'accept', word = 'accept-word', line = 'accept-line' }) do
    local accept = [[<Cmd>lua require('fimble.suggestion').accept('%s')<CR>]]
    local step = '<C-g>u' .. accept:format(part) .. '<C-g>u'
    vim.keymap.set('i', ('<Plug>(fimble-%s)'):format(plug), step)
  end
  vim.keymap.set('i', '<Plug>(fimble-dismiss)', [[<Cmd>lua require('fimble.typing').reject()<CR>]])
  for name, by in pairs({ next = 1, previous = -1 }) do
    local cycle = ([[<Cmd>lua require('fimble.typing').cycle(%d)<CR>]]):format(by)
    vim.keymap.set('i', ('<Plug>(fimble-%s)'):format(name), cycle)
  end

  for name, action in pairs(actions) do
    local lhs = keys[name]
    if lhs then
      local before = keep(lhs)
      vim.keymap.set('i', lhs, function()
        return action() or before
      end, { expr = true, remap = true, desc = DESCRIPTION .. name:gsub('_', ' ') })
    end
  end
end

return M
