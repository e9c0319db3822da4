--- Suggestions while typing: on, off, or off for a while.

local M = {}

local SNOOZE_MINUTES = 10

local timer = assert(vim.uv.new_timer())

---@type integer? when they are on again, in milliseconds of `vim.uv.now`
local snoozes_until

---@return fimble.Client
local function client()
  return require('fimble').client()
end

local function wake()
  timer:stop()
  snoozes_until = nil
end

---@return integer? minutes until suggestions are on again, begun ones counted in full
function M.minutes_left()
  return snoozes_until and math.max(1, math.ceil((snoozes_until - vim.uv.now()) / 60000))
end

function M.toggle()
  wake()
  client().enable(not client().is_enabled())
  vim.notify('Fimble: suggestions while typing are ' .. (client().is_enabled() and 'on.' or 'off.'))
  vim.cmd.redrawstatus()
end

---@param minutes? number 0: on again at once
function M.snooze(minutes)
  minutes = minutes or SNOOZE_MINUTES
  local snoozed = snoozes_until ~= nil
  if not snoozed and not client().is_enabled() then
    return vim.notify('Fimble: suggestions while typing are off; `:Fimble toggle` turns them on.')
  end
  wake()
  client().enable(minutes == 0)
  if minutes == 0 then
    vim.notify('Fimble: suggestions while typing are on.')
  else
    snoozes_until = vim.uv.now() + minutes * 60000
    timer:start(minutes * 60000, 0, vim.schedule_wrap(function()
      wake()
      client().enable(true)
      vim.cmd.redrawstatus()
    end))
    vim.notify(('Fimble: no suggestions while typing for %d minutes.'):format(minutes))
  end
  vim.cmd.redrawstatus()
end

return M
