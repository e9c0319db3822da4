--- What Fimble is doing, in words.

local server = require('fimble.server')

local M = {}

local MOST_WAIT_MS = 3000

---@return string
local function short()
  local status = server.status()
  if not status then
    return ''
  elseif status.state == 'loading' and status.fraction then
    return ('Fimble loading, %d of 100'):format(100 * status.fraction)
  end
  local message = require('fimble.progress').message()
  if message and message ~= '' then
    return 'Fimble: ' .. vim.fn.strcharpart(message, 0, 40)
  end
  local minutes = require('fimble.switch').minutes_left()
  if minutes then
    return ('Fimble snoozes %d min'):format(minutes)
  end
  return 'Fimble ' .. status.state
end

---The state in a word or two, for a statusline; empty without a server. There is no `%` in it, as
---some statuslines evaluate what they are given.
---@return string
function M.short()
  return (short():gsub('%%', ''))
end

---@param figures table the result of `fimble/stats`
---@return string sentence empty while no key has been answered
local function latency(figures)
  local times, tokens = figures.latencyMs, figures.promptTokensPerKey.mean
  if times.count == 0 then
    return ''
  end
  local told = ' Half of the answers took at most %.0f ms, 95%% at most %.0f ms; %.0f%% were there'
  local sentence = told:format(times.p50, times.p95, 100 * figures.reuseRate)
  -- An endpoint need not tell its costs; null is not nil here.
  if type(tokens) == 'number' then
    sentence = sentence .. ('; a key cost %.1f prompt tokens'):format(tokens)
  end
  return sentence .. '.'
end

---Tell the user the state of the model, and how quick it was.
function M.show()
  local status, running = server.status(), server.client()
  if not status or not running then
    return vim.notify('Fimble: the server is not running.')
  end
  local is_told = false
  ---@param sentence string
  local function tell(sentence)
    if not is_told then
      is_told = true
      vim.notify(status.message .. sentence)
    end
  end
  running:request('fimble/stats', vim.empty_dict(), function(_, figures)
    tell(figures and latency(figures) or '')
  end)
  vim.defer_fn(function()
    tell(' But the server does not answer; `:Fimble restart` ends it.')
  end, MOST_WAIT_MS)
end

return M
