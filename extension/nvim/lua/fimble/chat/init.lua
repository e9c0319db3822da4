--- The chat with the agent: one session is shown at a time, in one pair of windows.

local asking = require('fimble.chat.asking')
local events = require('fimble.chat.events')
local folders = require('fimble.folders')
local server = require('fimble.server')
local view = require('fimble.chat.view')

local M = {}

local AGAIN = ' `:Fimble retry` sends your message again.'

---@class fimble.Session
---@field id string
---@field folder string what it is about
---@field modes table[] `{ id, name, description }`

---@type fimble.Session?
local session

---@class fimble.Turn
---@field session? string id of it; nil until it has been begun

---@type fimble.Turn? the one that is under way
local turn

local sent = '' -- the last message, to be sent again
local is_switching = false -- another session is asked for, to be shown

---@param text string
function M.warn(text)
  vim.notify('Fimble: ' .. text, vim.log.levels.WARN)
end

---Files that are changed on disk are read again.
function M.reload()
  vim.cmd('silent! checktime')
end

---Ask the server.
---@param method string after `fimble/chat/`
---@param params table
---@param done fun(answer: any)
---@param refused? fun(message: string) else he is warned
function M.request(method, params, done, refused)
  refused = refused or M.warn
  local is_tried = server.with(function(client)
    params = next(params) and params or vim.empty_dict()
    client:request('fimble/chat/' .. method, params, function(problem, answer)
      if problem then
        refused(problem.message)
      else
        done(answer)
      end
    end)
  end)
  if not is_tried then
    refused('the plugin is not set up; see `:checkhealth fimble`.')
  end
end

---@param opened table the answer of `begin` or `resume`
local function show_session(opened)
  session = { id = opened.sessionId, folder = server.folder(), modes = opened.modes }
  events.clear()
  view.forget_usage()
  local usage = opened.usage
  view.tell({
    mode = opened.mode,
    title = opened.title or '',
    usage = type(usage) == 'table' and usage or nil,
  })
  for _, each in ipairs(opened.history or {}) do
    events.show(each.event)
  end
  for index, note in ipairs(opened.notes) do
    local waits = opened.trust and index == #opened.notes
    local way = waits and ' `:Fimble trust yes` changes that.' or ''
    events.note(note .. way, 'WarningMsg')
  end
end

---Leave the session that is shown.
local function forget()
  session = nil
  events.clear()
  view.tell({ mode = '', title = '' })
  view.forget_usage()
end

---Do something in a session; the first is begun when it is needed.
---@param action fun(id: string)
---@param failed? fun(message: string)
local function in_session(action, failed)
  if session and session.folder == server.folder() then
    return action(session.id)
  elseif session then
    forget()
  end
  M.request('begin', {}, function(opened)
    if not session then
      show_session(opened)
    end
    action(session.id)
  end, failed)
end

---Do something with the session that is shown.
---@param action fun(id: string)
function M.with_session(action)
  if session then
    action(session.id)
  else
    M.warn('there is no chat yet; `:Fimble chat` opens one, `:Fimble sessions` lists old ones.')
  end
end

---@return boolean
function M.is_busy()
  if turn then
    M.warn('a turn is under way; `:Fimble stop` ends it.')
  elseif is_switching then
    M.warn('another session is being opened.')
  end
  return turn ~= nil or is_switching
end

local function ended()
  turn = nil
  asking.forget()
  view.tell({ doing = '' })
  M.reload()
end

---@param message string why the turn could not be had
local function failed(message)
  events.note(message .. AGAIN, 'ErrorMsg')
  ended()
end

---@param text string
---@return boolean taken
function M.send(text)
  if M.is_busy() then
    return false
  end
  local mine = {} ---@type fimble.Turn
  ---What is only heard when this turn has been given up is not about the one that is under way.
  local function while_it_lasts(action)
    return function(...)
      if turn == mine then
        action(...)
      end
    end
  end
  turn, sent = mine, text
  in_session(
    while_it_lasts(function(id)
      mine.session = id
      events.show({ sessionUpdate = 'user_message_chunk', content = { text = text } })
      view.tell({ doing = 'works' })
      local params = { session = id, text = text }
      M.request('prompt', params, while_it_lasts(ended), while_it_lasts(failed))
    end),
    while_it_lasts(failed)
  )
  return true
end

function M.retry()
  if sent == '' then
    return M.warn('there is no message to send again.')
  end
  M.send(sent)
end

---End the turn.
---@return boolean whether one was under way
function M.stop()
  local stopped = turn
  if stopped and stopped.session then
    M.request('cancel', { session = stopped.session }, function() end)
  elseif stopped then -- the server knows nothing of it yet
    failed('Stopped.')
  end
  return stopped ~= nil
end

---@type string? where the user was when he was told that chats are about another folder
local told_at

---A server works in one folder; say so where the user may take it for another.
local function check_folder()
  local here, folder = folders.here(), server.folder()
  if here == folder or vim.fs.relpath(folder, here) then
    told_at = nil
  elseif here ~= told_at then
    told_at = here
    local message = 'chats are about %s, not about %s; `:Fimble restart` goes there.'
    M.warn(message:format(vim.fn.fnamemodify(folder, ':~'), vim.fn.fnamemodify(here, ':~')))
  end
end

---Windows to write in.
function M.open()
  check_folder()
  view.open({ send = M.send, stop = M.stop, answers = asking.answers })
  server.with(function() end) -- the model is loaded while the user writes
end

---Begin a new session.
function M.new()
  if not M.is_busy() then
    forget()
    sent = ''
    M.open()
  end
end

---@param mode string
function M.set_mode(mode)
  in_session(function(id)
    M.request('setMode', { session = id, mode = mode }, function()
      view.tell({ mode = mode })
    end)
  end)
end

---Let the user choose what is done without asking.
function M.choose_mode()
  in_session(function()
    vim.ui.select(session.modes, {
      prompt = 'What is done without asking',
      format_item = function(mode)
        return ('%s: %s'):format(mode.name, mode.description)
      end,
    }, function(mode)
      if mode then
        M.set_mode(mode.id)
      end
    end)
  end)
end

---@param trusted boolean
function M.trust(trusted)
  M.request('trust', { trusted = trusted }, function()
    vim.notify('Fimble: this folder is ' .. (trusted and 'trusted now.' or 'not trusted.'))
  end)
end

---@param history table[] of `fimble/chat/resume`
---@return string what the user said last; empty if he has said nothing
local function last_said(history)
  local said = vim.iter(history):rev():find(function(each)
    return each.event.sessionUpdate == 'user_message_chunk'
  end)
  return said and said.event.content.text or ''
end

---Go on with a session.
---@param id string
function M.resume(id)
  if not M.is_busy() then
    is_switching = true
    M.request('resume', { session = id }, function(opened)
      is_switching, sent = false, last_said(opened.history)
      show_session(opened)
      view.open({ send = M.send, stop = M.stop, answers = asking.answers })
    end, function(message)
      is_switching = false
      M.warn(message)
    end)
  end
end

---@param id string
function M.delete(id)
  M.request('delete', { session = id }, function()
    if session and session.id == id then
      forget()
      sent = ''
    end
  end)
end

---Show what happens in a session.
---@param told table params of `fimble/chat/event`
function M.hear(told)
  if session and told.session == session.id then
    events.show(told.event)
  end
end

server.on_end(function()
  is_switching = false
  if turn then
    failed('The server has ended in this turn.')
  end
end)

return M
