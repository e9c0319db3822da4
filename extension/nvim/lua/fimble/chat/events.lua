--- Events of a chat, in the order in which they come, to blocks of the transcript.

local blocks = require('fimble.chat.blocks')
local files = require('fimble.files')
local server = require('fimble.server')
local transcript = require('fimble.chat.transcript')
local view = require('fimble.chat.view')

local M = {}

---@class fimble.Stream text that is being told
---@field kind string of its events
---@field key string of its block
---@field pieces string[]

---@type fimble.Stream?
local stream

---@type table<string, table> calls of the session by their id
local calls = {}

local count = 0

---@return string
local function new_key()
  count = count + 1
  return 'block ' .. count
end

---What streamed has ended; a thought is folded then.
local function end_stream()
  if stream then
    local is_thought = stream.kind == 'agent_thought_chunk'
    local text = table.concat(stream.pieces):gsub('%s+$', '')
    transcript.put(stream.key, is_thought and blocks.thought(text) or blocks.prose(text))
  end
  stream = nil
end

---@param text string
---@param group? string highlight group
function M.note(text, group)
  end_stream()
  transcript.put(new_key(), blocks.note(text, group))
end

---Forget the session that was shown.
function M.clear()
  stream, calls = nil, {}
  transcript.clear()
end

---@param event table
local function streamed(event)
  local kind, text = event.sessionUpdate, event.content.text
  local is_thought = kind == 'agent_thought_chunk'
  if stream and stream.kind == kind then
    table.insert(stream.pieces, text)
    return transcript.append(stream.key, is_thought and blocks.quoted(text) or text)
  end
  end_stream()
  text = text:gsub('^\n+', '')
  stream = { kind = kind, key = new_key(), pieces = { text } }
  transcript.put(stream.key, blocks.prose(is_thought and '> ' .. blocks.quoted(text) or text))
end

---@param event table
local function called(event)
  end_stream()
  local id = event.toolCallId
  local call = calls[id] or { key = new_key(), title = id, status = 'pending' }
  calls[id] = call
  for _, name in ipairs({ 'title', 'status', 'content' }) do
    call[name] = event[name] or call[name]
  end
  transcript.put(call.key, blocks.call(call))
end

---@param paths string[] relative to the server's root
---@return string sentence empty if all of them are saved
local function unsaved(paths)
  local found = vim.tbl_filter(function(file)
    local buf = files.buffer(vim.fs.joinpath(server.folder(), file))
    return buf ~= nil and vim.bo[buf].modified
  end, paths)
  return #found > 0 and ('Not saved yet: %s.\n'):format(table.concat(found, ', ')) or ''
end

---@param event table
local function ended(event)
  end_stream()
  for _, call in pairs(calls) do
    if call.status == 'in_progress' or call.status == 'pending' then
      call.status = 'failed'
      transcript.put(call.key, blocks.call(call))
    end
  end
  calls = {}
  if event.stopReason == 'cancelled' then
    M.note('Stopped. `:Fimble retry` sends your message again.', 'WarningMsg')
  elseif event.problem then
    local is_cut_off = vim.list_contains({ 'error', 'interrupted' }, event.stopReason)
    local way = is_cut_off and ' `:Fimble retry` sends your message again.' or ''
    M.note(event.problem .. way, 'ErrorMsg')
  end
  if #event.files > 0 then
    local what = '**Changed:** %s\n%s`:Fimble review` shows it, `:Fimble undo` takes it back.'
    M.note(what:format(table.concat(event.files, ', '), unsaved(event.files)))
  end
end

---@type table<string, fun(event: table)> by the kind of a `session/update`
local shows = {
  agent_message_chunk = streamed,
  agent_thought_chunk = streamed,
  tool_call = called,
  tool_call_update = called,
  user_message_chunk = function(event)
    end_stream()
    transcript.put(new_key(), blocks.said('You', event.content.text))
    transcript.put(new_key(), blocks.said('Fimble', ''))
  end,
  plan = function(event)
    end_stream()
    transcript.put(new_key(), blocks.plan(event.entries))
  end,
  usage_update = function(event)
    view.tell({ usage = { used = event.used, size = event.size } })
  end,
  session_info_update = function(event)
    view.tell({ title = event.title })
  end,
}

---@param event table a payload of `fimble/chat/event`, or one of a stored session
function M.show(event)
  if event.stopReason then
    return ended(event)
  end
  local show = shows[event.sessionUpdate]
  if show then
    show(event)
  end
end

return M
